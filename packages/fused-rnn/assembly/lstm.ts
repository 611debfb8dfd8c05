// LSTM. Panels of four units hold their i, f, c and o beside each other, so that one tile gives all
// four gates of four units, and the cell's pass over it finds them in L1.
import { activateRows, derivative, mad } from "./activations";
import { flushed } from "./flush";
import * as J from "./job";
import { isMasked, outputRow, outputStep, putDropped, putLanes, skipRow } from "./state";
import { gatedRows4, rowsN } from "./tile";

export function lstmStep(j: usize, block: i32, t: i32): void {
  const I = J.I(j), H = J.H(j), Hp = J.Hp(j), rows = J.rowsOf(j, block), K = I + H;
  const row = J.xhRow(j), gateRow = J.gateRow(j), gated = J.dropGates(j) > 1;
  const xh = J.xhAt(j, block, t), gates = J.gatesAt(j, block, t);
  let w = J.weights(j), bias = J.biases(j);
  for (let u = 0; u < Hp; u += 4) {
    const z = gates + (u << 4);
    if (gated) gatedRows4(xh, row, rows, w, K, J.xhGate(j), bias, z, gateRow);
    else rowsN(4, xh, row, rows, w, K, bias, 0, z, gateRow);
    units(j, block, t, u);
    w += K << 6; bias += 64;
  }
  if (J.mask(j) != 0) {
    for (let r = 0; r < rows; r++) if (isMasked(j, t, J.firstRow(j, block) + r)) skipRow(j, block, t, r);
  }
}

/**
 *     c' = f·c + i·g      h' = o·act(c')
 *
 * Gates of all rows first, then c, then act(c), then h: activations are applied to several rows at once.
 */
function units(j: usize, block: i32, t: i32, u: i32): void {
  const rows = J.rowsOf(j, block), b0 = J.firstRow(j, block), n = J.H(j) - u;
  const act = J.activation(j), rec = J.recurrentActivation(j), masked = J.mask(j) != 0;
  const dropped = J.dropGates(j) != 0;
  const gateRow = J.gateRow(j), rawRow = J.rawRow(j), row = J.xhRow(j), cRow = J.Hp(j) << 2;
  const gates = J.gatesAt(j, block, t) + (u << 4), states = J.acAt(j, block, t) + (u << 2);
  activateRows(rec, gates, gateRow, rows);
  activateRows(rec, gates + 16, gateRow, rows);
  activateRows(act, gates + 32, gateRow, rows);
  activateRows(rec, gates + 48, gateRow, rows);
  let z = gates, ac = states;
  let c0 = J.cAt(j, block, t) + (u << 2), c1 = J.cAt(j, block, t + 1) + (u << 2);
  for (let r = 0; r < rows; r++) {
    const c = mad(v128.load(z, 16), v128.load(c0), f32x4.mul(v128.load(z), v128.load(z, 32)));
    v128.store(ac, c);
    if (!masked || !isMasked(j, t, b0 + r)) v128.store(c1, c);
    z += gateRow; c0 += cRow; c1 += cRow; ac += cRow;
  }
  activateRows(act, states, cRow, rows);
  z = gates; ac = states;
  let raw = J.rawAt(j, block, t + 1) + (u << 2);
  let out = outputRow(j, t, b0);
  const outStep = out ? outputStep(j) : 0;
  if (out) out += u << 2;
  for (let r = 0; r < rows; r++) {
    if (!masked || !isMasked(j, t, b0 + r)) {
      const h = f32x4.mul(v128.load(z, 48), v128.load(ac));
      v128.store(raw, h);
      if (dropped) putDropped(j, u, h, J.xhAt(j, block, t + 1) + r * row, J.drop(j) + (b0 + r) * row);
      if (out) putLanes(out, h, n);
    }
    z += gateRow; ac += cRow; raw += rawRow; out += outStep;
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
