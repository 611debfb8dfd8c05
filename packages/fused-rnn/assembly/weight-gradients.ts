// The weight gradients of a tile of steps, once it is done and while it is in cache.
import { dzColumns } from "./gradient";
import * as J from "./job";
import { columnsN, gatedColumns4, sumRows } from "./tile";
import { vectorsAt } from "./weights";

/** Adds the gradients of steps t0 .. t0+steps, a tile's, to the block's weight gradients. */
export function weightGradients(j: usize, block: i32, t0: i32, steps: i32): void {
  const I = J.I(j), H = J.H(j), Hp = J.Hp(j), cell = J.CELL(j);
  const a = J.xhAt(j, block, t0), dz = J.dzAt(j, block, t0);
  const K = J.rowsBefore(j, block, t0 + steps) - J.rowsBefore(j, block, t0);
  const dw = J.dw(j) + <usize>block * (I + H + 1) * J.dwRow(j), hidden = dw + <usize>I * J.dwRow(j);
  const inputs = J.rowInputs(j), h = a + (inputs << 2), row = J.xhRow(j), dzRow = J.dzRow(j);
  if (cell == J.LSTM || cell == J.SIMPLE) {
    outer(j, block, a, row, inputs + H, dz, dzRow, 0, dzColumns(j), K, hidden - <usize>inputs * J.dwRow(j), 0);
  } else {
    outer(j, block, a, row, inputs, dz, dzRow, 0, 2 * Hp, K, dw, 1);
    outer(j, block, a, row, inputs, dz, dzRow, 2 * Hp, 3 * Hp, K, dw, 2);
    outer(j, block, h, row, H, dz, dzRow, 0, 2 * Hp, K, hidden, 1);
    if (cell == J.GRU_AFTER) outer(j, block, h, row, H, dz, dzRow, 3 * Hp, 4 * Hp, K, hidden, 2);
    else outer(j, block, h + (Hp << 2), row, H, dz, dzRow, 2 * Hp, 3 * Hp, K, hidden, 3);
  }
  const sums = dw + <usize>(I + H) * J.dwRow(j);
  for (let q = 0; q < dzColumns(j); q += 16) sumRows(dz + (q << 2), J.dzRow(j), K, sums + (q << 2));
}

/**
 * dw[p][q] += Σ_k a[k][p]·dz[k][q] for p < n, columns first..last. `gates` tells which dropout
 * variant a vector of columns reads: 0 i f c o in turn, 1 z r in turn, 2 the candidate's, 3 none.
 */
export function outer(
  j: usize, block: i32, a: usize, row: i32, n: i32, dz: usize, dzRow: i32, first: i32, last: i32, K: i32, dw: usize, gates: i32,
): void {
  const dwRow = J.dwRow(j);
  // Long rows lie on a page each, more pages than a processor has at hand: the panel is copied together.
  const packed = dzRow > 2048 && n > 16, panel = J.panel(j) + <usize>J.firstRow(j, block) * J.tile(j) * 64;
  const wRow = packed ? 64 : dzRow;
  const gate = J.dropGates(j) > 1 && gates != 3 ? J.xhGate(j) : 0;
  const o0 = gates == 2 ? 2 * gate : 0, o1 = gates == 2 ? o0 : gate;
  const o2 = gates == 1 ? 0 : 2 * gate, o3 = gates == 1 ? gate : gates == 2 ? o0 : 3 * gate;
  for (let q = first; q < last; q += 16) {
    const v = vectorsAt(q, last), w = packed ? panel : dz + (q << 2);
    if (packed) copyPanel(dz + (q << 2), dzRow, K, panel);
    for (let p = 0; p < n; p += 2) {
      const s = min(p + 1, n - 1);
      const a0 = a + (p << 2), a1 = a + (s << 2);
      const out0 = dw + p * dwRow + (q << 2), out1 = dw + s * dwRow + (q << 2);
      if (gate == 0) columnsN(v, a0, a1, row, w, wRow, K, out0, out1);
      else if (v == 4) gatedColumns4(a0, a1, row, w, wRow, K, o0, o1, o2, o3, out0, out1);
      else {
        columnsN(1, a0 + o0, a1 + o0, row, w, wRow, K, out0, out1);
        if (v > 1) columnsN(1, a0 + o1, a1 + o1, row, w + 16, wRow, K, out0 + 16, out1 + 16);
        if (v > 2) columnsN(1, a0 + o2, a1 + o2, row, w + 32, wRow, K, out0 + 32, out1 + 32);
      }
    }
  }
}

/** 16 columns of K rows, whatever stands in those beyond the last. */
function copyPanel(from: usize, row: i32, K: i32, to: usize): void {
  for (let k = 0; k < K; k++) {
    v128.store(to, v128.load(from)); v128.store(to, v128.load(from, 16), 16);
    v128.store(to, v128.load(from, 32), 32); v128.store(to, v128.load(from, 48), 48);
    from += row; to += 64;
  }
}
