// The product of a cell with a reset gate: the sums of z and r run over [x | h], those of the candidate over x, and
// over h apart, since the reset gate comes between the two. One pass over a row of A makes all four: two rows
// at a time times z, r, x and h are eight accumulators, as in gemm.ts, whose parameters these are.
//
//     k of x       z += x·Wz    r += x·Wr    s += x·Wc
//     k of h       z += h·Uz    r += h·Ur                  t += h·Uc       reset after: then s + r·t
//                  z += h·Uz    r += h·Ur    (r·h)·Uc in a second round    reset before
import { mad, splat } from "./lanes";

/**
 * W holds 12 floats a k (z, r, candidate of four units), I rows for x and H for h. Reset before, h's half of the
 * candidate is left to addVector, once r·h is known. `listed`: init is a list of addresses, one a row, and
 * initRow an offset from each.
 */
// biome-ignore format: a line for each gate
// @ts-ignore: decorator
@inline
function gruGates(
  after: bool, perGate: bool, listed: bool, a: usize, aRow: i32, rows: i32, panel: usize, I: i32, H: i32, gate: i32,
  bias: usize, biasRow: i32, out0: usize, outRow: i32,
): void {
  // Two rows of z, r, x and h: eight accumulators. Over x the fourth pair rests, over h the third does.
  for (let left = rows; left > 0; left -= 2) {
    const one = listed ? load<usize>(bias) + biasRow : bias;
    const other = left > 1 ? (listed ? load<usize>(bias, 4) : bias) + biasRow : one;
    let z0 = v128.load(one), r0 = v128.load(one, 16), x0 = v128.load(one, 32), h0 = v128.load(one, 48);
    let z1 = v128.load(other), r1 = v128.load(other, 16), x1 = v128.load(other, 32), h1 = v128.load(other, 48);
    const out1 = left > 1 ? out0 + outRow : out0;
    let a0 = a, a1 = left > 1 ? a + aRow : a, w = panel;
    for (let k = I; k > 0; k--) {
      const s0 = splat(a0), s1 = splat(a1);
      const wz = v128.load(w), wr = v128.load(w, 16), wc = v128.load(w, 32);
      z0 = mad(s0, wz, z0); z1 = mad(s1, wz, z1);
      r0 = mad(perGate ? splat(a0 + gate) : s0, wr, r0); r1 = mad(perGate ? splat(a1 + gate) : s1, wr, r1);
      x0 = mad(perGate ? splat(a0 + 2 * gate) : s0, wc, x0); x1 = mad(perGate ? splat(a1 + 2 * gate) : s1, wc, x1);
      a0 += 4; a1 += 4; w += 48;
    }
    // The panel goes on with h's rows where x's end, and so do the rows [x | h].
    for (let k = H; k > 0; k--) {
      const s0 = splat(a0), s1 = splat(a1);
      const wz = v128.load(w), wr = v128.load(w, 16);
      z0 = mad(s0, wz, z0); z1 = mad(s1, wz, z1);
      r0 = mad(perGate ? splat(a0 + gate) : s0, wr, r0); r1 = mad(perGate ? splat(a1 + gate) : s1, wr, r1);
      if (after) {
        const wc = v128.load(w, 32);
        h0 = mad(perGate ? splat(a0 + 2 * gate) : s0, wc, h0); h1 = mad(perGate ? splat(a1 + 2 * gate) : s1, wc, h1);
      }
      a0 += 4; a1 += 4; w += 48;
    }
    v128.store(out0, z0); v128.store(out0, r0, 16); v128.store(out0, x0, 32);
    v128.store(out1, z1); v128.store(out1, r1, 16); v128.store(out1, x1, 32);
    if (after) { v128.store(out0, h0, 48); v128.store(out1, h1, 48); }
    a += 2 * aRow; bias += listed ? 8 : 2 * biasRow; out0 += 2 * outRow;
  }
}

function gruAfterRows(
  a: usize,
  aRow: i32,
  rows: i32,
  w: usize,
  I: i32,
  H: i32,
  init: usize,
  initRow: i32,
  out: usize,
  outRow: i32,
): void {
  gruGates(true, false, false, a, aRow, rows, w, I, H, 0, init, initRow, out, outRow);
}
function gruAfterPerGate(
  a: usize,
  aRow: i32,
  rows: i32,
  w: usize,
  I: i32,
  H: i32,
  gate: i32,
  init: usize,
  out: usize,
  outRow: i32,
): void {
  gruGates(true, true, false, a, aRow, rows, w, I, H, gate, init, 0, out, outRow);
}
function gruBeforeRows(
  a: usize,
  aRow: i32,
  rows: i32,
  w: usize,
  I: i32,
  H: i32,
  init: usize,
  initRow: i32,
  out: usize,
  outRow: i32,
): void {
  gruGates(false, false, false, a, aRow, rows, w, I, H, 0, init, initRow, out, outRow);
}
function gruBeforePerGate(
  a: usize,
  aRow: i32,
  rows: i32,
  w: usize,
  I: i32,
  H: i32,
  gate: i32,
  init: usize,
  out: usize,
  outRow: i32,
): void {
  gruGates(false, true, false, a, aRow, rows, w, I, H, gate, init, 0, out, outRow);
}

/** Sums of the gates of `rows` rows. */
export function gruRows(
  after: bool,
  perGate: bool,
  a: usize,
  aRow: i32,
  rows: i32,
  w: usize,
  I: i32,
  H: i32,
  gate: i32,
  init: usize,
  initRow: i32,
  out: usize,
  outRow: i32,
): void {
  // Asked here, once a panel, and compiled apart: in the loops over k nothing is asked.
  if (after) {
    if (perGate) gruAfterPerGate(a, aRow, rows, w, I, H, gate, init, out, outRow);
    else gruAfterRows(a, aRow, rows, w, I, H, init, initRow, out, outRow);
  } else if (perGate) gruBeforePerGate(a, aRow, rows, w, I, H, gate, init, out, outRow);
  else gruBeforeRows(a, aRow, rows, w, I, H, init, initRow, out, outRow);
}

/** The same of h alone, from the sums that a list of addresses has for the rows, `offset` bytes on. */
export function gruRowsFromList(
  after: bool,
  a: usize,
  aRow: i32,
  rows: i32,
  w: usize,
  H: i32,
  list: usize,
  offset: i32,
  out: usize,
  outRow: i32,
): void {
  if (after) gruGates(true, false, true, a, aRow, rows, w, 0, H, 0, list, offset, out, outRow);
  else gruGates(false, false, true, a, aRow, rows, w, 0, H, 0, list, offset, out, outRow);
}
