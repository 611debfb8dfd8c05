// The weight gradients of a chunk of steps, once it is done and while it is in cache: dW = [x | h]ᵀ · dz over the rows
// of all its steps at once, a longer sum than a step's. Each block adds its own, in its own memory and in the
// order of its steps; unpackGradients adds the blocks' up in their order. So no sum depends on which thread
// was first, and results are the same bit for bit with any number of them.
import { dzAt, perGateDropout, rowInputs, xhAt } from "./buffers";
import { gateColumns, jointColumns, vectorsAt } from "./columns";
import { Descriptor, ResetMode } from "./descriptor";
import { columns4PerGate, columnsN, sumRows } from "./gemm-columns";
import { firstRow, rowsBefore } from "./rows";

/** Adds the gradients of steps t0 .. t0+steps, a chunk's, to the block's weight gradients. */
export function weightGradients(d: Descriptor, block: i32, t0: i32, steps: i32): void {
  const I = d.I;
  const H = d.H;
  const Hp = d.Hp;
  const J = d.jointGates;
  const joint = jointColumns(d);
  const all = gateColumns(d);
  const a = xhAt(d, block, t0);
  const dz = dzAt(d, block, t0);
  const inputs = rowInputs(d);
  const row = d.xhRow;
  const dzRow = d.dzRow;
  // Rows of a chunk's steps lie behind each other, in xh as in dz: K of them, one long sum.
  const K = rowsBefore(d, block, t0 + steps) - rowsBefore(d, block, t0);
  const dw = d.dw + <usize>block * (I + H + 1) * d.dwRow;
  const hidden = dw + <usize>I * d.dwRow;
  if (d.resetMode == ResetMode.NONE) {
    // [x | h] against the same columns: one product. Where tokens are multiplied, rows hold no x, and dw's rows of x
    // are skipped.
    outer(d, block, a, row, inputs + H, dz, dzRow, 0, joint, K, hidden - <usize>inputs * d.dwRow, J);
  } else {
    const h = a + (inputs << 2);
    // Joint gates against x and h; the candidate's halves each against its own operand.
    const candidate = perGateDropout(d) ? J * d.xhGate : 0;
    outer(d, block, a, row, inputs, dz, dzRow, 0, joint, K, dw, J);
    outer(d, block, a + candidate, row, inputs, dz, dzRow, joint, all, K, dw, 1);
    outer(d, block, h, row, H, dz, dzRow, 0, joint, K, hidden, J);
    if (d.resetMode == ResetMode.AFTER) {
      outer(d, block, h + candidate, row, H, dz, dzRow, all, all + Hp, K, hidden, 1);
    } else {
      // Behind h lies r·h, which was made of the candidate's variant of h.
      outer(d, block, h + (Hp << 2), row, H, dz, dzRow, joint, all, K, hidden, 1);
    }
  }
  // db = Σ dz over the rows.
  const sums = dw + <usize>(I + H) * d.dwRow;
  for (let q = 0; q < d.dzColumns; q += 16) sumRows(dz + (q << 2), dzRow, K, sums + (q << 2));
}

/**
 * dw[p][q] += Σ_k a[k][p]·dz[k][q] for p < n, columns first..last. With dropout masks a gate, vector v of the
 * columns reads the variant v % period of a: gates take turns in the joint columns, and a candidate's are one.
 */
export function outer(
  d: Descriptor,
  block: i32,
  a: usize,
  row: i32,
  n: i32,
  dz: usize,
  dzRow: i32,
  first: i32,
  last: i32,
  K: i32,
  dw: usize,
  period: i32,
): void {
  const dwRow = d.dwRow;
  // Long rows lie on a page each, more pages than a processor has at hand: the panel is copied together.
  const packed = dzRow > 2048 && n > 16;
  const panel = d.panel + <usize>firstRow(d, block) * d.timeChunk * 64;
  const wRow = packed ? 64 : dzRow;
  const gate = perGateDropout(d) && period > 1 ? d.xhGate : 0;
  for (let q = first; q < last; q += 16) {
    const v = vectorsAt(q, last);
    const w = packed ? panel : dz + (q << 2);
    // 16 columns of all rows, 64 bytes each, are then used for every pair of columns of A, out of L1.
    if (packed) copyPanel(dz + (q << 2), dzRow, K, panel);
    for (let p = 0; p < n; p += 2) {
      const s = min(p + 1, n - 1);
      const a0 = a + (p << 2);
      const a1 = a + (s << 2);
      const out0 = dw + p * dwRow + (q << 2);
      const out1 = dw + s * dwRow + (q << 2);
      if (gate == 0) columnsN(v, a0, a1, row, w, wRow, K, out0, out1);
      else if (v == 4) columns4PerGate(a0, a1, row, w, wRow, K, gate, period, out0, out1);
      else {
        for (let i = 0; i < v; i++) {
          const to = i << 4;
          const from = (i % period) * gate;
          columnsN(1, a0 + from, a1 + from, row, w + to, wRow, K, out0 + to, out1 + to);
        }
      }
    }
  }
}

/** 16 columns of K rows, whatever stands in those beyond the last. */
function copyPanel(from: usize, row: i32, K: i32, to: usize): void {
  for (let k = 0; k < K; k++) {
    v128.store(to, v128.load(from));
    v128.store(to, v128.load(from, 16), 16);
    v128.store(to, v128.load(from, 32), 32);
    v128.store(to, v128.load(from, 48), 48);
    from += row;
    to += 64;
  }
}
