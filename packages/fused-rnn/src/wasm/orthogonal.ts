// Random matrices with orthonormal rows or columns: the draw of core-rnn's `orthogonal`, in float32
// on the engine. Q is a product of n random reflections of length m >= n, columns of V [m, n],
//
//     Q = (1 − V·S⁻¹·V₁ᵀ)·diag(±1),    S = upper triangle of Vᵀ·V, its diagonal halved,
//
// V₁ being the first n rows of V, and of the product its first n columns kept. core-rnn says why these
// are Keras's signs and distribution. Nothing is factorized, so no condition number, which of a square
// random matrix is large, eats up float32's digits.

import { type Random, orthogonal as referenceOrthogonal, shown } from "@rnnkit/core-rnn";
import { getInstance, isEngineSupported } from "./instance.ts";

/** Rows of V that a product works on while they are in cache. */
const blockRows = 128;

/**
 * A random matrix [rows, columns] times **gain** (default *1*): its columns are orthonormal, or its
 * rows where it is wider than high, to 1e-6.
 *
 * The same matrix as core-rnn's `orthogonal` for the same **random**, to float32's rounding, but drawn
 * on the engine in a fifth of the time. Where the engine is not supported it is core-rnn's.
 *
 * References: Saxe et al. 2014; https://keras.io/api/layers/initializers/#orthogonal-class
 *
 * @throws RangeError unless both lengths are positive integers, or when the matrix does not fit into
 * the engine's memory.
 * @example
 * const [a, b, c, d] = orthogonal([2, 2], seededRandom(1));
 * a * c + b * d; // => 0, to rounding
 */
export function orthogonal(
  shape: readonly [rows: number, columns: number],
  random: Random,
  gain = 1,
): Float32Array<ArrayBuffer> {
  if (!Array.isArray(shape) || shape.length !== 2) {
    throw new TypeError(`orthogonal: expected a shape [rows, columns], got ${shown(shape)}`);
  }
  if (typeof random?.normal !== "function") {
    const expected = "a generator such as seededRandom(1)";
    throw new TypeError(`orthogonal: expected ${expected}, got ${shown(random)}`);
  }
  const [rows, columns] = shape;
  checkLength("rows", rows);
  checkLength("columns", columns);
  if (!isEngineSupported()) return Float32Array.from(referenceOrthogonal(shape, random, gain));

  const { kernels, heap } = getInstance();
  const [n, m] = rows < columns ? [rows, columns] : [columns, rows];
  const panels = Math.ceil(n / 16);
  const width = 16 * panels;
  // An odd number of cache lines: the kernels go down columns, and powers of two share cache sets.
  const row = 16 * (panels | 1);
  const height = Math.max(m + (m % 2), width);
  const sizes = [height * row, width * row, 8 * width * (panels + 1), blockRows * row];
  const base = heap.allocate(4 * sizes.reduce((sum, size) => sum + size));
  try {
    const floats = heap.f32();
    const [v, s, w, block] = sizes.map((_, i) =>
      sizes.slice(0, i).reduce((sum, size) => sum + size, base / 4),
    );
    floats.fill(0, v, w);
    const signs = drawReflections(floats.subarray(v, s), row, n, m, random);

    // S beside its unit diagonal, negated: what solvePanel takes.
    for (let t = 0; t < height; t += blockRows) {
      kernels.addGram(4 * v, 4 * row, t, Math.min(t + blockRows, height), width, 4 * s);
    }
    for (let e = s; e < w; e++) floats[e] = -floats[e];

    // W = −gain·S⁻¹·V₁ᵀ·diag(±1)
    for (let q = 0, panel = w; q < width; q += 16) {
      kernels.solvePanel(4 * v, 4 * row, 4 * s, q, 4 * panel);
      for (const end = panel + 16 * (q + 16); panel < end; panel += 16) {
        for (let c = 0; c < 16; c++) floats[panel + c] *= -gain * signs[q + c];
      }
    }

    // Q = gain·diag(±1) + V·W, its columns along the shorter side.
    const result = new Float32Array(rows * columns);
    const [iStride, tStride] = rows < columns ? [columns, 1] : [1, columns];
    for (let t0 = 0; t0 < m; t0 += blockRows) {
      const t1 = Math.min(t0 + blockRows, m);
      kernels.multiplyRows(4 * v, 4 * row, t0, t1 + (t1 % 2), width, 4 * w, 4 * block);
      for (let i = 0; i < n; i++) {
        let from = block + i;
        for (let t = t0; t < t1; t++, from += row) {
          result[i * iStride + t * tStride] = floats[from];
        }
      }
    }
    for (let i = 0; i < n; i++) result[i * (iStride + tStride)] += gain * signs[i];
    return result;
  } finally {
    heap.release(base);
  }
}

function checkLength(what: string, length: number): void {
  if (!Number.isInteger(length) || length < 1) {
    throw new RangeError(
      `orthogonal: expected ${what} to be a positive integer, got ${shown(length)}`,
    );
  }
}

/**
 * Column k of V: zeros up to k, then x + sign(x₀)·‖x‖·e₀ of a normal x, scaled to the square 2. The
 * reflection takes x to −sign(x₀)·‖x‖, whose sign is returned, negated, for a positive R.
 */
function drawReflections(
  v: Float32Array,
  row: number,
  n: number,
  m: number,
  random: Random,
): Float64Array {
  const signs = new Float64Array(16 * Math.ceil(n / 16));
  const x = new Float64Array(m);
  for (let k = 0; k < n; k++) {
    let norm2 = 0;
    for (let t = k; t < m; t++) {
      x[t] = random.normal();
      norm2 += x[t] * x[t];
    }
    const norm = Math.sqrt(norm2);
    const scale = 1 / Math.sqrt(norm * (norm + Math.abs(x[k])));
    signs[k] = x[k] < 0 ? 1 : -1;
    x[k] -= signs[k] * norm;
    for (let t = k, to = k * row + k; t < m; t++, to += row) v[to] = x[t] * scale;
  }
  return signs;
}
