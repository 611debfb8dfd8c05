import { shown } from "@rnnkit/core-rnn";
import {
  type DataType,
  type KernelConfig,
  type KernelFunc,
  sumOutType,
  type TensorInfo,
  type TypedArray,
  UnsortedSegmentSum,
  util,
} from "@tensorflow/tfjs-core";
import { tfjsHeapModule } from "../wasm/tfjs-heap-module.ts";
import { readTensor } from "./tensor-access.ts";

/** A new tensor whose numbers are not yet set. */
type Allocate<Backend> = (backend: Backend, shape: number[], dtype: DataType) => TensorInfo;

interface WasmBackend {
  makeOutput(shape: number[], dtype: DataType): TensorInfo;
}

interface CpuBackend {
  makeTensorInfo(shape: number[], dtype: DataType, values: TypedArray): TensorInfo;
}

/** The `UnsortedSegmentSum` that tfjs's wasm backend lacks; reads and writes its heap in place. */
export const unsortedSegmentSumWasm: KernelConfig = {
  kernelName: UnsortedSegmentSum,
  backendName: "wasm",
  kernelFunc: kernel((backend: WasmBackend, shape, dtype) => backend.makeOutput(shape, dtype)),
};

/** `UnsortedSegmentSum` for tfjs's cpu backend, whose own reads all of x once per segment. */
export const unsortedSegmentSumCpu: KernelConfig = {
  kernelName: UnsortedSegmentSum,
  backendName: "cpu",
  kernelFunc: kernel((backend: CpuBackend, shape, dtype) => {
    const length = util.sizeFromShape(shape);
    const values = dtype === "int32" ? new Int32Array(length) : new Float32Array(length);
    return backend.makeTensorInfo(shape, dtype, values);
  }),
};

/**
 * Sums the rows of x that share a segment id, in time linear in x:
 *
 *     out[s, …] = Σ x[n, …]  over all n with segmentIds[n] = s
 *
 * x is `[N, …]`, segmentIds `[N]`, out `[numSegments, …]`: int32 for int32 and bool, else float32.
 * Ids below 0 or from numSegments on contribute nowhere; a segment without rows is 0. Rows are
 * added in their order, in the output's own precision, so the same input gives the same bits.
 * An infinity or NaN stays in its own segment (tfjs's cpu kernel multiplies it by 0 into the rest).
 */
function kernel<Backend>(allocate: Allocate<Backend>): KernelFunc {
  return ({ inputs, attrs, backend }) => {
    const { x, segmentIds } = inputs as { x: TensorInfo; segmentIds: TensorInfo };
    const { numSegments } = attrs as { numSegments: number };
    refuseBadInput(x, segmentIds, numSegments);

    const read = (tensor: TensorInfo) => readTensor(backend as never, tensor);
    // Read before, so that both are here: reading one from another backend moves it.
    for (const tensor of [x, segmentIds]) read(tensor);
    const rowShape = x.shape.slice(1);
    const out = allocate(backend as Backend, [numSegments, ...rowShape], sumOutType(x.dtype));
    // Views come after the allocation: it may grow the WASM heap, which detaches older ones.
    const width = util.sizeFromShape(rowShape);
    const [from, ids, to] = [x, segmentIds, out].map(read);
    const kernels = x.dtype === "float32" ? tfjsHeapModule(backend) : undefined;
    if (!kernels) sumRows(from, ids, width, numSegments, to);
    else {
      const [a, i, o] = [from.byteOffset, ids.byteOffset, to.byteOffset];
      kernels.addRows(a, width, i, ids.length, o, numSegments);
    }
    return out;
  };
}

function sumRows(
  x: TypedArray,
  segmentIds: TypedArray,
  width: number,
  numSegments: number,
  out: TypedArray,
): void {
  out.fill(0);
  for (let n = 0; n < segmentIds.length; n++) {
    const segment = segmentIds[n]!;
    if (segment < 0 || segment >= numSegments) continue;
    const to = segment * width;
    const from = n * width;
    for (let j = 0; j < width; j++) out[to + j]! += x[from + j]!;
  }
}

function refuseBadInput(x: TensorInfo, segmentIds: TensorInfo, numSegments: number): void {
  if (x.dtype !== "float32" && x.dtype !== "int32" && x.dtype !== "bool") {
    throw new Error(`unsortedSegmentSum: expected x of float32, int32 or bool, got ${x.dtype}`);
  }
  if (segmentIds.dtype !== "int32") {
    throw new Error(`unsortedSegmentSum: expected int32 segmentIds, got ${segmentIds.dtype}`);
  }
  const [rows] = x.shape;
  if (rows === undefined || segmentIds.shape.length !== 1 || segmentIds.shape[0] !== rows) {
    throw new Error(
      "unsortedSegmentSum: expected x of shape [N, ...] and segmentIds of shape [N], got " +
        `${shown(x.shape)} and ${shown(segmentIds.shape)}`,
    );
  }
  if (!Number.isInteger(numSegments) || numSegments < 0) {
    throw new Error(
      `unsortedSegmentSum: expected a whole number of segments from 0, got ${numSegments}`,
    );
  }
}
