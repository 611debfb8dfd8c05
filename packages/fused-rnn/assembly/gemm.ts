// Products of single-precision matrices: rows of A times panels of 16 (or 4, 8, 12) columns of W.
//
// The parameters of all of them, and of gru-gemm.ts:
//
//     a, aRow        A, and bytes from one of its rows to the next; K floats of a row are multiplied
//     w, wStep       a panel of W, and bytes from one k to the next; without wStep its vectors lie close
//     n              vectors of four columns in the panel, 1 to 4
//     init, initRow  what the sums start from: a bias (0 bytes a row), zeros, or sums so far
//     out, outRow    where they go
//     gate, period   dropout masks of its own for each gate: vector v of the panel reads A `v % period` times
//                    `gate` bytes further on, at the cost of six more loads a k
//
// A panel of K rows and 16 columns, 64·K bytes, stays in L1 or L2 while all rows of a block go by.
//
// Each sum starts from init and adds its products in the order of k, in whichever kernel: so the bits of a row depend
// neither on the rows beside it nor on the panel's width.
//
// Exactly eight accumulators hide the four cycles that an addition takes at two a cycle. More make V8
// spill registers, and so does a k that is unrolled without a way out between its parts (see rows4).
import { mad, splat } from "./lanes";
import { distance } from "./rows";

// @ts-ignore: decorator
@lazy
const zeroPanel = memory.data<f32>([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], 16);
/** 64 zero bytes: the start of a sum. */
export function zeros(): usize {
  return zeroPanel;
}

/** out_r = init_r + Σ_k A_r[k]·W[k] for two rows; A advances by `aStep` bytes a k: along a row, or down a column. */
// biome-ignore format: a line for each vector
// @ts-ignore: decorator
@inline
export function twoRows(
  n: i32, perGate: bool, a0: usize, a1: usize, aStep: i32, w: usize, wStep: i32, K: i32,
  gate: i32, period: i32, i0: usize, i1: usize, out0: usize, out1: usize,
): void {
  // (v % period) * gate for v = 1, 2, 3: a division would take as long as some k.
  const o1 = period > 1 ? gate : 0, o2 = period > 2 ? 2 * gate : 0;
  const o3 = period == 2 ? gate : period > 3 ? 3 * gate : 0;
  let c00 = v128.load(i0), c10 = v128.load(i1);
  let c01 = c00, c02 = c00, c03 = c00, c11 = c10, c12 = c10, c13 = c10;
  if (n > 1) { c01 = v128.load(i0, 16); c11 = v128.load(i1, 16); }
  if (n > 2) { c02 = v128.load(i0, 32); c12 = v128.load(i1, 32); }
  if (n > 3) { c03 = v128.load(i0, 48); c13 = v128.load(i1, 48); }
  // `n` and `perGate` are constants where this is inlined: what they rule out is not compiled.
  for (let k = K; k > 0; k--) {
    if (perGate) {
      // One vector after the other: with all eight splats in flight V8 spills.
      const w0 = v128.load(w);
      c00 = mad(splat(a0), w0, c00); c10 = mad(splat(a1), w0, c10);
      if (n > 1) { const v = v128.load(w, 16); c01 = mad(splat(a0 + o1), v, c01); c11 = mad(splat(a1 + o1), v, c11); }
      if (n > 2) { const v = v128.load(w, 32); c02 = mad(splat(a0 + o2), v, c02); c12 = mad(splat(a1 + o2), v, c12); }
      if (n > 3) { const v = v128.load(w, 48); c03 = mad(splat(a0 + o3), v, c03); c13 = mad(splat(a1 + o3), v, c13); }
    } else {
      const s0 = splat(a0), s1 = splat(a1);
      const w0 = v128.load(w);
      c00 = mad(s0, w0, c00); c10 = mad(s1, w0, c10);
      if (n > 1) { const v = v128.load(w, 16); c01 = mad(s0, v, c01); c11 = mad(s1, v, c11); }
      if (n > 2) { const v = v128.load(w, 32); c02 = mad(s0, v, c02); c12 = mad(s1, v, c12); }
      if (n > 3) { const v = v128.load(w, 48); c03 = mad(s0, v, c03); c13 = mad(s1, v, c13); }
    }
    a0 += aStep; a1 += aStep; w += wStep;
  }
  v128.store(out0, c00); v128.store(out1, c10);
  if (n > 1) { v128.store(out0, c01, 16); v128.store(out1, c11, 16); }
  if (n > 2) { v128.store(out0, c02, 32); v128.store(out1, c12, 32); }
  if (n > 3) { v128.store(out0, c03, 48); v128.store(out1, c13, 48); }
}

