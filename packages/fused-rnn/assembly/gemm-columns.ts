// Products with the columns of A: out[p][q] += Σ_k A[k][p]·W[k][q], weight gradients. Two columns p and p + 1 at a
// time; the parameters are gemm.ts's, but that A advances by `aStep` bytes a k, from row to row.
//
// The sums go on from `out`: chunk after chunk of steps adds its own, and k runs over the rows of a chunk.
import { twoRows } from "./gemm";
import { mad, splat } from "./lanes";

/** Columns that lie side by side at a, times four vectors. In rounds with a way out, as rows4. */
// biome-ignore format: a line for each vector
export function columns4(a: usize, aStep: i32, w: usize, wStep: i32, K: i32, out0: usize, out1: usize): void {
  let c00 = v128.load(out0), c01 = v128.load(out0, 16), c02 = v128.load(out0, 32), c03 = v128.load(out0, 48);
  let c10 = v128.load(out1), c11 = v128.load(out1, 16), c12 = v128.load(out1, 32), c13 = v128.load(out1, 48);
  // Two neighbouring columns of A are one cache line: down the rows, each is read once for the pair.
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
  twoRows(4, false, a, a, aStep, w, wStep, K, 0, 1, out, out, out, out);
}
function columns3(a0: usize, a1: usize, aStep: i32, w: usize, wStep: i32, K: i32, out0: usize, out1: usize): void {
  twoRows(3, false, a0, a1, aStep, w, wStep, K, 0, 1, out0, out1, out0, out1);
}
function columns2(a0: usize, a1: usize, aStep: i32, w: usize, wStep: i32, K: i32, out0: usize, out1: usize): void {
  twoRows(2, false, a0, a1, aStep, w, wStep, K, 0, 1, out0, out1, out0, out1);
}
function columns1(a0: usize, a1: usize, aStep: i32, w: usize, wStep: i32, K: i32, out0: usize, out1: usize): void {
  twoRows(1, false, a0, a1, aStep, w, wStep, K, 0, 1, out0, out1, out0, out1);
}

/** Columns at a0 and a1, the next or, of an odd number, the same again, times n vectors. */
export function columnsN(
  n: i32,
  a0: usize,
  a1: usize,
  aStep: i32,
  w: usize,
  wStep: i32,
  K: i32,
  out0: usize,
  out1: usize,
): void {
  // Of an odd number of columns the last is its own neighbour: both halves store the same bits.
  if (n == 4 && a1 != a0) columns4(a0, aStep, w, wStep, K, out0, out1);
  else if (n == 4) oneColumn4(a0, aStep, w, wStep, K, out0);
  else if (n == 3) columns3(a0, a1, aStep, w, wStep, K, out0, out1);
  else if (n == 2) columns2(a0, a1, aStep, w, wStep, K, out0, out1);
  else columns1(a0, a1, aStep, w, wStep, K, out0, out1);
}

/** Four vectors, each of which reads the dropout variant of its gate. */
export function columns4PerGate(
  a0: usize,
  a1: usize,
  aStep: i32,
  w: usize,
  wStep: i32,
  K: i32,
  gate: i32,
  period: i32,
  out0: usize,
  out1: usize,
): void {
  twoRows(4, true, a0, a1, aStep, w, wStep, K, gate, period, out0, out1, out0, out1);
}

/** Adds K rows of 16 columns to those at out: bias gradients. */
export function sumRows(w: usize, wStep: i32, K: i32, out: usize): void {
  let c0 = v128.load(out);
  let c1 = v128.load(out, 16);
  let c2 = v128.load(out, 32);
  let c3 = v128.load(out, 48);
  for (let k = K; k > 0; k--) {
    c0 = f32x4.add(c0, v128.load(w));
    c1 = f32x4.add(c1, v128.load(w, 16));
    c2 = f32x4.add(c2, v128.load(w, 32));
    c3 = f32x4.add(c3, v128.load(w, 48));
    w += wStep;
  }
  v128.store(out, c0);
  v128.store(out, c1, 16);
  v128.store(out, c2, 32);
  v128.store(out, c3, 48);
}
