// SimpleRNN: h' = act(x·W + h·U + b), panels of 16 units.
import { activateRows, derivative } from "./activations";
import * as J from "./job";
import { listRows, rowIn, rowList } from "./rows";
import { outputRow, outputStep, putDropped, putLanes, skipMasked, unitsBefore } from "./state";
import { listedRows } from "./tile";
import { rowsFromWords } from "./words";

export function simpleStep(j: usize, block: i32, t: i32): void {
  const I = J.I(j), H = J.H(j), Hp = J.Hp(j), rows = listRows(j, block, t), K = I + H;
  const row = J.xhRow(j), gateRow = J.gateRow(j), list = rowList(j, block);
  const xh = J.xhAt(j, block, t), gates = J.gatesAt(j, block, t);
  for (let u = 0; u < Hp; u += 16) {
    const n = min(4, (Hp - u) >> 2), w = J.weights(j) + ((<usize>K * u) << 2), bias = J.biases(j) + (u << 2);
    if (J.wordOf(j)) {
      const h = w + (<usize>(I * n) << 4);
      rowsFromWords(n, j, block, list, rows, xh, row, h, unitsBefore(j, t), u << 2, gates + (u << 2), gateRow);
    } else listedRows(n, list, rows, xh, row, w, I + unitsBefore(j, t), bias, 0, gates + (u << 2), gateRow);
    for (let v = 0; v < n; v++) activateRows(J.activation(j), list, rows, gates + ((u + (v << 2)) << 2), gateRow);
    if (list) units(true, j, block, t, u, n, list, rows);
    else units(false, j, block, t, u, n, 0, rows);
  }
  skipMasked(j, block, t);
}

// @ts-ignore: decorator
@inline function units(listed: bool, j: usize, block: i32, t: i32, first: i32, n: i32, list: usize, rows: i32): void {
  const b0 = J.firstRow(j, block), H = J.H(j), row = J.xhRow(j), dropped = J.dropGates(j) != 0;
  const gateRow = J.gateRow(j), rawRow = J.rawRow(j), last = first + (n << 2);
  const gates = J.gatesAt(j, block, t), raws = J.rawAt(j, block, t + 1), outs = outputRow(j, t, b0);
  const outStep = outs ? outputStep(j) : 0;
  let z = gates, raw = raws, out = outs;
  for (let i = 0; i < rows; i++) {
    const r = listed ? rowIn(list, i) : i;
    if (listed) { z = gates + r * gateRow; raw = raws + r * rawRow; out = outs + r * outStep; }
    for (let u = first; u < last; u += 4) {
      const h = v128.load(z + (u << 2));
      v128.store(raw + (u << 2), h);
      if (dropped) putDropped(j, u, h, J.xhAt(j, block, t + 1) + r * row, J.drop(j) + (b0 + r) * row);
      if (outs) putLanes(out + (u << 2), h, H - u);
    }
    if (!listed) { z += gateRow; raw += rawRow; out += outStep; }
  }
}

/** dz = dh·act'(h'). */
// @ts-ignore
@inline export function simpleGateGradients(act: i32, dh: v128, lanes: v128, h: usize, dz: usize): void {
  v128.store(dz, v128.and(lanes, f32x4.mul(dh, derivative(act, v128.load(h)))));
}
