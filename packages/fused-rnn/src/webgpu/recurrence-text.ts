// One step of one unit of one row, forwards and backwards, in WGSL: what the programs of both kinds call.

import type { CellKind } from "@rnnkit/core-rnn";
import type { FusedActivation } from "../activation-names.ts";
import { activationText } from "./activation-text.ts";
import { flag, maskText } from "./call-numbers.ts";
import { cellTexts, countsOf } from "./cell-text.ts";
import { upTo } from "./wgsl.ts";

/** What a program of a recurrence is made for. */
export interface RecurrenceKind {
  readonly cell: CellKind;
  readonly activation: FusedActivation;
  readonly recurrentActivation: FusedActivation;
}

/** Its part of a program's name. */
export function kindName({ cell, activation, recurrentActivation }: RecurrenceKind): string {
  return `${cell} ${activation} ${recurrentActivation}`;
}

/** A line for each of these numbers. */
export function each(of: readonly number[], line: (i: number) => string): string {
  return of.map(line).join("\n");
}

/** Places in the buffers *gates* (and *dz*), *states*, *outputs* and *dropout*. */
function placesText(cell: CellKind): string {
  const { S } = countsOf(cell);
  return `${maskText}
fn gatesAt(row: u32, s: u32) -> u32 {
  return ((s - call.tapeStart) * call.batch + row) * ${cellTexts[cell].planes}u * call.units;
}
// The states before step s: all of them are kept in training, else two take turns.
fn stateAt(row: u32, s: u32) -> u32 {
  let slot = select(s & 1u, s - call.tapeStart, has(${flag.training}u));
  return (slot * ${S}u * call.batch + row) * call.units;
}
fn outputAt(row: u32, s: u32) -> u32 {
  if (!has(${flag.returnSequences}u)) { return row * call.units; }
  let place = select(s, call.steps - 1u - s, has(${flag.reverseOutputs}u));
  return (row * call.steps + place) * call.units;
}
// The factor of h under the dropout of a gate.
fn factorOf(row: u32, unit: u32, number: u32) -> f32 {
  if (call.recurrentVariants == 0u) { return 1.0; }
  let version = select(0u, number, call.recurrentVariants > 1u);
  return dropout[(version * call.batch + row) * call.units + unit];
}`;
}

/**
 * `advance(row, unit, s, before, h…)` is the state after a step that is kept, from the sums over h, and keeps what
 * belongs to the step; `hold` is the state where it is masked. A cell with a second sum has `reset` too, which gives
 * r·h from the first sums.
 */
export function forwardText(kind: RecurrenceKind): string {
  const { cell, activation, recurrentActivation } = kind;
  const { planes, first, second, forward, forwardSecond } = cellTexts[cell];
  const { S } = countsOf(cell);
  const whole = forwardSecond === undefined;
  const sums = (of: readonly number[]) => of.map((g) => `h${g}: f32`).join(", ");
  const load = (g: number) => `let x${g} = gates[at + ${g}u * call.units];`;
  const keep = (plane: number) => `gates[at + ${plane}u * call.units] = y${plane};`;
  const reset = `
fn reset(row: u32, unit: u32, s: u32, before: f32, ${sums(first)}) -> f32 {
  let at = gatesAt(row, s) + unit;
  ${each(first, load)}
  ${forward}
  ${each(first, keep)}
  return y1 * (before * factorOf(row, unit, 2u));
}`;
  return `${activationText(activation, recurrentActivation)}
${placesText(cell)}
fn putOut(row: u32, unit: u32, s: u32, isKept: bool, state: f32) {
  let at = outputAt(row, s) + unit;
  if (isKept) { outputs[at] = state; return; }
  if (s == 0u || has(${flag.zeroOutputForMask}u)) { outputs[at] = 0.0; return; }
  if (has(${flag.returnSequences}u)) { outputs[at] = outputs[outputAt(row, s - 1u) + unit]; }
}
fn keepState(row: u32, unit: u32, s: u32, state: f32, memory: f32) {
  let next = stateAt(row, s + 1u) + unit;
  states[next] = state;
  ${S === 2 ? "states[next + call.batch * call.units] = memory;" : ""}
}
fn memoryBefore(row: u32, unit: u32, s: u32) -> f32 {
  return ${S === 2 ? "states[stateAt(row, s) + call.batch * call.units + unit]" : "0.0"};
}
fn hold(row: u32, unit: u32, s: u32, before: f32) -> f32 {
  keepState(row, unit, s, before, memoryBefore(row, unit, s));
  putOut(row, unit, s, false, before);
  return before;
}
${whole ? "" : reset}
fn advance(row: u32, unit: u32, s: u32, before: f32, ${sums(whole ? first : second)}) -> f32 {
  let at = gatesAt(row, s) + unit;
  var memory = memoryBefore(row, unit, s);
  var state: f32;
  ${whole ? "" : each(first, (g) => `let y${g} = gates[at + ${g}u * call.units];`)}
  ${each(whole ? first : second, load)}
  ${whole ? forward : forwardSecond}
  if (has(${flag.training}u)) {
    ${each(whole ? upTo(planes) : second, keep)}
  }
  keepState(row, unit, s, state, memory);
  putOut(row, unit, s, true, state);
  return state;
}`;
}

