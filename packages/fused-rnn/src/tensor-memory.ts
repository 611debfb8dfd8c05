// Reading and writing a tfjs backend's tensors without a copy where the backend allows it.

import type { KernelBackend, TensorInfo, TypedArray } from "@tensorflow/tfjs-core";
import { util } from "@tensorflow/tfjs-core";

/** What the wasm backend offers beside `KernelBackend`; asked for by name, not by import. */
interface HeapBackend {
  makeOutput(shape: number[], dtype: "float32"): TensorInfo;
  typedArrayFromHeap(tensor: TensorInfo): TypedArray;
}

function isHeapBackend(backend: object): backend is HeapBackend {
  return "typedArrayFromHeap" in backend && "makeOutput" in backend;
}

/** A tensor's own numbers: a view of the heap or of the stored array where there is one. */
export function readTensor(backend: KernelBackend, tensor: TensorInfo): TypedArray {
  if (util.sizeFromShape(tensor.shape) === 0) return new Float32Array(0);
  if (isHeapBackend(backend)) return backend.typedArrayFromHeap(tensor);
  return backend.readSync(tensor.dataId) as TypedArray;
}

/** A new float32 tensor with a copy of `values`, which may lie in shared memory. */
export function writeTensor(
  backend: KernelBackend,
  shape: number[],
  values: Float32Array,
): TensorInfo {
  if (isHeapBackend(backend)) {
    const tensor = backend.makeOutput(shape, "float32");
    (backend.typedArrayFromHeap(tensor) as Float32Array).set(values);
    return tensor;
  }
  const own = new Float32Array(values.length);
  own.set(values);
  return { dataId: backend.write(own, shape, "float32"), shape, dtype: "float32" };
}
