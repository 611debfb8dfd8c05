// The product of a cell with a reset gate: the sums of z and r run over [x | h], those of the candidate over x, and
// over h apart, since the reset gate comes between the two. One pass over a row of A makes all four. Of them three are
// at work at a time: with three rows nine accumulators, with two six. The parameters are gemm.ts's.
//
//     k of x       z += x·Wz    r += x·Wr    s += x·Wc
//     k of h       z += h·Uz    r += h·Ur                  t += h·Uc       reset after: then s + r·t
//                  z += h·Uz    r += h·Ur    (r·h)·Uc in a second round    reset before
import { mad, splat } from "./lanes";

/** Three rows: nine accumulators, z, r and the candidate over x, then z, r and the candidate over h. */
// biome-ignore format: a line for each row
// @ts-ignore: decorator
@inline
function threeRows(
  after: bool, a0: usize, a1: usize, a2: usize, w: usize, I: i32, H: i32,
  i0: usize, i1: usize, i2: usize, out0: usize, out1: usize, out2: usize,
): void {
  let z0 = v128.load(i0), r0 = v128.load(i0, 16), c0 = v128.load(i0, 32);
  let z1 = v128.load(i1), r1 = v128.load(i1, 16), c1 = v128.load(i1, 32);
  let z2 = v128.load(i2), r2 = v128.load(i2, 16), c2 = v128.load(i2, 32);
  let s: v128;
  for (const end = a0 + (<usize>I << 2); a0 != end;) {
    const wz = v128.load(w), wr = v128.load(w, 16), wc = v128.load(w, 32);
    s = splat(a0); z0 = mad(s, wz, z0); r0 = mad(s, wr, r0); c0 = mad(s, wc, c0);
    s = splat(a1); z1 = mad(s, wz, z1); r1 = mad(s, wr, r1); c1 = mad(s, wc, c1);
    s = splat(a2); z2 = mad(s, wz, z2); r2 = mad(s, wr, r2); c2 = mad(s, wc, c2);
    a0 += 4; a1 += 4; a2 += 4; w += 48;
  }
  v128.store(out0, c0, 32); v128.store(out1, c1, 32); v128.store(out2, c2, 32);
  if (after) { c0 = v128.load(i0, 48); c1 = v128.load(i1, 48); c2 = v128.load(i2, 48); }
  // The panel goes on with h's rows where x's end, and so do the rows [x | h].
  for (const end = a0 + (<usize>H << 2); a0 != end;) {
    const wz = v128.load(w), wr = v128.load(w, 16);
    if (after) {
      const wc = v128.load(w, 32);
      s = splat(a0); z0 = mad(s, wz, z0); r0 = mad(s, wr, r0); c0 = mad(s, wc, c0);
      s = splat(a1); z1 = mad(s, wz, z1); r1 = mad(s, wr, r1); c1 = mad(s, wc, c1);
      s = splat(a2); z2 = mad(s, wz, z2); r2 = mad(s, wr, r2); c2 = mad(s, wc, c2);
    } else {
      s = splat(a0); z0 = mad(s, wz, z0); r0 = mad(s, wr, r0);
      s = splat(a1); z1 = mad(s, wz, z1); r1 = mad(s, wr, r1);
      s = splat(a2); z2 = mad(s, wz, z2); r2 = mad(s, wr, r2);
    }
    a0 += 4; a1 += 4; a2 += 4; w += 48;
  }
  v128.store(out0, z0); v128.store(out0, r0, 16);
  v128.store(out1, z1); v128.store(out1, r1, 16);
  v128.store(out2, z2); v128.store(out2, r2, 16);
  if (after) { v128.store(out0, c0, 48); v128.store(out1, c1, 48); v128.store(out2, c2, 48); }
}

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
  // Three rows at a time as long as that leaves none alone, then two, whose sums wait for themselves. Without a
  // multiply-add of one instruction two rows are enough, and three take more registers than V8 has.
  let left = rows;
  if (ASC_FEATURE_RELAXED_SIMD && !perGate) {
    for (; left > 2 && left != 4; left -= 3) {
      const i0 = listed ? load<usize>(bias) + biasRow : bias;
      const i1 = listed ? load<usize>(bias, 4) + biasRow : bias + biasRow;
      const i2 = listed ? load<usize>(bias, 8) + biasRow : bias + 2 * biasRow;
      const out1 = out0 + outRow;
      threeRows(after, a, a + aRow, a + 2 * aRow, panel, I, H, i0, i1, i2, out0, out1, out1 + outRow);
      a += 3 * aRow; bias += listed ? 12 : 3 * biasRow; out0 += 3 * outRow;
    }
  }
  for (; left > 0; left -= 2) {
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
