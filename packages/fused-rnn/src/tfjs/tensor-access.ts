// Reading and writing a tfjs backend's tensors without a copy where the backend allows it.

import type { KernelBackend, Tensor, TensorInfo, TypedArray } from "@tensorflow/tfjs-core";
import { engine as tfEngine, util } from "@tensorflow/tfjs-core";

/** Backends of tfjs whose tensors can be read and written at once. */
export const readableBackends: readonly string[] = ["cpu", "wasm", "tensorflow"];

/** What the wasm backend offers beside `KernelBackend`; asked for by name, not by import. */
interface HeapBackend {
  makeOutput(shape: number[], dtype: "float32"): TensorInfo;
  typedArrayFromHeap(tensor: TensorInfo): TypedArray;
  /** One tensor more refers to the numbers. */
  incRef(dataId: object): void;
  /** Brings a tensor of another backend here. */
  readonly dataIdMap: { get(dataId: object): unknown };
}

/** tfjs-node's: the one backend that reads at once and, asked for the numbers of a tensor of another, refuses. */
interface NativeBackend {
  /** Brings a tensor of another backend here. */
  readonly tensorMap: { get(dataId: object): unknown };
}

function isHeapBackend(backend: object): backend is HeapBackend {
  return "typedArrayFromHeap" in backend && "makeOutput" in backend;
}

/** A tensor's own numbers: a view of the heap or of the stored array where there is one. */
export function readTensor(backend: KernelBackend, tensor: TensorInfo): TypedArray {
  if (util.sizeFromShape(tensor.shape) === 0) return new Float32Array(0);
  if (isHeapBackend(backend)) {
    // tfjs's own looks at the heap first and brings the tensor second, which may grow the heap.
    backend.dataIdMap.get(tensor.dataId);
    return backend.typedArrayFromHeap(tensor);
  }
  if ("tensorMap" in backend) (backend as NativeBackend).tensorMap.get(tensor.dataId);
  return backend.readSync(tensor.dataId) as TypedArray;
}

/**
 * The numbers of several tensors, by the same names. Reading one that lives on another backend moves
 * it here, which may grow the heap and detach what was read before: then all are read again.
 */
export function readTensors<Name extends string>(
  backend: KernelBackend,
  tensors: Readonly<Partial<Record<Name, TensorInfo>>>,
): Partial<Record<Name, TypedArray>> {
  const read = () => {
    const arrays: Partial<Record<Name, TypedArray>> = {};
    for (const name in tensors) arrays[name] = readTensor(backend, tensors[name] as TensorInfo);
    return arrays;
  };
  const arrays = read();
  for (const name in tensors) {
    const { shape } = tensors[name] as TensorInfo;
    if (arrays[name]?.length === 0 && util.sizeFromShape(shape) > 0) return read();
  }
  return arrays;
}

/**
 * New float32 tensors of one shape: arrays to fill, then the tensors themselves. Views of other
 * tensors must be taken after this: it may grow the heap, which detaches older ones.
 */
export function newTensors(
  backend: KernelBackend,
  shape: number[],
  count: number,
): { arrays: Float32Array[]; finish(): TensorInfo[] } {
  const each = Array.from({ length: count });
  if (isHeapBackend(backend)) {
    const tensors = each.map(() => backend.makeOutput(shape, "float32"));
    const arrays = tensors.map((tensor) => backend.typedArrayFromHeap(tensor) as Float32Array);
    return { arrays, finish: () => tensors };
  }
  const arrays = each.map(() => new Float32Array(util.sizeFromShape(shape)));
  const finish = () =>
    arrays.map(
      (values): TensorInfo => ({
        dataId: backend.write(values, shape, "float32"),
        shape,
        dtype: "float32",
      }),
    );
  return { arrays, finish };
}

/** A new float32 tensor with a copy of `values`, which may lie in shared memory. */
export function writeTensor(
  backend: KernelBackend,
  shape: number[],
  values: Float32Array,
): TensorInfo {
  const { arrays, finish } = newTensors(backend, shape, 1);
  arrays[0].set(values);
  return finish()[0];
}

/** A new float32 tensor that **fill** writes, all 0 before, from the numbers of others. */
export function filled<Name extends string>(
  backend: KernelBackend,
  shape: number[],
  from: Readonly<Record<Name, TensorInfo>>,
  fill: (numbers: Record<Name, TypedArray>, out: Float32Array) => void,
): TensorInfo {
  // Before, so that all are here: what is brought here may grow the heap and detach views of it, as a new one may.
  readTensors(backend, from);
  const { arrays, finish } = newTensors(backend, shape, 1);
  const out = arrays[0].fill(0);
  fill(readTensors(backend, from) as Record<Name, TypedArray>, out);
  return finish()[0];
}

/** The same numbers of the wasm backend under another tensor, of this shape: nothing is copied. */
export function alias(backend: object, { dataId, dtype }: TensorInfo, shape: number[]): TensorInfo {
  (backend as HeapBackend).incRef(dataId);
  return { dataId, shape, dtype };
}

/** The tensor of numbers that a backend has and nobody has told tfjs of. */
export function tensorOf({ dataId, shape, dtype }: TensorInfo): Tensor {
  return tfEngine().makeTensorFromDataId(dataId, shape, dtype);
}
