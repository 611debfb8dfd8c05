// x through the kernel, before the recurrence.

import type { CellKind } from "@rnnkit/core-rnn";
import { callNumbers, flag, maskText } from "./call-numbers.ts";
import { cellTexts, countsOf } from "./cell-text.ts";
import type { Program } from "./program.ts";
import { type Tile, tiledProductText } from "./tiled-product.ts";
import { idText } from "./wgsl.ts";

/** The factor of a number of x under the dropout of a gate. */
export const inputFactorText = `fn inputFactor(b: u32, k: u32, number: u32) -> f32 {
  if (call.inputVariants == 0u) { return 1.0; }
  let version = select(0u, number, call.inputVariants > 1u);
  return dropout[(version * call.batch + b) * call.inputSize + k];
}`;

/** `inputOf(b, s, k, gate)` is a number of x under dropout, of a step that is kept: what others hold is not read. */
export const inputText: string = `${maskText}
${inputFactorText}
${idText}
fn sourceRow(b: u32, s: u32) -> u32 {
  let at = b * call.steps + stepOf(s);
  if (!has(${flag.lookup}u)) { return at; }
  return idOf(ids[at], has(${flag.floatIds}u));
}
fn inputOf(b: u32, s: u32, k: u32, number: u32) -> f32 {
  if (!isKept(b, s)) { return 0.0; }
  let row = sourceRow(b, s);
  if (has(${flag.lookup}u) && row >= call.tableRows) { return 0.0; }
  return source[row * call.inputSize + k] * inputFactor(b, k, number);
}`;

/** Buffers of a projection. */
export type ProjectionBuffer =
  | "source"
  | "ids"
  | "kernel"
  | "bias"
  | "mask"
  | "dropout"
  | "gates"
  | "wrong";

/** *gates*, a plane a gate: x·kernel + bias, where **source** is x or, of a lookup, the table. */
export function projection(
  cell: CellKind,
  tile: Tile,
  isLookup: boolean,
): Program<ProjectionBuffer> {
  const { planes } = cellTexts[cell];
  const { G } = countsOf(cell);
  const mark = `
fn markWrong(b: u32, s: u32) {
  let id = sourceRow(b, s);
  if (id >= call.tableRows) { atomicMax(&wrong[0], id); }
}`;
  return {
    name: `projection ${cell} ${tile} ${isLookup ? "of a lookup" : ""}`,
    storage: {
      ...{ source: "read", ids: "words", kernel: "read", bias: "read", mask: "words" },
      // What nothing marks is read: a buffer that is absent may stand in several places only so.
      ...{ dropout: "read", gates: "write", wrong: isLookup ? "marks" : "read" },
    },
    numbers: callNumbers,
    text: () => `${inputText}
${isLookup ? mark : ""}
fn leftOf(row: u32, k: u32, gate: u32) -> f32 {
  let b = row % call.batch;
  let s = call.start + row / call.batch;
  ${isLookup ? "if (k == 0u && gate == 0u) { markWrong(b, s); }" : ""}
  return inputOf(b, s, k, gate);
}
${tiledProductText({
  tile,
  prelude: `let rows = (call.end - call.start) * call.batch;
  let columns = call.units; let begin = 0u; let end = call.inputSize;`,
  left: "leftOf(row, k, slice)",
  leftAlong: "k",
  right: `kernel[k * ${G}u * call.units + slice * call.units + column]`,
  rightAlong: "column",
  store: `
        let unit = slice * call.units + column;
        let start = select(0.0, bias[unit], has(${flag.bias}u));
        gates[((call.start - call.tapeStart) * call.batch + row) * ${planes}u * call.units + unit] = start + value;`,
})}`,
  };
}
