// Kernels of tfjs's WebGPU backend that move rows about, done again: the lookup of an Embedding and its gradient.

import {
  Cast,
  GatherV2,
  type TensorInfo,
  Transpose,
  UnsortedSegmentSum,
  util,
} from "@tensorflow/tfjs-core";
import { type Replacement, shapeIfStill } from "../tfjs/wasm-overrides.ts";
import { idsOf } from "../wasm/token-ids.ts";
import { type CallNumbers, callNumbers, flag } from "./call-numbers.ts";
import { dtypeOnDevice, type GpuBackend, knownNumbers, shared } from "./gpu-backend.ts";
import { dispatch, floatsOf, inTwo, type Program, placeInTwo, runOf } from "./program.ts";
import { integerSums, tableGradient } from "./table-gradient.ts";

const isFourBytes = (dtype: string): boolean => ["float32", "int32", "bool"].includes(dtype);

/** Whether a tensor's numbers are those of the host alone: tfjs goes on with them there where they are few. */
const isOnHost = (backend: GpuBackend, tensor: TensorInfo): boolean =>
  knownNumbers(backend, tensor) !== undefined &&
  backend.tensorMap.get(tensor.dataId).resource == null;

/** Rows of a table by their ids, 4 bytes an element; zeros for an id that is no row's, which is marked. */
const lookup: Program<"rows" | "ids" | "out" | "wrong"> = {
  name: "lookup",
  storage: { rows: "words", ids: "words", out: "wordsOut", wrong: "marks" },
  numbers: ["width", "rowCount", "count", "areFloats", "marksWrong"],
  text: () => `
@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  ${placeInTwo}
  let at = place * 256u + lane;
  if (at >= call.count) { return; }
  // A negative id is a large one without a sign.
  let given = ids[at / call.width];
  let id = select(given, bitcast<u32>(i32(bitcast<f32>(given))), call.areFloats != 0u);
  var word = 0u;
  if (id < call.rowCount) { word = rows[id * call.width + at % call.width]; }
  else if (call.marksWrong != 0u && at % call.width == 0u) { atomicMax(&wrong[0], id); }
  out[at] = word;
}`,
};

/** Rows of x [N, …] by ids of int32 or float32, [...ids, …]; of ids that are no rows **wrong** is told, if it is there. */
export function lookedUp(
  backend: GpuBackend,
  x: TensorInfo,
  ids: TensorInfo,
  wrong?: TensorInfo,
): TensorInfo {
  const [rowCount, ...row] = x.shape;
  // As it lies there: it may be called float32 and be integers.
  const out = backend.makeTensorInfo([...ids.shape, ...row], dtypeOnDevice(backend, x));
  const count = util.sizeFromShape(out.shape);
  const width = util.sizeFromShape(row);
  const areFloats = dtypeOnDevice(backend, ids) === "float32" ? 1 : 0;
  const run = runOf(lookup, { rows: x, ids, out, wrong }, inTwo(Math.ceil(count / 256)));
  dispatch(backend, [run], [{ width, rowCount, count, areFloats, marksWrong: wrong ? 1 : 0 }]);
  return { ...out, dtype: x.dtype };
}

/** Rows of x [...ids, …] added up by their ids, in their order, [count, …]. */
export function sumsByIds(
  backend: GpuBackend,
  x: TensorInfo,
  ids: TensorInfo,
  count: number,
): TensorInfo {
  const row = x.shape.slice(ids.shape.length);
  const isFloats = x.dtype === "float32";
  const table = backend.makeTensorInfo([count, ...row], isFloats ? "float32" : "int32");
  const numbers: CallNumbers = {
    ...(Object.fromEntries(callNumbers.map((name) => [name, 0])) as CallNumbers),
    ...{ batch: util.sizeFromShape(ids.shape), steps: 1, inputSize: util.sizeFromShape(row) },
    ...{ tableRows: count, flags: dtypeOnDevice(backend, ids) === "float32" ? flag.floatIds : 0 },
  };
  const run = runOf(
    isFloats ? tableGradient : integerSums,
    { dx: x, ids, mask: undefined, table },
    inTwo(count),
  );
  dispatch(backend, [run], [numbers]);
  return table;
}

/**
 * Rows of x [N, …] by index, in one dispatch, and in their own bits. Indices that the host knows are looked at there,
 * and refused as on tfjs's cpu backend; of others those that are no row's give zeros. Other axes are left to tfjs.
 */
const gatherRows: Replacement = {
  kernelName: GatherV2,
  make: (stock) => ({
    ...stock,
    kernelFunc(params) {
      const backend = params.backend as GpuBackend;
      const { x, indices } = params.inputs as { x: TensorInfo; indices: TensorInfo };
      const { axis, batchDims } = params.attrs as { axis: number; batchDims: number };
      const known = knownNumbers(backend, indices);
      const isOurs = axis === 0 && batchDims === 0 && isFourBytes(x.dtype);
      const isEmpty = util.sizeFromShape([...x.shape, ...indices.shape]) === 0;
      if (!isOurs || isEmpty || indices.dtype !== "int32") return stock.kernelFunc(params);
      if (known) idsOf("gather", known, x.shape[0]);
      if (isOnHost(backend, x) && isOnHost(backend, indices)) return stock.kernelFunc(params);
      return lookedUp(backend, x, indices);
    },
  }),
};