/**
 * The product of a panel of four vectors, two rows at a time; of an odd number the last is done twice.
 *
 * Four k a round, with a way out after each: less counting than one k a round, and no basic block in
 * which V8 could move loads above arithmetic, which is what makes it spill.
 *
 * `listed`: init is a list of addresses, one a row, and initRow an offset from each.
 */
// biome-ignore format: a line for each vector
// @ts-ignore: decorator
@inline
function rows4From(
  listed: bool, a: usize, aRow: i32, rows: i32, w: usize, K: i32, init: usize, initRow: i32, out: usize, outRow: i32,
): void {
  // Two loads of A and four of W for eight multiply-adds: W's four vectors serve both rows.
  let s: v128, t: v128, v: v128;
  for (let r = rows; r > 0; r -= 2) {
    const pair = r > 1, o1 = pair ? out + outRow : out;
    const i0 = listed ? load<usize>(init) + initRow : init;
    const i1 = pair ? (listed ? load<usize>(init, 4) : init) + initRow : i0;
    let c00 = v128.load(i0), c01 = v128.load(i0, 16), c02 = v128.load(i0, 32), c03 = v128.load(i0, 48);
    let c10 = v128.load(i1), c11 = v128.load(i1, 16), c12 = v128.load(i1, 32), c13 = v128.load(i1, 48);
    let a0 = a, a1 = pair ? a + aRow : a, p = w;
    // The loop counts down by four, and leaves from the middle of a round where K is no multiple of it.
    for (let k = K; k > 0; k -= 4) {
      s = splat(a0); t = splat(a1);
      v = v128.load(p); c00 = mad(s, v, c00); c10 = mad(t, v, c10);
      v = v128.load(p, 16); c01 = mad(s, v, c01); c11 = mad(t, v, c11);
      v = v128.load(p, 32); c02 = mad(s, v, c02); c12 = mad(t, v, c12);
      v = v128.load(p, 48); c03 = mad(s, v, c03); c13 = mad(t, v, c13);
      if (k == 1) break;
      s = v128.load_splat<f32>(a0, 4); t = v128.load_splat<f32>(a1, 4);
      v = v128.load(p, 64); c00 = mad(s, v, c00); c10 = mad(t, v, c10);
      v = v128.load(p, 80); c01 = mad(s, v, c01); c11 = mad(t, v, c11);
      v = v128.load(p, 96); c02 = mad(s, v, c02); c12 = mad(t, v, c12);
      v = v128.load(p, 112); c03 = mad(s, v, c03); c13 = mad(t, v, c13);
      if (k == 2) break;
      s = v128.load_splat<f32>(a0, 8); t = v128.load_splat<f32>(a1, 8);
      v = v128.load(p, 128); c00 = mad(s, v, c00); c10 = mad(t, v, c10);
      v = v128.load(p, 144); c01 = mad(s, v, c01); c11 = mad(t, v, c11);
      v = v128.load(p, 160); c02 = mad(s, v, c02); c12 = mad(t, v, c12);
      v = v128.load(p, 176); c03 = mad(s, v, c03); c13 = mad(t, v, c13);
      if (k == 3) break;
      s = v128.load_splat<f32>(a0, 12); t = v128.load_splat<f32>(a1, 12);
      v = v128.load(p, 192); c00 = mad(s, v, c00); c10 = mad(t, v, c10);
      v = v128.load(p, 208); c01 = mad(s, v, c01); c11 = mad(t, v, c11);
      v = v128.load(p, 224); c02 = mad(s, v, c02); c12 = mad(t, v, c12);
      v = v128.load(p, 240); c03 = mad(s, v, c03); c13 = mad(t, v, c13);
      a0 += 16; a1 += 16; p += 256;
    }
    v128.store(out, c00); v128.store(out, c01, 16); v128.store(out, c02, 32); v128.store(out, c03, 48);
    v128.store(o1, c10); v128.store(o1, c11, 16); v128.store(o1, c12, 32); v128.store(o1, c13, 48);
    a += 2 * aRow; init += listed ? 8 : 2 * initRow; out += 2 * outRow;
  }
}

