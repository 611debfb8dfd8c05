// Random matrices with orthonormal rows or columns, as Keras's Orthogonal initializer draws them: Q
// of the QR factorization of a normal matrix, each column with the sign of R's diagonal.
//
// Householder QR meets, in step k, a column whose entries from k on are again independent normals:
// the reflections before it depend on other columns and keep the distribution. So each reflection is
// drawn directly (Stewart 1980) and nothing has to be factorized. With reflections H_k = 1 − v_k·v_kᵀ
// (‖v_k‖² = 2) as columns of V, their product is
//
//     H₀·H₁⋯H_{n−1} = 1 − V·S⁻¹·Vᵀ,    S = upper triangle of Vᵀ·V, its diagonal halved
//
// (Walker 1988; the UT transform of Joffrain et al. 2006), which is two products and a triangular
// solve, all made of dot products of contiguous rows.

import { checkPositiveInteger, checkRandom, checkShape } from "./check.ts";
import type { Random } from "./random.ts";

/** Rows and columns of a tile: 9 sums and 6 factors just fit the registers; 4 by 4 is slower. */
const tile = 3;
/** Length of the row segments, and number of rows, that stay in the cache together. */
const segment = 43 * tile;

/**
 * A random matrix [rows, columns] times **gain** (default *1*): its columns are orthonormal, or its
 * rows where it is wider than high.
 *
 * References: Saxe et al. 2014; https://keras.io/api/layers/initializers/#orthogonal-class
 *
 * @throws RangeError unless both lengths are positive integers.
 * @example
 * const [a, b, c, d] = orthogonal([2, 2], seededRandom(1));
 * a * c + b * d; // => 0, to rounding
 */
export function orthogonal(
  shape: readonly [rows: number, columns: number],
  random: Random,
  gain = 1,
): Float64Array {
  checkShape("orthogonal", shape, 2);
  checkRandom("orthogonal", random);
  const [rows, columns] = shape;
  checkPositiveInteger("orthogonal", "rows", rows);
  checkPositiveInteger("orthogonal", "columns", columns);
  const n = Math.min(rows, columns);
  const m = Math.max(rows, columns);
  // Zeros fill up to whole tiles; they change no sum.
  const nPadded = Math.ceil(n / tile) * tile;
  const mPadded = Math.ceil(m / tile) * tile;

  const { vT, signs } = reflections(n, m, nPadded, mPadded, random);
  const s = upperGram(vT, nPadded, mPadded);
  const v = transposed(vT, nPadded, mPadded);
  const wT = solve(s, v, nPadded);

  // Qᵀ[i, t] = ±(δ(i, t) − Σ_{k≤i} W[k, i]·V[t, k])
  const q = new Float64Array(rows * columns);
  const [iStride, tStride] = rows < columns ? [columns, 1] : [1, columns];
  const sums = new Float64Array(tile * tile);
  for (let block = 0; block < mPadded; block += segment) {
    const blockEnd = Math.min(block + segment, mPadded);
    for (let i = 0; i < nPadded; i += tile) {
      for (let t = block; t < blockEnd; t += tile) {
        dots(wT, i * nPadded, nPadded, v, t * nPadded, nPadded, 0, i + tile, sums);
        for (let row = i; row < Math.min(i + tile, n); row++) {
          for (let column = t; column < Math.min(t + tile, m); column++) {
            const delta = row === column ? 1 : 0;
            const value = delta - sums[(row - i) * tile + column - t];
            q[row * iStride + column * tStride] = gain * signs[row] * value;
          }
        }
      }
    }
  }
  return q;
}

// Row k of vT [n, m]: zeros up to k, then v = x + sign(x₀)·‖x‖·e₀ of a normal x, with ‖v‖² = 2. The
// reflection takes x to R_kk = −sign(x₀)·‖x‖.
function reflections(
  n: number,
  m: number,
  nPadded: number,
  mPadded: number,
  random: Random,
): { vT: Float64Array; signs: Float64Array } {
  const vT = new Float64Array(nPadded * mPadded);
  const signs = new Float64Array(n);
  for (let k = 0; k < n; k++) {
    const x = vT.subarray(k * mPadded + k, k * mPadded + m);
    let norm2 = 0;
    for (let t = 0; t < x.length; t++) {
      x[t] = random.normal();
      norm2 += x[t] * x[t];
    }
    const norm = Math.sqrt(norm2);
    const scale = 1 / Math.sqrt(norm * (norm + Math.abs(x[0])));
    signs[k] = x[0] < 0 ? 1 : -1;
    x[0] -= signs[k] * norm;
    for (let t = 0; t < x.length; t++) x[t] *= scale;
  }
  return { vT, signs };
}

