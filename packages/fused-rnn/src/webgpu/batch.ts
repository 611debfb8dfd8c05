// What stands around a step in the loop of `fit`: the rows of a batch, of all tensors at once, and the sums over
// batches of losses and metrics.

import {
  backend as currentBackend,
  type Tensor,
  type TensorInfo,
  tensor1d,
  tidy,
} from "@tensorflow/tfjs-core";
import { tensorOf } from "../tfjs/tensor-access.ts";
import { dtypeOnDevice, type GpuBackend, newTensor } from "./gpu-backend.ts";
import { dispatch, inTwo, type Program, runOf } from "./program.ts";
import { mainInTwo, upTo, wordOf } from "./wgsl.ts";

/** Tensors of a dispatch: each is two buffers, beside that of the rows' numbers. */
const mostTensors = 3;

/** Chosen rows of some tensors, 4 bytes an element. */
function rowsProgram(tensors: number): Program<string> {
  const all = upTo(tensors);
  const storage = all.flatMap((i) => [
    [`from${i}`, "words"] as const,
    [`to${i}`, "wordsOut"] as const,
  ]);
  return {
    name: `rows of ${tensors}`,
    storage: { chosen: "words", ...Object.fromEntries(storage) },
    numbers: all.flatMap((i) => [`width${i}`, `count${i}`]),
    text: () => `${mainInTwo(256)}
  var at = place * 256u + lane;
  ${all
    .map(
      (i) => `if (at < call.count${i}) {
    to${i}[at] = from${i}[chosen[at / call.width${i}] * call.width${i} + at % call.width${i}];
    return;
  }
  at -= call.count${i};`,
    )
    .join("\n  ")}
}`,
  };
}

/** The same rows of several tensors of 4 bytes an element; undefined for others, and where there is nothing to copy. */
export function rows(all: readonly Tensor[], chosen: Int32Array): Tensor[] | undefined {
  const isOurs = (x: Tensor) => x.dtype !== "string" && x.dtype !== "complex64" && x.size > 0;
  if (chosen.length === 0 || !all.every(isOurs)) return undefined;
  const gpu = currentBackend() as GpuBackend;
  return tidy(() => {
    const numbers = tensor1d(chosen, "int32");
    // As they lie there: what is called float32 may be integers.
    const made = all.map((x): TensorInfo => {
      const shape = [chosen.length, ...x.shape.slice(1)];
      return { ...gpu.makeTensorInfo(shape, dtypeOnDevice(gpu, x)), dtype: x.dtype };
    });
    for (let from = 0; from < all.length; from += mostTensors) {
      const group = all.slice(from, from + mostTensors);
      const widths = group.map((x) => x.size / x.shape[0]);
      const counts = widths.map((width) => width * chosen.length);
      const tensors = group.flatMap((x, i): [string, TensorInfo][] => [
        [`from${i}`, x],
        [`to${i}`, made[from + i]],
      ]);
      const run = runOf(
        rowsProgram(group.length),
        { chosen: numbers, ...Object.fromEntries(tensors) },
        inTwo(Math.ceil(counts.reduce((sum, count) => sum + count) / 256)),
      );
      const own = widths.flatMap((width, i) => [
        [`width${i}`, width],
        [`count${i}`, counts[i]],
      ]);
      dispatch(gpu, [run], [Object.fromEntries(own)]);
    }
    return made.map(tensorOf);
  });
}

/** Values of a dispatch: a buffer each, beside the totals'. */
const mostValues = 7;

function totalsProgram(values: number): Program<string> {
  const all = upTo(values);
  return {
    name: `totals of ${values}`,
    storage: {
      totals: "write",
      ...Object.fromEntries(all.map((i) => [`value${i}`, "read"] as const)),
    },
    numbers: ["isFirst", "place", "weight"],
    text: () => `
@compute @workgroup_size(1)
fn main() {
  let weight = bitcast<f32>(call.weight);
  ${all
    .map(
      (i) => `{
    let at = call.place + ${i}u;
    totals[at] = select(totals[at], 0.0, call.isFirst != 0u) + weight * value${i}[0];
  }`,
    )
    .join("\n  ")}
}`,
  };
}

/** Adds to totals, which nobody else has, in place; they are made where there are none. */
export function addTotals(
  totals: Tensor | undefined,
  values: readonly Tensor[],
  weight: number,
): Tensor {
  const gpu = currentBackend() as GpuBackend;
  const sums = totals ?? tensorOf(newTensor(gpu, [values.length]));
  for (let place = 0; place < values.length; place += mostValues) {
    const group = values.slice(place, place + mostValues);
    const tensors = { totals: sums, ...Object.fromEntries(group.map((x, i) => [`value${i}`, x])) };
    const run = runOf(totalsProgram(group.length), tensors, [1, 1, 1]);
    const isFirst = totals ? 0 : 1;
    dispatch(gpu, [run], [{ isFirst, place, weight: wordOf(weight) }]);
  }
  return sums;
}
