// A dense layer in WGSL: activation(x·kernel + bias) and its gradients, products in tiles.

import type { FusedActivation } from "../activation-names.ts";
import { activationText } from "./activation-text.ts";
import type { Program } from "./program.ts";
import { type Tile, tiledProductText } from "./tiled-product.ts";
import { mainInTwo } from "./wgsl.ts";

const numbers = ["rows", "inputs", "units", "hasBias", "partRows", "parts"];

/** y = activation(x·kernel + bias). */
export function denseForward(
  activation: FusedActivation,
  tile: Tile,
): Program<"x" | "kernel" | "bias" | "y"> {
  return {
    name: `dense ${activation} ${tile}`,
    storage: { x: "read", kernel: "read", bias: "read", y: "write" },
    numbers,
    text: () => `${activationText(activation, "linear")}
${tiledProductText({
  tile,
  prelude: "let rows = call.rows; let columns = call.units; let begin = 0u; let end = call.inputs;",
  left: "x[row * call.inputs + k]",
  leftAlong: "k",
  right: "kernel[k * call.units + column]",
  rightAlong: "column",
  store: `var sum = value;
  if (call.hasBias != 0u) { sum += bias[column]; }
  y[row * call.units + column] = activate(sum);`,
})}`,
  };
}

/**
 * With dz = dy·slope: in the first slice dx = dz·kernelᵀ, in those behind it parts of [x | 1]ᵀ·dz, the gradients of
 * kernel and bias, of **partRows** rows each.
 */
export function denseGradients(
  activation: FusedActivation,
  tile: Tile,
): Program<"x" | "kernel" | "y" | "dy" | "dx" | "dKernel" | "dBias"> {
  return {
    name: `dense gradients ${activation} ${tile}`,
    storage: {
      ...{ x: "read", kernel: "read", y: "read", dy: "read" },
      ...{ dx: "write", dKernel: "write", dBias: "write" },
    },
    numbers,
    text: () => `${activationText(activation, "linear")}
fn dzOf(row: u32, unit: u32) -> f32 {
  let at = row * call.units + unit;
  return dy[at] * slope(y[at]);
}
fn leftOf(slice: u32, k: u32, row: u32) -> f32 {
  if (slice == 0u) { return dzOf(row, k); }
  if (row == call.inputs) { return 1.0; }
  return x[k * call.inputs + row];
}
fn rightOf(slice: u32, k: u32, column: u32) -> f32 {
  if (slice == 0u) { return kernel[column * call.units + k]; }
  return dzOf(k, column);
}
fn store(slice: u32, row: u32, column: u32, value: f32) {
  if (slice == 0u) { dx[row * call.inputs + column] = value; }
  else if (row < call.inputs) {
    dKernel[((slice - 1u) * call.inputs + row) * call.units + column] = value;
  } else { dBias[(slice - 1u) * call.units + column] = value; }
}
${tiledProductText({
  tile,
  // Tiles that a slice has not are left with nothing to add.
  prelude: `
  let isOfInput = slice == 0u;
  let rows = select(call.inputs + 1u, call.rows, isOfInput);
  let columns = select(call.units, call.inputs, isOfInput);
  let exists = firstRow < rows && firstColumn < columns;
  let begin = select((slice - 1u) * call.partRows, 0u, isOfInput);
  let last = select(min(begin + call.partRows, call.rows), call.units, isOfInput);
  let end = select(begin, last, exists);`,
  left: "leftOf(slice, k, row)",
  leftAlong: "row",
  right: "rightOf(slice, k, column)",
  rightAlong: "column",
  store: "store(slice, row, column, value);",
})}`,
  };
}

/** Parts of kernel and bias added up in their order. */
export const denseSums: Program<"kernelParts" | "biasParts" | "dKernel" | "dBias"> = {
  name: "dense sums",
  storage: { kernelParts: "read", biasParts: "read", dKernel: "write", dBias: "write" },
  numbers,
  text: () => `${mainInTwo(64)}
  let at = place * 64u + lane;
  let count = call.inputs * call.units;
  var sum = 0.0;
  if (at < count) {
    for (var part = 0u; part < call.parts; part++) { sum += kernelParts[part * count + at]; }
    dKernel[at] = sum;
  } else if (at < count + call.units) {
    for (var part = 0u; part < call.parts; part++) { sum += biasParts[part * call.units + at - count]; }
    dBias[at - count] = sum;
  }
}`,
};
