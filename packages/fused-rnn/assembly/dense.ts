// A Dense layer on rows that lie in the engine's memory: y = act(x·W + b), and back. Rows of sums and of their
// gradients are padded to 16 columns, so that every product is one of panels; those of x and y lie as Keras has them.
import { activate, derivative } from "./activations";
import { vectorsAt } from "./columns";
import { exp } from "./exponential";
import { rowsN, zeros } from "./gemm";
import { columnsN, sumRows } from "./gemm-columns";
import { loadTail, storeTail } from "./lanes";

/** Behind the activations that work number by number: a softmax works row by row. */
const SOFTMAX: i32 = -1;

/** W [K, N] as panels of up to 16 columns, K rows each; zeros beyond column N. */
export function packColumns(w: usize, K: i32, N: i32, to: usize): void {
  for (let q = 0; q < N; q += 16) {
    const n = vectorsAt(q, N);
    for (let k = 0; k < K; k++) {
      const row = w + ((<usize>k * N + q) << 2);
      for (let v = 0; v < n; v++) {
        const left = N - q - (v << 2);
        v128.store(to, loadTail(row + (v << 4), left));
        to += 16;
      }
    }
  }
}

/** The same of the transpose: W [N, K], panels of K rows over its N rows. */
export function packRows(w: usize, K: i32, N: i32, to: usize): void {
  for (let q = 0; q < N; q += 16) {
    const n = vectorsAt(q, N) << 2;
    for (let k = 0; k < K; k++) {
      for (let i = 0; i < n; i++) {
        store<f32>(to, q + i < N ? load<f32>(w + ((<usize>(q + i) * K + k) << 2)) : 0);
        to += 4;
      }
    }
  }
}

/** out_r = bias + x_r·W for rows of K floats; bias 0: none, else padded as `out` is. */
export function denseSums(
  x: usize,
  xRow: i32,
  rows: i32,
  panels: usize,
  K: i32,
  N: i32,
  bias: usize,
  out: usize,
  outRow: i32,
): void {
  for (let q = 0; q < N; q += 16) {
    const n = vectorsAt(q, N);
    const init = bias ? bias + (q << 2) : zeros();
    rowsN(n, x, xRow, rows, panels, K, init, 0, out + (q << 2), outRow);
    panels += <usize>K * (n << 4);
  }
}

/** dW = xᵀ·dz and db = Σ dz over the rows; dz, dW and db padded to 16 columns; db 0: none. */
export function denseWeightGradients(
  x: usize,
  xRow: i32,
  rows: i32,
  dz: usize,
  dzRow: i32,
  K: i32,
  N: i32,
  dw: usize,
  db: usize,
): void {
  memory.fill(dw, 0, <usize>K * dzRow);
  if (db) memory.fill(db, 0, dzRow);
  for (let q = 0; q < N; q += 16) {
    const n = vectorsAt(q, N);
    const at = q << 2;
    for (let k = 0; k < K; k += 2) {
      const s = min(k + 1, K - 1);
      columnsN(n, x + (k << 2), x + (s << 2), xRow, dz + at, dzRow, rows, dw + k * dzRow + at, dw + s * dzRow + at);
    }
    if (db) sumRows(dz + at, dzRow, rows, db + at);
  }
}

/** Activates rows of N floats in place. */
export function activateDense(kind: i32, p: usize, row: i32, rows: i32, N: i32): void {
  for (let r = 0; r < rows; r++) {
    if (kind == SOFTMAX) softmax(p, N);
    else for (let i = 0; i < N; i += 4) storeTail(p + (i << 2), activate(kind, loadTail(p + (i << 2), N - i)), N - i);
    p += row;
  }
}

function softmax(p: usize, N: i32): void {
  let most: f32 = -Infinity;
  for (let i = 0; i < N; i++) most = max(most, load<f32>(p + (i << 2)));
  const from = f32x4.splat(most);
  let sum: f32 = 0;
  for (let i = 0; i < N; i += 4) {
    const at = p + (i << 2);
    storeTail(at, exp(f32x4.sub(loadTail(at, N - i), from)), N - i);
    for (let k = i; k < min(i + 4, N); k++) sum += load<f32>(p + (k << 2));
  }
  for (let i = 0; i < N; i++) store<f32>(p + (i << 2), load<f32>(p + (i << 2)) / sum);
}

/** dz = dy ⊙ act′, in terms of y, of rows of N floats that lie close; dz padded with zeros to its row. */
export function denseGradients(kind: i32, y: usize, dy: usize, rows: i32, N: i32, dz: usize, dzRow: i32): void {
  memory.fill(dz, 0, <usize>rows * dzRow);
  for (let r = 0; r < rows; r++) {
    let dot: f32 = 0;
    if (kind == SOFTMAX) for (let i = 0; i < N; i++) dot += load<f32>(y + (i << 2)) * load<f32>(dy + (i << 2));
    for (let i = 0; i < N; i += 4) {
      const at = i << 2;
      const value = loadTail(y + at, N - i);
      const back = loadTail(dy + at, N - i);
      const each =
        kind == SOFTMAX
          ? f32x4.mul(value, f32x4.sub(back, f32x4.splat(dot)))
          : f32x4.mul(back, derivative(kind, value));
      storeTail(dz + at, each, N - i);
    }
    y += N << 2;
    dy += N << 2;
    dz += dzRow;
  }
}

/** Rows of n floats to rows elsewhere; a row's bytes may be below 0, which turns their order round. */
export function moveRows(from: usize, fromRow: i32, rows: i32, n: i32, to: usize, toRow: i32): void {
  for (let r = 0; r < rows; r++) {
    for (let i = 0; i < n; i += 4) storeTail(to + (i << 2), loadTail(from + (i << 2), n - i), n - i);
    from += fromRow;
    to += toRow;
  }
}

/** to = x ⊙ factor, of n floats. */
export function multiplyAll(x: usize, factor: usize, n: i32, to: usize): void {
  for (let i = 0; i < n; i += 4) {
    const at = (<usize>i) << 2;
    storeTail(to + at, f32x4.mul(loadTail(x + at, n - i), loadTail(factor + at, n - i)), n - i);
  }
}

/**
 * n factors of a dropout mask: number i is 0 where the 32 bits that (state, key) give for it are below `first`, else
 * `kept`. src/chain/dropout-stage.ts has the same in TypeScript, bit for bit.
 */
export function fillFactors(state: i32, key: i32, first: i32, kept: f32, n: i32, to: usize): void {
  const golden = 0x9e3779b9;
  let s = i32x4.add(i32x4.splat(state), i32x4(golden, 2 * golden, 3 * golden, 4 * golden));
  for (let i = 0; i < n; i += 4) {
    let z = i32x4.mul(v128.xor(s, i32x4.shr_u(s, 16)), i32x4.splat(0x21f0aaad));
    z = v128.xor(z, i32x4.splat(key));
    z = i32x4.mul(v128.xor(z, i32x4.shr_u(z, 15)), i32x4.splat(0x735a2d97));
    z = v128.xor(z, i32x4.shr_u(z, 15));
    storeTail(to + ((<usize>i) << 2), v128.and(i32x4.ge_u(z, i32x4.splat(first)), f32x4.splat(kept)), n - i);
    s = i32x4.add(s, i32x4.splat(4 * golden));
  }
}
