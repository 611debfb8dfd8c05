// The products beside the recurrence: x through the kernel before it, and after its backward pass the gradients of
// the weights and of x. Rows of these are steps, [step][row of the batch], as the tape has them.

import type { CellKind } from "@rnnkit/core-rnn";
import { callNumbers, flag, maskText } from "./call-numbers.ts";
import { cellTexts, countsOf } from "./cell-text.ts";
import { type Program, placeInTwo } from "./program.ts";
import { type Tile, tiledProductText } from "./tiled-product.ts";

/** The step of a row of a product, and its row of the batch. */
const rowText = (name: string) =>
  `let b = ${name} % call.batch; let s = call.start + ${name} / call.batch;`;

const planesText = (planes: readonly number[]) =>
  `const planeOf = array<u32, ${planes.length}>(${planes.map((plane) => `${plane}u`).join(", ")});`;

/** `inputOf(b, s, k, gate)` is a number of x under dropout, of a step that is kept: what others hold is not read. */
const inputText = `${maskText}
fn inputFactor(b: u32, k: u32, number: u32) -> f32 {
  if (call.inputVariants == 0u) { return 1.0; }
  let version = select(0u, number, call.inputVariants > 1u);
  return dropout[(version * call.batch + b) * call.inputSize + k];
}
fn sourceRow(b: u32, s: u32) -> u32 {
  let at = b * call.steps + stepOf(s);
  if (!has(${flag.lookup}u)) { return at; }
  if (has(${flag.floatIds}u)) { return bitcast<u32>(i32(bitcast<f32>(ids[at]))); }
  return ids[at];
}
fn inputOf(b: u32, s: u32, k: u32, number: u32) -> f32 {
  if (!isKept(b, s)) { return 0.0; }
  let row = sourceRow(b, s);
  if (has(${flag.lookup}u) && row >= call.tableRows) { return 0.0; }
  return source[row * call.inputSize + k] * inputFactor(b, k, number);
}`;

/** *gates*, a plane a gate: x·kernel + bias, where **source** is x or the table. */
export function projection(
  cell: CellKind,
  tile: Tile,
): Program<"source" | "ids" | "kernel" | "bias" | "mask" | "dropout" | "gates"> {
  const { planes } = cellTexts[cell];
  const { G } = countsOf(cell);
  return {
    name: `projection ${cell} ${tile}`,
    storage: {
      ...{ source: "read", ids: "words", kernel: "read", bias: "read", mask: "words" },
      ...{ dropout: "read", gates: "write" },
    },
    numbers: callNumbers,
    text: () =>
      inputText +
      tiledProductText({
        tile,
        prelude: `let rows = (call.end - call.start) * call.batch;
  let columns = call.units; let begin = 0u; let end = call.inputSize;`,
        left: `inputOf(row % call.batch, call.start + row / call.batch, k, slice)`,
        leftAlong: "k",
        right: `kernel[k * ${G}u * call.units + slice * call.units + column]`,
        rightAlong: "column",
        store: `
        let unit = slice * call.units + column;
        let start = select(0.0, bias[unit], has(${flag.bias}u));
        gates[((call.start - call.tapeStart) * call.batch + row) * ${planes}u * call.units + unit] = start + value;`,
      }),
  };
}

/** The slice's gate and its part of the rows, of a sum over steps. */
const partsPrelude = (G: number, rows: string) => `
  let gate = slice % ${G}u;
  let part = slice / ${G}u;
  let all = (call.end - call.start) * call.batch;
  let rows = ${rows}; let columns = call.units;
  let begin = part * call.partRows; let end = min(begin + call.partRows, all);`;

const gradientOf = (planes: number) =>
  `dz[(((call.start - call.tapeStart) * call.batch + k) * ${planes}u + planeOf[gate]) * call.units + column]`;

const storePart = (G: number) =>
  `partials[((call.partBase + part) * rows + row) * ${G}u * call.units + gate * call.units + column] = value;`;

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

/** Rows of the sum over h: a second row of biases has a row of its own. */
export const recurrentRows = (cell: CellKind, H: number): number =>
  H + (cell === "gruAfter" ? 1 : 0);

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
}
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  ${placeInTwo}
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
fn inputFactor(b: u32, k: u32, number: u32) -> f32 {
  if (call.inputVariants == 0u) { return 1.0; }
  let version = select(0u, number, call.inputVariants > 1u);
  return dropout[(version * call.batch + b) * call.inputSize + k];
}
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

/** Rows of dx added up by their ids, in the order of the steps: the table's gradient, a workgroup a row of it. */
export const tableGradient: Program<"dx" | "ids" | "mask" | "table"> = {
  name: "table gradient",
  storage: { dx: "read", ids: "words", mask: "words", table: "write" },
  numbers: callNumbers,
  // 1024 ids at a time, a bit each: which of them are this row's. Lanes of one column take words of bits in turn.
  text: () => `${maskText}
var<workgroup> matches: array<atomic<u32>, 32>;
var<workgroup> sums: array<f32, 256>;
fn isMine(at: u32, mine: u32) -> bool {
  let id = select(ids[at], bitcast<u32>(i32(bitcast<f32>(ids[at]))), has(${flag.floatIds}u));
  return id == mine && (!has(${flag.masked}u) || mask[at] != 0u);
}
@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  ${placeInTwo}
  if (place >= call.tableRows) { return; }
  let count = call.batch * call.steps;
  // Columns side by side, at most 32 of them at a time: a power of two.
  var width = 32u;
  while (width > 1u && width / 2u >= call.inputSize) { width /= 2u; }
  let lanes = 256u / width;
  for (var firstColumn = 0u; firstColumn < call.inputSize; firstColumn += width) {
    let column = firstColumn + lane % width;
    var sum = 0.0;
    for (var base = 0u; base < count; base += 1024u) {
      if (lane < 32u) { atomicStore(&matches[lane], 0u); }
      workgroupBarrier();
      for (var e = lane; e < min(1024u, count - base); e += 256u) {
        if (isMine(base + e, place)) { atomicOr(&matches[e / 32u], 1u << (e % 32u)); }
      }
      workgroupBarrier();
      for (var word = lane / width; word < 32u; word += lanes) {
        var bits = atomicLoad(&matches[word]);
        while (bits != 0u) {
          let at = base + word * 32u + firstTrailingBit(bits);
          bits &= bits - 1u;
          if (column < call.inputSize) { sum += dx[at * call.inputSize + column]; }
        }
      }
      workgroupBarrier();
    }
    sums[lane] = sum;
    workgroupBarrier();
    if (lane < width && column < call.inputSize) {
      var total = 0.0;
      for (var l = 0u; l < lanes; l++) { total += sums[l * width + lane]; }
      table[place * call.inputSize + column] = total;
    }
    workgroupBarrier();
  }
}`,
};