/**
 * `retreat(row, unit, s, dh)` writes the gradients of a step's planes and what goes on past the products, where it is
 * kept, and `holdBack` where it is masked; of a cell with a second sum `retreatSecond` goes on from its gradient.
 */
export function backwardText(kind: RecurrenceKind): string {
  const { cell, activation, recurrentActivation } = kind;
  const { planes, backward, backwardSecond } = cellTexts[cell];
  const { S } = countsOf(cell);
  const all = upTo(planes);
  const own = backwardSecond === undefined ? all : all.filter((plane) => plane !== 1);
  const put = (plane: number) => `dz[at + ${plane}u * call.units] = d${plane};`;
  return `${activationText(activation, recurrentActivation)}
${placesText(cell)}
// What comes back to the output of a step: its own, and where masked steps repeated it, theirs.
fn outputBack(row: u32, unit: u32, s: u32, isKept: bool) -> f32 {
  let at = (${S}u * call.batch + row) * call.units + unit;
  var back = carry[at];
  if (has(${flag.returnSequences}u) || s == call.steps - 1u) { back += dOutputs[outputAt(row, s) + unit]; }
  carry[at] = select(back, 0.0, isKept || has(${flag.zeroOutputForMask}u));
  return back;
}
fn holdBack(row: u32, unit: u32, s: u32, dh: f32) {
  let at = gatesAt(row, s) + unit;
  ${each(all, (plane) => `dz[at + ${plane}u * call.units] = 0.0;`)}
  carry[row * call.units + unit] = dh;
  outputBack(row, unit, s, false);
}
fn retreat(row: u32, unit: u32, s: u32, back: f32) {
  let at = gatesAt(row, s) + unit;
  let stateIndex = stateAt(row, s) + unit;
  let before = states[stateIndex];
  let dh = back + outputBack(row, unit, s, true);
  ${each(all, (plane) => `let y${plane} = gates[at + ${plane}u * call.units];`)}
  ${each(own, (plane) => `var d${plane}: f32;`)}
  var bypass = 0.0;
  ${S === 2 ? memoryText : ""}
  ${backward}
  ${each(own, put)}
  carry[row * call.units + unit] = bypass;
  ${S === 2 ? "carry[memoryIndex] = dc;" : ""}
}
${
  backwardSecond === undefined
    ? ""
    : `
fn retreatSecond(row: u32, unit: u32, s: u32, dq: f32) {
  let at = gatesAt(row, s) + unit;
  let before = states[stateAt(row, s) + unit];
  let factor = factorOf(row, unit, 2u);
  let y1 = gates[at + call.units];
  var bypass = carry[row * call.units + unit];
  var d1: f32;
  ${backwardSecond}
  ${put(1)}
  carry[row * call.units + unit] = bypass;
}`
}`;
}

const memoryText = `
let memoryIndex = (call.batch + row) * call.units + unit;
var dc = carry[memoryIndex];
let memory = states[stateIndex + call.batch * call.units];
let after = states[stateAt(row, s + 1u) + call.batch * call.units + unit];`;
