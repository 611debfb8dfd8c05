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
import { type CallNumbers, callNumbers, flag } from "./call-numbers.ts";
import { dtypeOnDevice, type GpuBackend, shared } from "./gpu-backend.ts";
import { dispatch, floatsOf, inTwo, type Program, runOf } from "./program.ts";
import { integerSums, tableGradient } from "./table-gradient.ts";
import { idText, mainInTwo, upTo } from "./wgsl.ts";
import { areChecked } from "./wrong-ids.ts";

const isWhole = (dtype: string): boolean => dtype === "int32" || dtype === "bool";

/** Whether the words of a tensor are whole numbers or bools, whatever it is called. */
export const isWholeOnDevice = (backend: GpuBackend, x: TensorInfo): boolean =>
  isWhole(dtypeOnDevice(backend, x));

const isFourBytes = (dtype: string): boolean => dtype === "float32" || isWhole(dtype);

/** The numbers of a tensor that the host alone has: tfjs goes on with them there where they are few. */
function hostNumbers(backend: GpuBackend, tensor: TensorInfo): ArrayLike<number> | undefined {
  const { values, resource } = backend.tensorMap.get(tensor.dataId);
  return resource == null ? (values ?? undefined) : undefined;
}

/** Rows of a table by their ids, 4 bytes an element; zeros for an id that is no row's, which is marked. */
const lookup: Program<"rows" | "ids" | "out" | "wrong"> = {
  name: "lookup",
  storage: { rows: "words", ids: "words", out: "wordsOut", wrong: "marks" },
  numbers: ["width", "rowCount", "count", "areFloats", "marksWrong"],
  text: () => `
${idText}${mainInTwo(256)}
  let at = place * 256u + lane;
  if (at >= call.count) { return; }
  let id = idOf(ids[at / call.width], call.areFloats != 0u);
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
      const isOurs = axis === 0 && batchDims === 0 && isFourBytes(x.dtype);
      const isEmpty = util.sizeFromShape([...x.shape, ...indices.shape]) === 0;
      if (!isOurs || isEmpty || indices.dtype !== "int32") return stock.kernelFunc(params);
      areChecked(backend, "gather", indices, x.shape[0]);
      if (hostNumbers(backend, x) && hostNumbers(backend, indices)) return stock.kernelFunc(params);
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
  const axes = upTo(rank);
  return {
    name: `words reordered ${rank}`,
    storage: { given: "words", moved: "wordsOut" },
    numbers: ["count", ...axes.flatMap((i) => [`size${i}`, `step${i}`])],
    text: () => `${mainInTwo(256)}
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

/** A transposition of whatever words there are. */
export function transposedWords(
  backend: GpuBackend,
  x: TensorInfo,
  perm: readonly number[],
): TensorInfo {
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
      const isEmpty = util.sizeFromShape(x.shape) === 0;
      const isOurs = isWholeOnDevice(backend, x) && !isEmpty && !backend.shouldExecuteOnCPU([x]);
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
      // What lies there as floats already is tfjs's to share.
      const isOurs = dtype === "float32" && isWholeOnDevice(backend, x);
      if (!isOurs || util.sizeFromShape(x.shape) === 0) return stock.kernelFunc(params);
      const known = hostNumbers(backend, x);
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