// S[j, k] = Σₜ V[t, j]·V[t, k] for j < k, 1 on the diagonal, in segments of t.
function upperGram(vT: Float64Array, n: number, m: number): Float64Array {
  const s = new Float64Array(n * n);
  const sums = new Float64Array(tile * tile);
  for (let from = 0; from < m; from += segment) {
    const to = Math.min(from + segment, m);
    // Row k of vT begins at k, so rows from `to` on are still zero here.
    for (let k = 0; k < Math.min(n, to); k += tile) {
      for (let j = 0; j <= k; j += tile) {
        dots(vT, j * m, m, vT, k * m, m, from, to, sums);
        for (let r = 0; r < tile; r++) {
          for (let c = 0; c < tile; c++) s[(j + r) * n + k + c] += sums[r * tile + c];
        }
      }
    }
  }
  for (let k = 0; k < n; k++) s[k * n + k] = 1;
  return s;
}

// Wᵀ of S·W = V₁ᵀ, V₁ being the first n rows of V: row i of Wᵀ solves S·w = row i of V. S is upper
// triangular and so is W: w_k = v_k − Σ_{k<j≤i} S[k, j]·w_j.
function solve(s: Float64Array, v: Float64Array, n: number): Float64Array {
  const wT = new Float64Array(n * n);
  const sums = new Float64Array(tile * tile);
  for (let i = 0; i < n; i += tile) {
    for (let k = i; k >= 0; k -= tile) {
      dots(wT, i * n, n, s, k * n, n, k + tile, i + tile, sums);
      for (let r = 0; r < tile; r++) {
        const row = (i + r) * n;
        for (let c = tile - 1; c >= 0; c--) {
          let w = v[row + k + c] - sums[r * tile + c];
          for (let j = c + 1; j < tile; j++) w -= s[(k + c) * n + k + j] * wT[row + k + j];
          wT[row + k + c] = w;
        }
      }
    }
  }
  return wT;
}

function transposed(a: Float64Array, rows: number, columns: number): Float64Array {
  const b = new Float64Array(rows * columns);
  for (let block = 0; block < columns; block += tile) {
    for (let i = 0; i < rows; i++) {
      for (let j = block; j < block + tile; j++) b[j * rows + i] = a[i * columns + j];
    }
  }
  return b;
}

/** sums[3r + c] = Σ a[row r, t]·b[row c, t] over t in **from**..**to**−1: three rows by three. */
function dots(
  a: Float64Array,
  aStart: number,
  aStride: number,
  b: Float64Array,
  bStart: number,
  bStride: number,
  from: number,
  to: number,
  sums: Float64Array,
): void {
  const [a0, a1, a2] = [aStart, aStart + aStride, aStart + 2 * aStride];
  const [b0, b1, b2] = [bStart, bStart + bStride, bStart + 2 * bStride];
  let [s00, s01, s02] = [0, 0, 0];
  let [s10, s11, s12] = [0, 0, 0];
  let [s20, s21, s22] = [0, 0, 0];
  for (let t = from; t < to; t++) {
    const x0 = a[a0 + t];
    const x1 = a[a1 + t];
    const x2 = a[a2 + t];
    const y0 = b[b0 + t];
    const y1 = b[b1 + t];
    const y2 = b[b2 + t];
    s00 += x0 * y0;
    s01 += x0 * y1;
    s02 += x0 * y2;
    s10 += x1 * y0;
    s11 += x1 * y1;
    s12 += x1 * y2;
    s20 += x2 * y0;
    s21 += x2 * y1;
    s22 += x2 * y2;
  }
  sums[0] = s00;
  sums[1] = s01;
  sums[2] = s02;
  sums[3] = s10;
  sums[4] = s11;
  sums[5] = s12;
  sums[6] = s20;
  sums[7] = s21;
  sums[8] = s22;
}
