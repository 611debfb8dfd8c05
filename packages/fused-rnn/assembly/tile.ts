// The matrix kernels: two rows of A times a panel of 16 (or 4, 8, 12) columns of W.
//
// Exactly eight accumulators: more make V8 spill registers, and so does a k that is unrolled without a
// way out between its parts (see rows4).
import { mad } from "./activations";
import { distance } from "./rows";

// @ts-ignore: decorator
@lazy const zeroPanel = memory.data<f32>([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], 16);
/** 64 zero bytes: the start of a sum. */
export function zeros(): usize { return zeroPanel; }

// @ts-ignore
@inline function splat(p: usize): v128 { return v128.load_splat<f32>(p); }

/**
 * out_r[0..4n) = init_r[0..4n) + Σ_k A_r[k]·W[k][0..4n), r = 0, 1.
 * A advances by `aStep` and W by `wStep` bytes a k; `o1..o3` displace A for vectors 1..3 (dropout
 * variants one a gate), which costs six more loads a k.
 */
// @ts-ignore
@inline function twoRows(
  n: i32, gated: bool, a0: usize, a1: usize, aStep: i32, w: usize, wStep: i32, K: i32,
  o0: i32, o1: i32, o2: i32, o3: i32, i0: usize, i1: usize, out0: usize, out1: usize,
): void {
  let c00 = v128.load(i0), c10 = v128.load(i1);
  let c01 = c00, c02 = c00, c03 = c00, c11 = c10, c12 = c10, c13 = c10;
  if (n > 1) { c01 = v128.load(i0, 16); c11 = v128.load(i1, 16); }
  if (n > 2) { c02 = v128.load(i0, 32); c12 = v128.load(i1, 32); }
  if (n > 3) { c03 = v128.load(i0, 48); c13 = v128.load(i1, 48); }
  for (let k = K; k > 0; k--) {
    if (gated) {
      const w0 = v128.load(w);
      c00 = mad(splat(a0 + o0), w0, c00);
      c10 = mad(splat(a1 + o0), w0, c10);
      if (n > 1) { const v = v128.load(w, 16); c01 = mad(splat(a0 + o1), v, c01); c11 = mad(splat(a1 + o1), v, c11); }
      if (n > 2) { const v = v128.load(w, 32); c02 = mad(splat(a0 + o2), v, c02); c12 = mad(splat(a1 + o2), v, c12); }
      if (n > 3) { const v = v128.load(w, 48); c03 = mad(splat(a0 + o3), v, c03); c13 = mad(splat(a1 + o3), v, c13); }
    } else {
      const s0 = splat(a0), s1 = splat(a1);
      const w0 = v128.load(w);
      c00 = mad(s0, w0, c00);
      c10 = mad(s1, w0, c10);
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
 * out_r = init_r + A_r·W of `rows` rows, two at a time: W a panel of four vectors, A contiguous. From one
 * row to the next it is `aRow`, `initRow` and `outRow` bytes; of an odd number the last is done twice.
 *
 * Four k a round, with a way out after each: less counting than one k a round, and no basic block in
 * which V8 could move loads above arithmetic, which is what makes it spill.
 */
function rows4(a: usize, aRow: i32, rows: i32, w: usize, K: i32, init: usize, initRow: i32, out: usize, outRow: i32): void {
  rows4From(false, a, aRow, rows, w, K, init, initRow, out, outRow);
}
/** As rows4, from the sums that a list of addresses has for the rows, `offset` bytes on. */
export function listedSums4(a: usize, aRow: i32, rows: i32, w: usize, K: i32, list: usize, offset: i32, out: usize, outRow: i32): void {
  rows4From(true, a, aRow, rows, w, K, list, offset, out, outRow);
}
/** rows4, or, `listed`, where init is a list of addresses and initRow an offset from each. */
// @ts-ignore: decorator
@inline function rows4From(
  listed: bool, a: usize, aRow: i32, rows: i32, w: usize, K: i32, init: usize, initRow: i32, out: usize, outRow: i32,
): void {
  let s: v128, t: v128, v: v128;
  for (let r = rows; r > 0; r -= 2) {
    const pair = r > 1, o1 = pair ? out + outRow : out;
    const i0 = listed ? load<usize>(init) + initRow : init;
    const i1 = pair ? (listed ? load<usize>(init, 4) : init) + initRow : i0;
    let c00 = v128.load(i0), c01 = v128.load(i0, 16), c02 = v128.load(i0, 32), c03 = v128.load(i0, 48);
    let c10 = v128.load(i1), c11 = v128.load(i1, 16), c12 = v128.load(i1, 32), c13 = v128.load(i1, 48);
    let a0 = a, a1 = pair ? a + aRow : a, p = w;
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

/** The same by twoRows: n vectors a panel, `wStep` bytes from k to k; gated: `gate` displaces A. */
// @ts-ignore
@inline function rowPairs(
  n: i32, gated: bool, a: usize, aRow: i32, rows: i32, w: usize, wStep: i32, K: i32, gate: i32,
  init: usize, initRow: i32, out: usize, outRow: i32,
): void {
  for (let r = rows; r > 0; r -= 2) {
    const pair = r > 1, a1 = pair ? a + aRow : a, i1 = pair ? init + initRow : init, o1 = pair ? out + outRow : out;
    twoRows(n, gated, a, a1, 4, w, wStep, K, 0, gate, 2 * gate, 3 * gate, init, i1, out, o1);
    a += 2 * aRow; init += 2 * initRow; out += 2 * outRow;
  }
}
function rows3(a: usize, aRow: i32, rows: i32, w: usize, K: i32, init: usize, initRow: i32, out: usize, outRow: i32): void {
  rowPairs(3, false, a, aRow, rows, w, 48, K, 0, init, initRow, out, outRow);
}
// Few vectors need many rows, or each sum would wait for itself.
function rows2(a: usize, aRow: i32, rows: i32, w: usize, K: i32, init: usize, initRow: i32, out: usize, outRow: i32): void {
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
function rows1(a: usize, aRow: i32, rows: i32, w: usize, K: i32, init: usize, initRow: i32, out: usize, outRow: i32): void {
  for (; rows >= 8; rows -= 8) {
    const i4 = init + 4 * initRow, o4 = out + 4 * outRow;
    let c0 = v128.load(init), c1 = v128.load(init + initRow), c2 = v128.load(init + 2 * initRow), c3 = v128.load(i4 - initRow);
    let c4 = v128.load(i4), c5 = v128.load(i4 + initRow), c6 = v128.load(i4 + 2 * initRow), c7 = v128.load(i4 + 3 * initRow);
    let a0 = a, a1 = a + aRow, a2 = a1 + aRow, a3 = a2 + aRow, p = w;
    for (let k = K; k > 0; k--) {
      const v = v128.load(p), b = a0 + 4 * aRow;
      c0 = mad(splat(a0), v, c0); c1 = mad(splat(a1), v, c1); c2 = mad(splat(a2), v, c2); c3 = mad(splat(a3), v, c3);
      c4 = mad(splat(b), v, c4); c5 = mad(splat(b + aRow), v, c5); c6 = mad(splat(b + 2 * aRow), v, c6); c7 = mad(splat(b + 3 * aRow), v, c7);
      a0 += 4; a1 += 4; a2 += 4; a3 += 4; p += 16;
    }
    v128.store(out, c0); v128.store(out + outRow, c1); v128.store(out + 2 * outRow, c2); v128.store(o4 - outRow, c3);
    v128.store(o4, c4); v128.store(o4 + outRow, c5); v128.store(o4 + 2 * outRow, c6); v128.store(o4 + 3 * outRow, c7);
    a += 8 * aRow; init += 8 * initRow; out += 8 * outRow;
  }
  rowPairs(1, false, a, aRow, rows, w, 16, K, 0, init, initRow, out, outRow);
}
/** rows4 for a panel of n vectors. */
export function rowsN(n: i32, a: usize, aRow: i32, rows: i32, w: usize, K: i32, init: usize, initRow: i32, out: usize, outRow: i32): void {
  if (n == 4) rows4(a, aRow, rows, w, K, init, initRow, out, outRow);
  else if (n == 3) rows3(a, aRow, rows, w, K, init, initRow, out, outRow);
  else if (n == 2) rows2(a, aRow, rows, w, K, init, initRow, out, outRow);
  else rows1(a, aRow, rows, w, K, init, initRow, out, outRow);
}
/** As rows4 from one bias, vector g of the panel reading the dropout variant g of A. */
export function gatedRows4(a: usize, aRow: i32, rows: i32, w: usize, K: i32, gate: i32, bias: usize, out: usize, outRow: i32): void {
  rowPairs(4, true, a, aRow, rows, w, 64, K, gate, bias, 0, out, outRow);
}

/** rowsN for the `rows` rows of a list, in pairs that lie as far apart as they do; without one, for all. */
export function listedRows(
  n: i32, list: usize, rows: i32, a: usize, aRow: i32, w: usize, K: i32, init: usize, initRow: i32, out: usize, outRow: i32,
): void {
  if (list == 0) return rowsN(n, a, aRow, rows, w, K, init, initRow, out, outRow);
  for (let i = 0; i < rows; i += 2) {
    const r = load<i32>(list + (i << 2)), d = distance(list, i, rows);
    rowsN(
      n, a + r * aRow, d * aRow, min(2, rows - i), w, K, init + r * initRow, d * initRow, out + r * outRow, d * outRow,
    );
  }
}

/**
 * A strided, columns p and p + 1 of all rows times the rows' gradients: weight gradients. Rounds as in
 * rows4.
 */
export function columns4(a: usize, aStep: i32, w: usize, wStep: i32, K: i32, out0: usize, out1: usize): void {
  let c00 = v128.load(out0), c01 = v128.load(out0, 16), c02 = v128.load(out0, 32), c03 = v128.load(out0, 48);
  let c10 = v128.load(out1), c11 = v128.load(out1, 16), c12 = v128.load(out1, 32), c13 = v128.load(out1, 48);
  let s: v128, t: v128, v: v128;
  for (const end = a + K * aStep; a != end;) {
    s = splat(a); t = v128.load_splat<f32>(a, 4);
    v = v128.load(w); c00 = mad(s, v, c00); c10 = mad(t, v, c10);
    v = v128.load(w, 16); c01 = mad(s, v, c01); c11 = mad(t, v, c11);
    v = v128.load(w, 32); c02 = mad(s, v, c02); c12 = mad(t, v, c12);
    v = v128.load(w, 48); c03 = mad(s, v, c03); c13 = mad(t, v, c13);
    a += aStep; w += wStep;
    if (a == end) break;
    s = splat(a); t = v128.load_splat<f32>(a, 4);
    v = v128.load(w); c00 = mad(s, v, c00); c10 = mad(t, v, c10);
    v = v128.load(w, 16); c01 = mad(s, v, c01); c11 = mad(t, v, c11);
    v = v128.load(w, 32); c02 = mad(s, v, c02); c12 = mad(t, v, c12);
    v = v128.load(w, 48); c03 = mad(s, v, c03); c13 = mad(t, v, c13);
    a += aStep; w += wStep;
  }
  v128.store(out0, c00); v128.store(out0, c01, 16); v128.store(out0, c02, 32); v128.store(out0, c03, 48);
  v128.store(out1, c10); v128.store(out1, c11, 16); v128.store(out1, c12, 32); v128.store(out1, c13, 48);
}
function oneColumn4(a: usize, aStep: i32, w: usize, wStep: i32, K: i32, out: usize): void {
  twoRows(4, false, a, a, aStep, w, wStep, K, 0, 0, 0, 0, out, out, out, out);
}
function columns3(a0: usize, a1: usize, aStep: i32, w: usize, wStep: i32, K: i32, out0: usize, out1: usize): void {
  twoRows(3, false, a0, a1, aStep, w, wStep, K, 0, 0, 0, 0, out0, out1, out0, out1);
}
function columns2(a0: usize, a1: usize, aStep: i32, w: usize, wStep: i32, K: i32, out0: usize, out1: usize): void {
  twoRows(2, false, a0, a1, aStep, w, wStep, K, 0, 0, 0, 0, out0, out1, out0, out1);
}
function columns1(a0: usize, a1: usize, aStep: i32, w: usize, wStep: i32, K: i32, out0: usize, out1: usize): void {
  twoRows(1, false, a0, a1, aStep, w, wStep, K, 0, 0, 0, 0, out0, out1, out0, out1);
}
export function columnsN(n: i32, a0: usize, a1: usize, aStep: i32, w: usize, wStep: i32, K: i32, out0: usize, out1: usize): void {
  if (n == 4 && a1 != a0) columns4(a0, aStep, w, wStep, K, out0, out1);
  else if (n == 4) oneColumn4(a0, aStep, w, wStep, K, out0);
  else if (n == 3) columns3(a0, a1, aStep, w, wStep, K, out0, out1);
  else if (n == 2) columns2(a0, a1, aStep, w, wStep, K, out0, out1);
  else columns1(a0, a1, aStep, w, wStep, K, out0, out1);
}
export function gatedColumns4(
  a0: usize, a1: usize, aStep: i32, w: usize, wStep: i32, K: i32,
  o0: i32, o1: i32, o2: i32, o3: i32, out0: usize, out1: usize,
): void {
  twoRows(4, true, a0, a1, aStep, w, wStep, K, o0, o1, o2, o3, out0, out1, out0, out1);
}

/**
 * GRU, `rows` rows, two at a time: sums of z and r over [x | h]; the candidate's over x, and, reset after,
 * over h apart. Reset before, gruBeforeCandidate adds its sum over the reset state later. W holds 12
 * floats a k (z, r, c of four units); `gate` displaces A from variant to variant. `listed`: bias is a list of
 * addresses, one a row, and biasRow an offset from each.
 */
// @ts-ignore
@inline function gruGates(after: bool, gated: bool, listed: bool, a: usize, aRow: i32, rows: i32, panel: usize, I: i32, H: i32, gate: i32, bias: usize, biasRow: i32, out0: usize, outRow: i32): void {
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
      r0 = mad(gated ? splat(a0 + gate) : s0, wr, r0); r1 = mad(gated ? splat(a1 + gate) : s1, wr, r1);
      x0 = mad(gated ? splat(a0 + 2 * gate) : s0, wc, x0); x1 = mad(gated ? splat(a1 + 2 * gate) : s1, wc, x1);
      a0 += 4; a1 += 4; w += 48;
    }
    for (let k = H; k > 0; k--) {
      const s0 = splat(a0), s1 = splat(a1);
      const wz = v128.load(w), wr = v128.load(w, 16);
      z0 = mad(s0, wz, z0); z1 = mad(s1, wz, z1);
      r0 = mad(gated ? splat(a0 + gate) : s0, wr, r0); r1 = mad(gated ? splat(a1 + gate) : s1, wr, r1);
      if (after) {
        const wc = v128.load(w, 32);
        h0 = mad(gated ? splat(a0 + 2 * gate) : s0, wc, h0); h1 = mad(gated ? splat(a1 + 2 * gate) : s1, wc, h1);
      }
      a0 += 4; a1 += 4; w += 48;
    }
    v128.store(out0, z0); v128.store(out0, r0, 16); v128.store(out0, x0, 32);
    v128.store(out1, z1); v128.store(out1, r1, 16); v128.store(out1, x1, 32);
    if (after) { v128.store(out0, h0, 48); v128.store(out1, h1, 48); }
    a += 2 * aRow; bias += listed ? 8 : 2 * biasRow; out0 += 2 * outRow;
  }
}
export function gruAfterRows(a: usize, aRow: i32, rows: i32, w: usize, I: i32, H: i32, bias: usize, biasRow: i32, out: usize, outRow: i32): void {
  gruGates(true, false, false, a, aRow, rows, w, I, H, 0, bias, biasRow, out, outRow);
}
export function gruAfterGatedRows(a: usize, aRow: i32, rows: i32, w: usize, I: i32, H: i32, gate: i32, bias: usize, out: usize, outRow: i32): void {
  gruGates(true, true, false, a, aRow, rows, w, I, H, gate, bias, 0, out, outRow);
}
export function gruBeforeRows(a: usize, aRow: i32, rows: i32, w: usize, I: i32, H: i32, bias: usize, biasRow: i32, out: usize, outRow: i32): void {
  gruGates(false, false, false, a, aRow, rows, w, I, H, 0, bias, biasRow, out, outRow);
}
export function gruBeforeGatedRows(a: usize, aRow: i32, rows: i32, w: usize, I: i32, H: i32, gate: i32, bias: usize, out: usize, outRow: i32): void {
  gruGates(false, true, false, a, aRow, rows, w, I, H, gate, bias, 0, out, outRow);
}
/** The same of h alone, from the sums that a list of addresses has for the rows, `offset` bytes on. */
export function gruListedSums(after: bool, a: usize, aRow: i32, rows: i32, w: usize, H: i32, list: usize, offset: i32, out: usize, outRow: i32): void {
  if (after) gruGates(true, false, true, a, aRow, rows, w, 0, H, 0, list, offset, out, outRow);
  else gruGates(false, false, true, a, aRow, rows, w, 0, H, 0, list, offset, out, outRow);
}
export function gruBeforeCandidate(a: usize, aRow: i32, rows: i32, w: usize, H: i32, out: usize, outRow: i32): void {
  rowPairs(1, false, a, aRow, rows, w, 48, H, 0, out, outRow, out, outRow);
}

/** Σ of 4n columns over K rows, added to out: bias gradients. */
export function sumRows(w: usize, wStep: i32, K: i32, out: usize): void {
  let c0 = v128.load(out), c1 = v128.load(out, 16), c2 = v128.load(out, 32), c3 = v128.load(out, 48);
  for (let k = K; k > 0; k--) {
    c0 = f32x4.add(c0, v128.load(w)); c1 = f32x4.add(c1, v128.load(w, 16));
    c2 = f32x4.add(c2, v128.load(w, 32)); c3 = f32x4.add(c3, v128.load(w, 48));
    w += wStep;
  }
  v128.store(out, c0); v128.store(out, c1, 16); v128.store(out, c2, 32); v128.store(out, c3, 48);
}
