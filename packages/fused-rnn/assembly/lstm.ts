// LSTM. Panels of four units hold their i, f, c and o beside each other, so that one tile gives all
// four gates of four units, and the cell's pass over it finds them in L1.
import { activateRows, derivative, mad } from "./activations";
import { flushed } from "./flush";
import * as J from "./job";
import { listRows, rowIn, rowList } from "./rows";
import { outputRow, outputStep, putDropped, putLanes, skipMasked, unitsBefore } from "./state";
import { gatedRows4, listedRows } from "./tile";
import { rowsFromWords } from "./words";

export function lstmStep(j: usize, block: i32, t: i32): void {
  const I = J.I(j), H = J.H(j), Hp = J.Hp(j), rows = listRows(j, block, t), K = I + H;
  const row = J.xhRow(j), gateRow = J.gateRow(j), gated = J.dropGates(j) > 1, list = rowList(j, block);
  const xh = J.xhAt(j, block, t), gates = J.gatesAt(j, block, t);
  let w = J.weights(j), bias = J.biases(j);
  for (let u = 0; u < Hp; u += 4) {
    const z = gates + (u << 4);
    if (gated) gatedRows4(xh, row, J.rowsOf(j, block), w, K, J.xhGate(j), bias, z, gateRow);
    else if (J.wordOf(j)) rowsFromWords(4, j, block, list, rows, xh, row, w + (I << 6), unitsBefore(j, t), u << 4, z, gateRow);
    else listedRows(4, list, rows, xh, row, w, I + unitsBefore(j, t), bias, 0, z, gateRow);
    units(j, block, t, u, list, rows);
    w += K << 6; bias += 64;
  }
  skipMasked(j, block, t);
}

/**
 *     c' = f·c + i·g      h' = o·act(c')
 *
 * Gates of all rows first, then c, then act(c), then h: activations are applied to several rows at once.
 */
function units(j: usize, block: i32, t: i32, u: i32, list: usize, rows: i32): void {
  if (list) unitsOf(true, j, block, t, u, list, rows);
  else unitsOf(false, j, block, t, u, 0, rows);
}
// @ts-ignore: decorator
@inline function unitsOf(listed: bool, j: usize, block: i32, t: i32, u: i32, list: usize, rows: i32): void {
  const b0 = J.firstRow(j, block), n = J.H(j) - u, act = J.activation(j), rec = J.recurrentActivation(j);
  const dropped = J.dropGates(j) != 0;
  const gateRow = J.gateRow(j), rawRow = J.rawRow(j), row = J.xhRow(j), cRow = J.Hp(j) << 2;
  const gates = J.gatesAt(j, block, t) + (u << 4), states = J.acAt(j, block, t) + (u << 2);
  activateRows(rec, list, rows, gates, gateRow);
  activateRows(rec, list, rows, gates + 16, gateRow);
  activateRows(act, list, rows, gates + 32, gateRow);
  activateRows(rec, list, rows, gates + 48, gateRow);
  const befores = J.cAt(j, block, t) + (u << 2), afters = J.cAt(j, block, t + 1) + (u << 2);
  let z = gates, ac = states, c0 = befores, c1 = afters;
  for (let i = 0; i < rows; i++) {
    if (listed) {
      const r = rowIn(list, i), at = r * cRow;
      z = gates + r * gateRow; ac = states + at; c0 = befores + at; c1 = afters + at;
    }
    const c = mad(v128.load(z, 16), v128.load(c0), f32x4.mul(v128.load(z), v128.load(z, 32)));
    v128.store(ac, c);
    v128.store(c1, c);
    if (!listed) { z += gateRow; ac += cRow; c0 += cRow; c1 += cRow; }
  }
  activateRows(act, list, rows, states, cRow);
  const raws = J.rawAt(j, block, t + 1) + (u << 2), given = outputRow(j, t, b0);
  const outs = given ? given + (u << 2) : 0, outStep = given ? outputStep(j) : 0;
  let raw = raws, out = outs;
  z = gates; ac = states;
  for (let i = 0; i < rows; i++) {
    const r = listed ? rowIn(list, i) : i;
    if (listed) { z = gates + r * gateRow; ac = states + r * cRow; raw = raws + r * rawRow; out = outs + r * outStep; }
    const h = f32x4.mul(v128.load(z, 48), v128.load(ac));
    v128.store(raw, h);
    if (dropped) putDropped(j, u, h, J.xhAt(j, block, t + 1) + r * row, J.drop(j) + (b0 + r) * row);
    if (outs) putLanes(out, h, n);
    if (!listed) { z += gateRow; ac += cRow; raw += rawRow; out += outStep; }
  }
}

/**
 * Gradients of the pre-activations of units u.. of a row from dh (output gradient included) and dc,
 * which it replaces by the gradient of the previous c. All pointers are at the units.
 *
 *     do = dh·a        dc += dh·o·act'(a)       a = act(c)
 *     di = dc·g   df = dc·c_prev   dg = dc·i    dc_prev = dc·f
 */
// @ts-ignore
@inline export function lstmGateGradients(
  act: i32, rec: i32, dh: v128, lanes: v128, least: v128, z: usize, ac: usize, before: usize, dcAt: usize, dz: usize,
): void {
  const i = v128.load(z), f = v128.load(z, 16), g = v128.load(z, 32), o = v128.load(z, 48);
  const y = v128.load(ac);
  const dc = flushed(mad(f32x4.mul(dh, o), derivative(act, y), v128.load(dcAt)), least);
  v128.store(dz, v128.and(lanes, f32x4.mul(f32x4.mul(dc, g), derivative(rec, i))));
  v128.store(dz, v128.and(lanes, f32x4.mul(f32x4.mul(dc, v128.load(before)), derivative(rec, f))), 16);
  v128.store(dz, v128.and(lanes, f32x4.mul(f32x4.mul(dc, i), derivative(act, g))), 32);
  v128.store(dz, v128.and(lanes, f32x4.mul(f32x4.mul(dh, y), derivative(rec, o))), 48);
  v128.store(dcAt, v128.and(lanes, f32x4.mul(dc, f)));
}
