// SimpleRNN: h' = act(x·W + h·U + b), panels of 16 units.
import { TANH, activate, derivative, tanh } from "./activations";
import * as J from "./job";
import { isMasked, outputRow, putLanes, putState, skipRow } from "./state";
import { rowsN } from "./tile";

export function simpleStep(j: usize, block: i32, t: i32): void {
  const I = J.I(j), H = J.H(j), Hp = J.Hp(j), rows = J.rowsOf(j, block), K = I + H;
  const row = J.xhRow(j), gateRow = J.gateRow(j);
  const xh = J.xhAt(j, block, t), gates = J.gatesAt(j, block, t);
  for (let u = 0; u < Hp; u += 16) {
    const n = min(4, (Hp - u) >> 2), w = J.weights(j) + ((<usize>K * u) << 2), bias = J.biases(j) + (u << 2);
    for (let r = 0; r < rows; r += 2) {
      const s = min(r + 1, rows - 1);
      rowsN(n, xh + r * row, xh + s * row, w, K, bias, bias, gates + r * gateRow + (u << 2), gates + s * gateRow + (u << 2));
    }
    if (J.activation(j) == TANH) tanhUnits(j, block, t, u, n);
    else anyUnits(j, block, t, u, n);
  }
  if (J.mask(j) != 0) {
    for (let r = 0; r < rows; r++) if (isMasked(j, t, J.firstRow(j, block) + r)) skipRow(j, block, t, r);
  }
}

// @ts-ignore: decorator
@inline function units(fast: bool, j: usize, block: i32, t: i32, first: i32, n: i32): void {
  const rows = J.rowsOf(j, block), b0 = J.firstRow(j, block), H = J.H(j), row = J.xhRow(j);
  const raw = J.rawAt(j, block, t + 1), xh = J.xhAt(j, block, t + 1);
  const gates = J.gatesAt(j, block, t), drop = J.drop(j) + b0 * row;
  const masked = J.mask(j) != 0;
  for (let r = 0; r < rows; r++) {
    if (masked && isMasked(j, t, b0 + r)) continue;
    const out = outputRow(j, t, b0 + r), z = gates + r * J.gateRow(j);
    for (let u = first; u < first + (n << 2); u += 4) {
      const s = v128.load(z + (u << 2));
      const h = fast ? tanh(s) : activate(J.activation(j), s);
      putState(j, u, h, raw + r * J.rawRow(j), xh + r * row, drop + r * row);
      if (out) putLanes(out + (u << 2), h, H - u);
    }
  }
}
function tanhUnits(j: usize, block: i32, t: i32, u: i32, n: i32): void { units(true, j, block, t, u, n); }
function anyUnits(j: usize, block: i32, t: i32, u: i32, n: i32): void { units(false, j, block, t, u, n); }

/** dz = dh·act'(h'). */
// @ts-ignore
@inline export function simpleGateGradients(j: usize, block: i32, t: i32, r: i32, u: i32, dh: v128): void {
  const h = v128.load(J.rawAt(j, block, t + 1) + r * J.rawRow(j) + (u << 2));
  const dz = J.dzAt(j, block, t) + r * J.dzRow(j) + (u << 2);
  v128.store(dz, v128.and(v128.load(J.lanes(j) + (u << 2)), f32x4.mul(dh, derivative(J.activation(j), h))));
}
