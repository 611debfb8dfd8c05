// GRU. Panels of four units hold z, r and the candidate's weights beside each other; gate values
// are kept 16 floats for four units: z, r, candidate, and (reset after) its recurrent part.
import { activateRows, derivative, mad } from "./activations";
import * as J from "./job";
import { distance, isMasked, listRows, rowIn, rowList } from "./rows";
import { outputRow, outputStep, putDropped, putLanes, skipMasked, unitsBefore } from "./state";
import {
  gruAfterGatedRows, gruAfterRows, gruBeforeCandidate, gruBeforeGatedRows, gruBeforeRows, gruListedSums,
} from "./tile";
import { baseOf, basesOf } from "./words";

export function gruStep(j: usize, block: i32, t: i32): void {
  const I = J.I(j), H = J.H(j), Hp = J.Hp(j), rows = listRows(j, block, t), list = rowList(j, block);
  const row = J.xhRow(j), gateRow = J.gateRow(j), gated = J.dropGates(j) > 1, gate = J.xhGate(j);
  const xh = J.xhAt(j, block, t), gates = J.gatesAt(j, block, t), after = J.CELL(j) == J.GRU_AFTER;
  const panel = ((I + H) * 12) << 2, rec = J.recurrentActivation(j), units = unitsBefore(j, t);
  const inputs = J.rowInputs(j), words = J.wordOf(j) != 0, bases = basesOf(j, block);
  for (let u = 0; u < Hp; u += 4) {
    const z = gates + (u << 4), bias = J.biases(j) + (u << 4);
    const w = J.weights(j) + (u >> 2) * panel + (I - inputs) * 48;
    if (list == 0 && words) gruListedSums(after, xh, row, rows, w, units, bases, u << 4, z, gateRow);
    else if (list) {
      for (let i = 0; i < rows; i += 2) {
        const r = rowIn(list, i), pair = min(2, rows - i), d = distance(list, i, rows);
        const sums = words ? baseOf(j, block, r) + (u << 4) : bias;
        const next = words ? <i32>(baseOf(j, block, r + d) + (u << 4) - sums) : 0;
        gateSums(after, gated, xh + r * row, d * row, pair, w, inputs, units, gate, sums, next, z + r * gateRow, d * gateRow);
      }
    } else gateSums(after, gated, xh, row, rows, w, inputs, units, gate, bias, 0, z, gateRow);
    activateRows(rec, list, rows, z, gateRow);
    activateRows(rec, list, rows, z + 16, gateRow);
    if (after) afterStates(j, block, t, u, list, rows);
    else resetUnits(j, block, t, u, list, rows);
  }
  if (!after) {
    const reset = (inputs + Hp) << 2;
    for (let u = 0; u < Hp; u += 4) {
      const w = J.weights(j) + (u >> 2) * panel + (I * 48) + 32;
      const at = gates + (u << 4) + 32;
      if (list) {
        for (let i = 0; i < rows; i += 2) {
          const r = rowIn(list, i), d = distance(list, i, rows);
          gruBeforeCandidate(xh + reset + r * row, d * row, min(2, rows - i), w, units, at + r * gateRow, d * gateRow);
        }
      } else gruBeforeCandidate(xh + reset, row, rows, w, units, at, gateRow);
      beforeStates(j, block, t, u, list, rows);
    }
  }
  skipMasked(j, block, t);
}

/** Sums of the gates of `rows` rows. */
function gateSums(
  after: bool, gated: bool, a: usize, aRow: i32, rows: i32, w: usize, I: i32, H: i32, gate: i32,
  bias: usize, biasRow: i32, out: usize, outRow: i32,
): void {
  if (after) {
    if (gated) gruAfterGatedRows(a, aRow, rows, w, I, H, gate, bias, out, outRow);
    else gruAfterRows(a, aRow, rows, w, I, H, bias, biasRow, out, outRow);
  } else if (gated) gruBeforeGatedRows(a, aRow, rows, w, I, H, gate, bias, out, outRow);
  else gruBeforeRows(a, aRow, rows, w, I, H, bias, biasRow, out, outRow);
}

function afterStates(j: usize, block: i32, t: i32, u: i32, list: usize, rows: i32): void {
  if (list) newStates(true, true, j, block, t, u, list, rows);
  else newStates(true, false, j, block, t, u, 0, rows);
}
function beforeStates(j: usize, block: i32, t: i32, u: i32, list: usize, rows: i32): void {
  if (list) newStates(false, true, j, block, t, u, list, rows);
  else newStates(false, false, j, block, t, u, 0, rows);
}

/**
 *     c = act(s)     h' = z·h + (1 - z)·c
 *
 * s is xc + r·hc with reset after, and xc + (r·h)·U with reset before.
 */
