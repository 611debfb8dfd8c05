// The three products of an orthogonal matrix; src/wasm/orthogonal.ts has the algebra. V and S have rows of
// `row` bytes, V is zero above its diagonal, n is a multiple of 16, and t0, t1 are even.
//
// W is upper triangular and lies in panels of 16 columns: the panel of columns q.. has q + 16 rows.
import { mad } from "./lanes";
import { rowsN, zeros } from "./gemm";
import { columns4 } from "./gemm-columns";

/** S[p][q] += Σₜ V[t][p]·V[t][q] over t0 <= t < t1, in panels of columns that contain p <= q. */
export function addGram(v: usize, row: i32, t0: i32, t1: i32, n: i32, s: usize): void {
  for (let q = 0; q < n && q < t1; q += 16) {
    const t = max(t0, q);
    const a = v + <usize>t * row;
    const w = a + (q << 2);
    for (let p = 0; p < q + 16; p += 2) {
      const out = s + <usize>p * row + (q << 2);
      columns4(a + (p << 2), row, w, row, t1 - t, out, out + row);
    }
  }
}

/**
 * The panel of W that begins at column q, from (1 - S)·W = V₁ᵀ for a strictly upper triangular S:
 * w_k = v_k + Σ_{j>k} S[k][j]·w_j, from the last row up.
 */
export function solvePanel(v: usize, row: i32, s: usize, q: i32, w: usize): void {
  const rows = q + 16;
  for (let c = 0; c < 16; c++) {
    const from = v + <usize>(q + c) * row;
    const to = w + (c << 2);
    for (let k = 0; k < rows; k++) store<f32>(to + (k << 6), load<f32>(from + (k << 2)));
  }
  for (let k = rows - 2; k >= 0; k -= 2) {
    const a = s + <usize>k * row + ((k + 2) << 2);
    const w0 = w + (k << 6);
    const w1 = w0 + 64;
    rowsN(4, a, row, 2, w1 + 64, rows - 2 - k, w0, 64, w0, 64);
    const next = v128.load_splat<f32>(a - 4);
    for (let c = 0; c < 64; c += 16) v128.store(w0 + c, mad(next, v128.load(w1 + c), v128.load(w0 + c)));
  }
}

/** out[t - t0] = V[t]·W for t0 <= t < t1, rows of `row` bytes. */
export function multiplyRows(v: usize, row: i32, t0: i32, t1: i32, n: i32, w: usize, out: usize): void {
  for (let q = 0; q < n; q += 16) {
    const K = min(q + 16, t1);
    rowsN(4, v + <usize>t0 * row, row, t1 - t0, w, K, zeros(), 0, out + (q << 2), row);
    w += (q + 16) << 6;
  }
}