/**
 * Rows of x that share an id, added up: the gradient of a lookup. tfjs's own adds in whatever order the device comes
 * by, and rows whose id is no segment's to others. Ours adds in the order of the rows, and leaves those out.
 */
const segmentSum: Replacement = {
  kernelName: UnsortedSegmentSum,
  make: (stock) => ({
    ...stock,
    kernelFunc(params) {
      const backend = params.backend as GpuBackend;
      const { x, segmentIds } = params.inputs as { x: TensorInfo; segmentIds: TensorInfo };
      const { numSegments } = params.attrs as { numSegments: number };
      const isOurs = isFourBytes(x.dtype) && segmentIds.dtype === "int32";
      const isEmpty = util.sizeFromShape(x.shape) * numSegments === 0;
      if (!isOurs || isEmpty) return stock.kernelFunc(params);
      return sumsByIds(backend, x, segmentIds, numSegments);
    },
  }),
};

/** Words in another order of their axes: of each axis of the result its size, and what a step along it is in the source. */
const reordered = (rank: number): Program<"given" | "moved"> => {
  const axes = Array.from({ length: rank }, (_, i) => i);
  return {
    name: `words reordered ${rank}`,
    storage: { given: "words", moved: "wordsOut" },
    numbers: ["count", ...axes.flatMap((i) => [`size${i}`, `step${i}`])],
    text: () => `
@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  ${placeInTwo}
  let at = place * 256u + lane;
  if (at >= call.count) { return; }
  var rest = at;
  var source = 0u;
  ${[...axes]
    .reverse()
    .map((i) => `source += (rest % call.size${i}) * call.step${i}; rest /= call.size${i};`)
    .join("\n  ")}
  moved[at] = given[source];
}`,
  };
};

function transposedWords(backend: GpuBackend, x: TensorInfo, perm: readonly number[]): TensorInfo {
  const shape = perm.map((axis) => x.shape[axis]);
  const steps = [...util.computeStrides(x.shape), 1];
  const moved = backend.makeTensorInfo(shape, dtypeOnDevice(backend, x));
  const count = util.sizeFromShape(shape);
  const axes = perm.flatMap((axis, i) => [
    [`size${i}`, shape[i]],
    [`step${i}`, steps[axis]],
  ]);
  const run = runOf(reordered(perm.length), { given: x, moved }, inTwo(Math.ceil(count / 256)));
  dispatch(backend, [run], [{ count, ...Object.fromEntries(axes) }]);
  return { ...moved, dtype: x.dtype };
}

/**
 * A transposition that moves no number gives the same numbers under another shape: the gradient of a lookup does two
 * of them, one of the whole table. Of integers and bools, float32 by name too as a cast leaves them, tfjs's own makes a
 * program that no device takes, and zeros: the mask of every recurrence of tfjs-layers, for one.
 */
const transpose: Replacement = {
  kernelName: Transpose,
  make: (stock) => ({
    ...stock,
    kernelFunc(params) {
      const x = params.inputs.x as TensorInfo;
      const { perm } = params.attrs as { perm: number[] };
      const shape = shapeIfStill(x, perm);
      const backend = params.backend as GpuBackend;
      if (shape) return shared(backend, x, shape);
      const isWhole = ["int32", "bool"].includes(dtypeOnDevice(backend, x));
      const isEmpty = util.sizeFromShape(x.shape) === 0;
      const isOurs = isWhole && !isEmpty && !backend.shouldExecuteOnCPU([x]);
      return isOurs ? transposedWords(backend, x, perm) : stock.kernelFunc(params);
    },
  }),
};

/**
 * A cast of whole numbers or bools to float32 makes floats. tfjs's is another tensor over the same words, which its own
 * programs of sums and transpositions along inner axes then take for what they are not.
 */
const castToFloats: Replacement = {
  kernelName: Cast,
  make: (stock) => ({
    ...stock,
    kernelFunc(params) {
      const backend = params.backend as GpuBackend;
      const x = params.inputs.x as TensorInfo;
      const { dtype } = params.attrs as { dtype: string };
      const isOurs = dtype === "float32" && ["int32", "bool"].includes(x.dtype);
      if (!isOurs || util.sizeFromShape(x.shape) === 0) return stock.kernelFunc(params);
      const known = isOnHost(backend, x) ? knownNumbers(backend, x) : undefined;
      if (!known) return floatsOf(backend, { ...x, dtype });
      return {
        dataId: backend.write(Float32Array.from(known), x.shape, dtype),
        shape: x.shape,
        dtype,
      };
    },
  }),
};

/** What takes the place of kernels of tfjs's WebGPU backend. */
export const movedRows: readonly Replacement[] = [castToFloats, gatherRows, segmentSum, transpose];
