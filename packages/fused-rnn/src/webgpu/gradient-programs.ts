// The products after the recurrence's backward pass: the gradients of the weights and of x. Rows of these are steps,
// [step][row of the batch], as the tape has them.

import type { CellKind } from "@rnnkit/core-rnn";
import { callNumbers, flag, maskText } from "./call-numbers.ts";
import { cellTexts, countsOf, recurrentRows } from "./cell-text.ts";
import type { Program } from "./program.ts";
import { inputFactorText, inputText } from "./projection.ts";
import { type Tile, tiledProductText } from "./tiled-product.ts";
import { mainInTwo } from "./wgsl.ts";

/** The step of a row of a product, and its row of the batch. */
const rowText = (name: string) =>
  `let b = ${name} % call.batch; let s = call.start + ${name} / call.batch;`;

const planesText = (planes: readonly number[]) =>
  `const planeOf = array<u32, ${planes.length}>(${planes.map((plane) => `${plane}u`).join(", ")});`;

/** The slice's gate and its part of the rows, of a sum over steps. */
const partsPrelude = (G: number, rows: string) => `
  let gate = slice % ${G}u;
  let part = slice / ${G}u;
  let all = (call.end - call.start) * call.batch;
  let rows = ${rows}; let columns = call.units;
  let begin = part * call.partRows; let end = min(begin + call.partRows, all);`;

const gradientOf = (planes: number) =>
  `dz[(((call.start - call.tapeStart) * call.batch + k) * ${planes}u + planeOf[gate]) * call.units + column]`;

const storePart = (G: number) => `
        let at = (part * rows + row) * ${G}u * call.units + gate * call.units + column;
        if (has(${flag.adds}u)) { partials[at] += value; } else { partials[at] = value; }`;

/** Parts of [x | 1]ᵀ·dz: the kernel's gradient and, in the last row, the biases'. */
export function kernelGradient(
  cell: CellKind,
  tile: Tile,
): Program<"source" | "ids" | "mask" | "dropout" | "dz" | "partials"> {
  const { planes, xPlanes } = cellTexts[cell];
  const { G } = countsOf(cell);
  return {
    name: `kernel gradient ${cell} ${tile}`,
    storage: {
      ...{ source: "read", ids: "words", mask: "words", dropout: "read" },
      ...{ dz: "read", partials: "write" },
    },
    numbers: callNumbers,
    text: () => `${inputText}
${planesText(xPlanes)}
fn leftOf(r: u32, i: u32, gate: u32) -> f32 {
  if (i == call.inputSize) { return 1.0; }
  ${rowText("r")}
  return inputOf(b, s, i, gate);
}
${tiledProductText({
  tile,
  prelude: partsPrelude(G, "call.inputSize + 1u"),
  left: "leftOf(k, row, gate)",
  leftAlong: "row",
  right: gradientOf(planes),
  rightAlong: "column",
  store: storePart(G),
})}`,
  };
}

/** Parts of hᵀ·dz, where a GRU that resets before has r·h for its candidate. */
export function recurrentGradient(
  cell: CellKind,
  tile: Tile,
): Program<"states" | "gates" | "mask" | "dropout" | "dz" | "partials"> {
  const { planes, hPlanes, second } = cellTexts[cell];
  const { G, S } = countsOf(cell);
  const reset = second.map(
    (gate) =>
      `if (gate == ${gate}u) { value *= gates[(slot * call.batch + b) * ${planes}u * call.units + call.units + i]; }`,
  );
  return {
    name: `recurrent gradient ${cell} ${tile}`,
    storage: {
      ...{ states: "read", gates: "read", mask: "words", dropout: "read" },
      ...{ dz: "read", partials: "write" },
    },
    numbers: callNumbers,
    text: () => `${maskText}
${planesText(hPlanes)}
fn leftOf(r: u32, i: u32, gate: u32) -> f32 {
  if (i == call.units) { return 1.0; }
  ${rowText("r")}
  if (!isKept(b, s)) { return 0.0; }
  let slot = s - call.tapeStart;
  var value = states[(slot * ${S}u * call.batch + b) * call.units + i];
  if (call.recurrentVariants > 0u) {
    let version = select(0u, gate, call.recurrentVariants > 1u);
    value *= dropout[(version * call.batch + b) * call.units + i];
  }
  ${reset.join("\n")}
  return value;
}
${tiledProductText({
  tile,
  prelude: partsPrelude(G, `call.units + ${recurrentRows(cell, 0)}u`),
  left: "leftOf(k, row, gate)",
  leftAlong: "row",
  right: gradientOf(planes),
  rightAlong: "column",
  store: storePart(G),
})}`,
  };
}

