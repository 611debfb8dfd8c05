// Kernels of tfjs's WebGPU backend along one axis, done again: the place of the largest number, and running sums.

import {
  ArgMax,
  ArgMin,
  Cumprod,
  Cumsum,
  type NamedAttrMap,
  type TensorInfo,
  util,
} from "@tensorflow/tfjs-core";
import type { Replacement } from "../tfjs/wasm-overrides.ts";
import { dtypeOnDevice, type GpuBackend } from "./gpu-backend.ts";
import { dispatch, inTwo, type Program, runOf } from "./program.ts";
import { mainInTwo } from "./wgsl.ts";

/** An axis: its length, how far its neighbours are apart, and how many such rows there are. */
function axisOf({ shape }: TensorInfo, axis: number) {
  const length = shape[axis];
  const inner = util.sizeFromShape(shape.slice(axis + 1));
  return { length, inner, rows: util.sizeFromShape(shape) / length };
}

const axisNumbers = ["length", "inner", "rows"];

const rowStart = "(row / call.inner) * call.inner * call.length + row % call.inner";

/** A workgroup a row: of equal numbers the first, as on *cpu*, where NaN is less than all but stays if it is the first. */
const placeOfMost: Program<"x" | "places"> = {
  name: "place of most",
  storage: { x: "words", places: "wordsOut" },
  numbers: [...axisNumbers, "isFloat", "isLeast"],
  text: () => `
var<workgroup> keys: array<u32, 64>;
var<workgroup> firsts: array<u32, 64>;
// Whole numbers in the order of what they stand for.
fn keyOf(word: u32, i: u32) -> u32 {
  var key = word ^ 0x80000000u;
  if (call.isFloat != 0u) {
    if ((word & 0x7fffffffu) > 0x7f800000u) { return select(0u, 0xffffffffu, i == 0u); }
    if ((word & 0x7fffffffu) == 0u) { key = 0x80000000u; }
    else if (word >> 31u != 0u) { key = ~word; }
  }
  return select(key, ~key, call.isLeast != 0u);
}
fn isBefore(key: u32, i: u32, than: u32, at: u32) -> bool {
  return key > than || (key == than && i < at);
}
${mainInTwo(64)}
  let row = place;
  if (row >= call.rows) { return; }
  let start = ${rowStart};
  var most = 0u;
  var first = 0xffffffffu;
  for (var i = lane; i < call.length; i += 64u) {
    let key = keyOf(x[start + i * call.inner], i);
    if (isBefore(key, i, most, first)) { most = key; first = i; }
  }
  keys[lane] = most;
  firsts[lane] = first;
  for (var half = 32u; half > 0u; half /= 2u) {
    workgroupBarrier();
    let other = lane + half;
    if (lane < half && isBefore(keys[other], firsts[other], keys[lane], firsts[lane])) {
      keys[lane] = keys[other];
      firsts[lane] = firsts[other];
    }
  }
  if (lane == 0u) { places[row] = firsts[0]; }
}`,
};

/** tfjs's own has any of equal numbers, and of a vector's places a vector. */
const place = (kernelName: string, isLeast: number): Replacement => ({
  kernelName,
  make: (stock) => ({
    ...stock,
    kernelFunc(params) {
      const backend = params.backend as GpuBackend;
      const x = params.inputs.x as TensorInfo;
      const [axis] = util.parseAxisParam((params.attrs as NamedAttrMap).axis as number, x.shape);
      if (util.sizeFromShape(x.shape) === 0) return stock.kernelFunc(params);
      const places = backend.makeTensorInfo(
        x.shape.filter((_, i) => i !== axis),
        "int32",
      );
      const own = axisOf(x, axis);
      const isFloat = dtypeOnDevice(backend, x) === "float32" ? 1 : 0;
      const run = runOf(placeOfMost, { x, places }, inTwo(own.rows));
      dispatch(backend, [run], [{ ...own, isFloat, isLeast }]);
      return places;
    },
  }),
});

/** A thread a row. */
const running = (
  element: "f32" | "i32",
  sign: "+" | "*",
  neutral: number,
): Program<"x" | "sums"> => ({
  name: `running ${element} ${sign}`,
  storage: { x: "words", sums: "wordsOut" },
  numbers: [...axisNumbers, "isExclusive", "isReverse"],
  text: () => `${mainInTwo(64)}
  let row = place * 64u + lane;
  if (row >= call.rows) { return; }
  let start = ${rowStart};
  var sum = ${element}(${neutral});
  for (var n = 0u; n < call.length; n++) {
    let at = start + select(n, call.length - 1u - n, call.isReverse != 0u) * call.inner;
    let before = sum;
    sum = sum ${sign} bitcast<${element}>(x[at]);
    sums[at] = bitcast<u32>(select(sum, before, call.isExclusive != 0u));
  }
}`,
});

/** tfjs's own are wrong from the end on, as the gradient of those from the beginning is, and of whole numbers. */
const runningOf = (kernelName: string, sign: "+" | "*", neutral: number): Replacement => ({
  kernelName,
  make: (stock) => ({
    ...stock,
    kernelFunc(params) {
      const backend = params.backend as GpuBackend;
      const x = params.inputs.x as TensorInfo;
      const { axis, exclusive, reverse } = params.attrs as NamedAttrMap;
      if (util.sizeFromShape(x.shape) === 0) return stock.kernelFunc(params);
      const isFloat = dtypeOnDevice(backend, x) === "float32";
      const sums = backend.makeTensorInfo(x.shape, isFloat ? "float32" : "int32");
      const [whole] = util.parseAxisParam(axis as number, x.shape);
      const own = axisOf(x, whole);
      const program = running(isFloat ? "f32" : "i32", sign, neutral);
      const run = runOf(program, { x, sums }, inTwo(Math.ceil(own.rows / 64)));
      const flags = { isExclusive: exclusive ? 1 : 0, isReverse: reverse ? 1 : 0 };
      dispatch(backend, [run], [{ ...own, ...flags }]);
      return sums;
    },
  }),
});

/** What takes the place of kernels of tfjs's WebGPU backend. */
export const alongAxis: readonly Replacement[] = [
  ...[place(ArgMax, 0), place(ArgMin, 1)],
  ...[runningOf(Cumprod, "*", 1), runningOf(Cumsum, "+", 0)],
];