function rows4(
  a: usize,
  aRow: i32,
  rows: i32,
  w: usize,
  K: i32,
  init: usize,
  initRow: i32,
  out: usize,
  outRow: i32,
): void {
  rows4From(false, a, aRow, rows, w, K, init, initRow, out, outRow);
}
/** A panel of four vectors, from the sums that a list of addresses has for the rows, `offset` bytes on. */
export function rows4FromList(
  a: usize,
  aRow: i32,
  rows: i32,
  w: usize,
  K: i32,
  list: usize,
  offset: i32,
  out: usize,
  outRow: i32,
): void {
  rows4From(true, a, aRow, rows, w, K, list, offset, out, outRow);
}

/** The same by twoRows. */
// @ts-ignore: decorator
@inline
function rowPairs(
  n: i32,
  perGate: bool,
  a: usize,
  aRow: i32,
  rows: i32,
  w: usize,
  wStep: i32,
  K: i32,
  gate: i32,
  init: usize,
  initRow: i32,
  out: usize,
  outRow: i32,
): void {
  for (let r = rows; r > 0; r -= 2) {
    const pair = r > 1;
    const a1 = pair ? a + aRow : a;
    const i1 = pair ? init + initRow : init;
    const o1 = pair ? out + outRow : out;
    twoRows(n, perGate, a, a1, 4, w, wStep, K, gate, n, init, i1, out, o1);
    a += 2 * aRow;
    init += 2 * initRow;
    out += 2 * outRow;
  }
}
function rows3(
  a: usize,
  aRow: i32,
  rows: i32,
  w: usize,
  K: i32,
  init: usize,
  initRow: i32,
  out: usize,
  outRow: i32,
): void {
  rowPairs(3, false, a, aRow, rows, w, 48, K, 0, init, initRow, out, outRow);
}

/** Two vectors, four rows at a time: fewer rows would leave sums waiting for themselves. */
// biome-ignore format: a line for each row
function rows2(
  a: usize, aRow: i32, rows: i32, w: usize, K: i32, init: usize, initRow: i32, out: usize, outRow: i32,
): void {
  // 2 vectors times 4 rows: eight accumulators again.
  for (; rows >= 4; rows -= 4) {
    const i1 = init + initRow, i2 = i1 + initRow, i3 = i2 + initRow;
    let c00 = v128.load(init), c01 = v128.load(init, 16), c10 = v128.load(i1), c11 = v128.load(i1, 16);
    let c20 = v128.load(i2), c21 = v128.load(i2, 16), c30 = v128.load(i3), c31 = v128.load(i3, 16);
    let a0 = a, a1 = a0 + aRow, a2 = a1 + aRow, a3 = a2 + aRow, p = w;
    for (let k = K; k > 0; k--) {
      const v = v128.load(p), u = v128.load(p, 16);
      let s = splat(a0); c00 = mad(s, v, c00); c01 = mad(s, u, c01);
      s = splat(a1); c10 = mad(s, v, c10); c11 = mad(s, u, c11);
      s = splat(a2); c20 = mad(s, v, c20); c21 = mad(s, u, c21);
      s = splat(a3); c30 = mad(s, v, c30); c31 = mad(s, u, c31);
      a0 += 4; a1 += 4; a2 += 4; a3 += 4; p += 32;
    }
    const o1 = out + outRow, o2 = o1 + outRow, o3 = o2 + outRow;
    v128.store(out, c00); v128.store(out, c01, 16); v128.store(o1, c10); v128.store(o1, c11, 16);
    v128.store(o2, c20); v128.store(o2, c21, 16); v128.store(o3, c30); v128.store(o3, c31, 16);
    a += 4 * aRow; init += 4 * initRow; out += 4 * outRow;
  }
  rowPairs(2, false, a, aRow, rows, w, 32, K, 0, init, initRow, out, outRow);
}