/** Adds the parts up, in their order: the gradients of kernel, recurrent kernel and bias. */
export function sumOfParts(
  cell: CellKind,
): Program<"kernelParts" | "recurrentParts" | "kernel" | "recurrentKernel" | "bias"> {
  const { G } = countsOf(cell);
  return {
    name: `sum of parts ${cell}`,
    storage: {
      ...{ kernelParts: "read", recurrentParts: "read" },
      ...{ kernel: "write", recurrentKernel: "write", bias: "write" },
    },
    numbers: callNumbers,
    text: () => `
fn kernelSum(at: u32) -> f32 {
  var sum = 0.0;
  for (var part = 0u; part < call.parts; part++) {
    sum += kernelParts[part * (call.inputSize + 1u) * ${G}u * call.units + at];
  }
  return sum;
}
fn recurrentSum(at: u32) -> f32 {
  var sum = 0.0;
  for (var part = 0u; part < call.parts; part++) {
    sum += recurrentParts[part * (call.units + ${recurrentRows(cell, 0)}u) * ${G}u * call.units + at];
  }
  return sum;
}${mainInTwo(64)}
  let columns = ${G}u * call.units;
  var at = place * 64u + lane;
  if (at < call.inputSize * columns) { kernel[at] = kernelSum(at); return; }
  at -= call.inputSize * columns;
  if (at < call.units * columns) { recurrentKernel[at] = recurrentSum(at); return; }
  at -= call.units * columns;
  if (!has(${flag.bias}u)) { return; }
  if (at < columns) { bias[at] = kernelSum(call.inputSize * columns + at); return; }
  ${
    cell === "gruAfter"
      ? "if (at < 2u * columns) { bias[at] = recurrentSum(call.units * columns + at - columns); }"
      : ""
  }
}
fn has(bit: u32) -> bool { return (call.flags & bit) != 0u; }`,
  };
}

/** dx = dz·kernelᵀ, [B, T, I]. */
export function inputGradient(
  cell: CellKind,
  tile: Tile,
): Program<"dz" | "kernel" | "mask" | "dropout" | "dx"> {
  const { planes, xPlanes } = cellTexts[cell];
  const { G } = countsOf(cell);
  return {
    name: `input gradient ${cell} ${tile}`,
    storage: { dz: "read", kernel: "read", mask: "words", dropout: "read", dx: "write" },
    numbers: callNumbers,
    text: () => `${maskText}
${planesText(xPlanes)}
${inputFactorText}
${tiledProductText({
  tile,
  prelude: `let rows = (call.end - call.start) * call.batch;
  let columns = call.inputSize; let begin = 0u; let end = call.units;`,
  left: `dz[(((call.start - call.tapeStart) * call.batch + row) * ${planes}u + planeOf[segment]) * call.units + k]`,
  leftAlong: "k",
  right: `kernel[column * ${G}u * call.units + segment * call.units + k]`,
  rightAlong: "k",
  segments: `${G}u`,
  factor: "inputFactor(row % call.batch, column, segment)",
  store: `${rowText("row")} dx[(b * call.steps + stepOf(s)) * call.inputSize + column] = value;`,
})}`,
  };
}

/** The recurrent kernel the other way round, [G·H, H]: what a unit needs backwards then lies side by side. */
export function transposition(cell: CellKind): Program<"recurrentKernel" | "transposed"> {
  const { G } = countsOf(cell);
  return {
    name: `transposition ${cell}`,
    storage: { recurrentKernel: "read", transposed: "write" },
    numbers: callNumbers,
    text: () => `
var<workgroup> tile: array<f32, 272>;
@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let columns = ${G}u * call.units;
  {
    let row = group.y * 16u + lane / 16u;
    let column = group.x * 16u + lane % 16u;
    if (row < call.units && column < columns) {
      tile[(lane % 16u) * 17u + lane / 16u] = recurrentKernel[row * columns + column];
    }
  }
  workgroupBarrier();
  let row = group.y * 16u + lane % 16u;
  let column = group.x * 16u + lane / 16u;
  if (row < call.units && column < columns) {
    transposed[column * call.units + row] = tile[(lane / 16u) * 17u + lane % 16u];
  }
}`,
  };
}
