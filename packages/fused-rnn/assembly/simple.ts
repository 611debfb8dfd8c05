// SimpleRNN: h' = act(x·W + h·U + b), panels of 16 units.
import { activateRows, derivative } from "./activations";
import * as J from "./job";
import { isMasked, outputRow, outputStep, putDropped, putLanes, skipRow } from "./state";
import { rowsN } from "./tile";

export function simpleStep(j: usize, block: i32, t: i32): void {
  const I = J.I(j), H = J.H(j), Hp = J.Hp(j), rows = J.rowsOf(j, block), K = I + H;
  const row = J.xhRow(j), gateRow = J.gateRow(j);
  const xh = J.xhAt(j, block, t), gates = J.gatesAt(j, block, t);
  for (let u = 0; u < Hp; u += 16) {
    const n = min(4, (Hp - u) >> 2), w = J.weights(j) + ((<usize>K * u) << 2), bias = J.biases(j) + (u << 2);
    rowsN(n, xh, row, rows, w, K, bias, 0, gates + (u << 2), gateRow);
    for (let v = 0; v < n; v++) activateRows(J.activation(j), gates + ((u + (v << 2)) << 2), gateRow, rows);
    units(j, block, t, u, n);
  }
  if (J.mask(j) != 0) {
    for (let r = 0; r < rows; r++) if (isMasked(j, t, J.firstRow(j, block) + r)) skipRow(j, block, t, r);
  }
}

function units(j: usize, block: i32, t: i32, first: i32, n: i32): void {
  const rows = J.rowsOf(j, block), b0 = J.firstRow(j, block), H = J.H(j), row = J.xhRow(j);
  const masked = J.mask(j) != 0, dropped = J.dropGates(j) != 0;
  const gateRow = J.gateRow(j), rawRow = J.rawRow(j), last = first + (n << 2);
  let z = J.gatesAt(j, block, t), raw = J.rawAt(j, block, t + 1), out = outputRow(j, t, b0);
  const outStep = out ? outputStep(j) : 0;
  for (let r = 0; r < rows; r++) {
    if (!masked || !isMasked(j, t, b0 + r)) {
      for (let u = first; u < last; u += 4) {
        const h = v128.load(z + (u << 2));
        v128.store(raw + (u << 2), h);
        if (dropped) putDropped(j, u, h, J.xhAt(j, block, t + 1) + r * row, J.drop(j) + (b0 + r) * row);
        if (out) putLanes(out + (u << 2), h, H - u);
      }
    }
    z += gateRow; raw += rawRow; out += outStep;
  }
}

/** dz = dh·act'(h'). */
// @ts-ignore
@inline export function simpleGateGradients(act: i32, dh: v128, lanes: v128, h: usize, dz: usize): void {
  v128.store(dz, v128.and(lanes, f32x4.mul(dh, derivative(act, v128.load(h)))));
}