/** One vector, eight rows at a time. */
// biome-ignore format: a line for four rows
function rows1(
  a: usize, aRow: i32, rows: i32, w: usize, K: i32, init: usize, initRow: i32, out: usize, outRow: i32,
): void {
  // 1 vector times 8 rows: eight accumulators again.
  for (; rows >= 8; rows -= 8) {
    const i4 = init + 4 * initRow, o4 = out + 4 * outRow;
    let c0 = v128.load(init), c1 = v128.load(init + initRow);
    let c2 = v128.load(init + 2 * initRow), c3 = v128.load(i4 - initRow);
    let c4 = v128.load(i4), c5 = v128.load(i4 + initRow);
    let c6 = v128.load(i4 + 2 * initRow), c7 = v128.load(i4 + 3 * initRow);
    let a0 = a, a1 = a + aRow, a2 = a1 + aRow, a3 = a2 + aRow, p = w;
    for (let k = K; k > 0; k--) {
      const v = v128.load(p), b = a0 + 4 * aRow;
      c0 = mad(splat(a0), v, c0); c1 = mad(splat(a1), v, c1);
      c2 = mad(splat(a2), v, c2); c3 = mad(splat(a3), v, c3);
      c4 = mad(splat(b), v, c4); c5 = mad(splat(b + aRow), v, c5);
      c6 = mad(splat(b + 2 * aRow), v, c6); c7 = mad(splat(b + 3 * aRow), v, c7);
      a0 += 4; a1 += 4; a2 += 4; a3 += 4; p += 16;
    }
    v128.store(out, c0); v128.store(out + outRow, c1);
    v128.store(out + 2 * outRow, c2); v128.store(o4 - outRow, c3);
    v128.store(o4, c4); v128.store(o4 + outRow, c5);
    v128.store(o4 + 2 * outRow, c6); v128.store(o4 + 3 * outRow, c7);
    a += 8 * aRow; init += 8 * initRow; out += 8 * outRow;
  }
  rowPairs(1, false, a, aRow, rows, w, 16, K, 0, init, initRow, out, outRow);
}

/** The product of a panel of n vectors with `rows` rows. */
export function rowsN(
  n: i32,
  a: usize,
  aRow: i32,
  rows: i32,
  w: usize,
  K: i32,
  init: usize,
  initRow: i32,
  out: usize,
  outRow: i32,
): void {
  // A kernel for each width: a loop over vectors would keep accumulators in memory.
  if (n == 4) rows4(a, aRow, rows, w, K, init, initRow, out, outRow);
  else if (n == 3) rows3(a, aRow, rows, w, K, init, initRow, out, outRow);
  else if (n == 2) rows2(a, aRow, rows, w, K, init, initRow, out, outRow);
  else rows1(a, aRow, rows, w, K, init, initRow, out, outRow);
}

/** rowsN for the `rows` rows of a list, in pairs that lie as far apart as they do; without one, for all. */
export function listedRows(
  n: i32,
  list: usize,
  rows: i32,
  a: usize,
  aRow: i32,
  w: usize,
  K: i32,
  init: usize,
  initRow: i32,
  out: usize,
  outRow: i32,
): void {
  if (list == 0) return rowsN(n, a, aRow, rows, w, K, init, initRow, out, outRow);
  for (let i = 0; i < rows; i += 2) {
    // The distance to the next listed row takes the place of the distance between rows: the kernel sees a matrix.
    const r = load<i32>(list + (i << 2));
    const apart = distance(list, i, rows);
    const pair = min(2, rows - i);
    const from = init + r * initRow;
    const to = out + r * outRow;
    rowsN(n, a + r * aRow, apart * aRow, pair, w, K, from, apart * initRow, to, apart * outRow);
  }
}

/** A panel of four vectors from one bias, each vector, a gate, reading a dropout variant of A of its own. */
export function rows4PerGate(
  a: usize,
  aRow: i32,
  rows: i32,
  w: usize,
  K: i32,
  gate: i32,
  bias: usize,
  out: usize,
  outRow: i32,
): void {
  rowPairs(4, true, a, aRow, rows, w, 64, K, gate, bias, 0, out, outRow);
}

/** Adds the product of one vector of a wider panel. */
export function addVector(a: usize, aRow: i32, rows: i32, w: usize, wStep: i32, K: i32, out: usize, outRow: i32): void {
  rowPairs(1, false, a, aRow, rows, w, wStep, K, 0, out, outRow, out, outRow);
}