// @ts-ignore: decorator
@inline function newStates(after: bool, listed: bool, j: usize, block: i32, t: i32, u: i32, list: usize, rows: i32): void {
  const b0 = J.firstRow(j, block), n = J.H(j) - u, dropped = J.dropGates(j) != 0;
  const gateRow = J.gateRow(j), rawRow = J.rawRow(j), row = J.xhRow(j);
  const gates = J.gatesAt(j, block, t) + (u << 4);
  let g = gates;
  for (let i = 0; after && i < rows; i++) {
    if (listed) g = gates + rowIn(list, i) * gateRow;
    v128.store(g, mad(v128.load(g, 16), v128.load(g, 48), v128.load(g, 32)), 32);
    if (!listed) g += gateRow;
  }
  activateRows(J.activation(j), list, rows, gates + 32, gateRow);
  const befores = J.rawAt(j, block, t) + (u << 2), raws = J.rawAt(j, block, t + 1) + (u << 2);
  const given = outputRow(j, t, b0), outs = given ? given + (u << 2) : 0, outStep = given ? outputStep(j) : 0;
  let before = befores, raw = raws, out = outs;
  g = gates;
  for (let i = 0; i < rows; i++) {
    const r = listed ? rowIn(list, i) : i;
    if (listed) { g = gates + r * gateRow; before = befores + r * rawRow; raw = raws + r * rawRow; out = outs + r * outStep; }
    const c = v128.load(g, 32), h = mad(v128.load(g), f32x4.sub(v128.load(before), c), c);
    v128.store(raw, h);
    if (dropped) putDropped(j, u, h, J.xhAt(j, block, t + 1) + r * row, J.drop(j) + (b0 + r) * row);
    if (outs) putLanes(out, h, n);
    if (!listed) { g += gateRow; before += rawRow; raw += rawRow; out += outStep; }
  }
}

/** The state that the candidate sees: with dropout, its own variant. */
// @ts-ignore
@inline function candidateState(j: usize, block: i32, t: i32, r: i32): usize {
  const variant = J.dropGates(j) > 1 ? 2 * J.xhGate(j) : 0;
  return J.xhAt(j, block, t) + variant + r * J.xhRow(j) + (J.rowInputs(j) << 2);
}

/** Reset before: the reset state r·h behind [x | h]. */
function resetUnits(j: usize, block: i32, t: i32, u: i32, list: usize, rows: i32): void {
  const lanes = v128.load(J.lanes(j) + (u << 2));
  const gates = J.gatesAt(j, block, t) + (u << 4);
  const resets = J.xhAt(j, block, t) + ((J.rowInputs(j) + J.Hp(j) + u) << 2);
  for (let i = 0; i < rows; i++) {
    const r = rowIn(list, i), k = v128.load(gates + r * J.gateRow(j), 16);
    const h = v128.load(candidateState(j, block, t, r) + (u << 2));
    v128.store(resets + r * J.xhRow(j), v128.and(lanes, f32x4.mul(k, h)));
  }
}

/**
 * Gradients of the pre-activations of units u.. of a row from dh; the row of dz is laid out
 * [z r of four units]…, [xc]…, [hc]…, all other pointers are at the units.
 *
 *     dz = dh·(h - c)   dc = dh·(1 - z)   direct dh_prev = dh·z
 *     reset after:  dxc = dc·act'(c)   dhc = dxc·r   dr = dxc·hc
 */
// @ts-ignore
@inline export function gruGateGradients(
  after: bool, act: i32, rec: i32, Hp: i32, u: i32, dh: v128, lanes: v128, g: usize, before: usize, direct: usize, dz: usize,
): void {
  const z = v128.load(g), k = v128.load(g, 16), c = v128.load(g, 32);
  const dzh = f32x4.mul(dh, z);
  const dxc = f32x4.mul(f32x4.sub(dh, dzh), derivative(act, c));
  const zr = dz + (u << 3), xc = dz + ((2 * Hp + u) << 2);
  v128.store(zr, v128.and(lanes, f32x4.mul(f32x4.mul(dh, f32x4.sub(v128.load(before), c)), derivative(rec, z))));
  v128.store(xc, v128.and(lanes, dxc));
  if (after) {
    v128.store(zr, v128.and(lanes, f32x4.mul(f32x4.mul(dxc, v128.load(g, 48)), derivative(rec, k))), 16);
    v128.store(xc + (Hp << 2), v128.and(lanes, f32x4.mul(dxc, k)));
  }
  v128.store(direct, v128.and(lanes, dzh));
}

/**
 * Reset before, once d(r·h) is in the rows dxh: dr = d(r·h)·h·σ'(r), and the direct part of dh gains
 * d(r·h)·r, through the dropout of the candidate's state.
 */
export function gruResetGradients(j: usize, block: i32, t: i32): void {
  const rows = J.rowsAt(j, block, t), b0 = J.firstRow(j, block), Hp = J.Hp(j), I = J.I(j);
  const variant = J.dropGates(j) > 1 ? 2 : 0;
  for (let r = 0; r < rows; r++) {
    const state = candidateState(j, block, t, r);
    const dz = J.dzAt(j, block, t) + r * J.dzRow(j);
    const dReset = J.dxh(j) + (b0 + r) * J.dxhRow(j);
    for (let u = 0; u < Hp; u += 4) {
      const k = v128.load(J.gatesAt(j, block, t) + r * J.gateRow(j) + (u << 4), 16);
      const d = v128.load(dReset + (u << 2));
      const lanes = v128.load(J.lanes(j) + (u << 2));
      const dr = f32x4.mul(f32x4.mul(d, v128.load(state + (u << 2))), derivative(J.recurrentActivation(j), k));
      const kept = isMasked(j, t, b0 + r) ? f32x4.splat(0) : lanes;
      v128.store(dz + (u << 3), v128.and(kept, dr), 16);
      const direct = J.direct(j) + (((b0 + r) * Hp + u) << 2);
      let through = f32x4.mul(d, k);
      if (J.dropGates(j)) {
        const factor = J.drop(j) + <usize>(variant * J.B(j) + b0 + r) * J.xhRow(j) + ((I + u) << 2);
        through = f32x4.mul(through, v128.load(factor));
      }
      v128.store(direct, f32x4.add(v128.load(direct), v128.and(kept, through)));
    }
  }
}
