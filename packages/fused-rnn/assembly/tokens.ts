// Where x is a lookup of tokens: a block's distinct tokens are multiplied by the kernel once each, before the first
// step, and every step starts its sums from its token's. Backwards, the gradients of a token's steps are
// added up, and multiplied once each:
//
//     Σ_steps x·W + b is Σ_tokens' sums      dW = Σ_tokens vectorᵀ · Σ_(steps of the token) dz
import { dzAt } from "./buffers";
import { gateColumns, panelVectors, setBytes, vectorsAt } from "./columns";
import { Descriptor, Flag } from "./descriptor";
import { rowsN, zeros } from "./gemm";
import { add } from "./lanes";
import { batchRow, blockLines, firstRow, rowIn, rowList, rowsAt, rowsOf, sourceStep } from "./rows";
import { outer } from "./weight-gradients";

/** The first of a block's tokens. */
// @ts-ignore: decorator
@inline
function firstToken(d: Descriptor, block: i32): i32 {
  return load<i32>(d.firstTokens + (block << 2));
}
// @ts-ignore: decorator
@inline
function tokenCount(d: Descriptor, block: i32): i32 {
  return firstToken(d, block + 1) - firstToken(d, block);
}
// @ts-ignore: decorator
@inline
function vectorOf(d: Descriptor, token: i32): usize {
  return d.tokenVectors + <usize>token * d.tokenVectorRow;
}
/** A token's sums, or the sum of its steps' gradients. */
// @ts-ignore: decorator
@inline
function sumsOf(d: Descriptor, token: i32): usize {
  return d.tokenSums + <usize>token * d.tokenSumRow;
}
/** The token of the row at a position at step t. */
// @ts-ignore: decorator
@inline
function tokenAt(d: Descriptor, position: i32, t: i32): i32 {
  return load<i32>(d.tokenOf + ((batchRow(d, position) * d.T + sourceStep(d, t)) << 2));
}

/** What the block's tokens add up to with the kernel and the bias, laid out as gates are. */
export function projectTokens(d: Descriptor, block: i32): void {
  if (d.tokenOf == 0) return;
  const I = d.I;
  const K = I + d.H;
  const n = tokenCount(d, block);
  const row = d.tokenSumRow;
  const units = d.panelUnits;
  const bytes = (units * d.gateVectors) << 2;
  const halves = d.gateVectors > d.gateCount;
  const a = vectorOf(d, firstToken(d, block));
  const aRow = d.tokenVectorRow;
  let w = d.weights;
  let bias = d.biases;
  let to = sumsOf(d, firstToken(d, block));
  for (let u = 0; u < d.Hp; u += units) {
    const vectors = panelVectors(d, u);
    // The panels are those of the steps, of which this takes x's rows: sums begin as a step's would, and end with its
    // bits.
    rowsN(vectors, a, aRow, n, w, I, bias, 0, to, row);
    // h's half of a candidate has nothing of x: its bias alone.
    if (halves) {
      const rest = v128.load(bias + (vectors << 4));
      for (let k = 0; k < n; k++) v128.store(to + k * row + (vectors << 4), rest);
    }
    w += (<usize>(K * vectors)) << 4;
    bias += bytes;
    to += bytes;
  }
}

/** The list of where the sums of the tokens of a block's rows lie, at the step at hand. */
// @ts-ignore: decorator
@inline
export function initialSumsOf(d: Descriptor, block: i32): usize {
  return d.initialSums + blockLines(d, block);
}

/** Fills that list for step t. */
export function listInitialSums(d: Descriptor, block: i32, t: i32): void {
  if (d.tokenOf == 0) return;
  const b0 = firstRow(d, block);
  const list = initialSumsOf(d, block);
  for (let r = 0, rows = rowsAt(d, block, t); r < rows; r++) {
    // Looked up once a step, not once a panel.
    store<usize>(list + (r << 2), sumsOf(d, tokenAt(d, b0 + r, t)));
  }
}

/** Where the sums of a row's token lie, at the step at hand. */
// @ts-ignore: decorator
@inline
export function initialSum(d: Descriptor, block: i32, r: i32): usize {
  return load<usize>(initialSumsOf(d, block) + (r << 2));
}

/** Clears what tokens' gradients are added to: the sums that the forward pass started from. */
export function clearTokenGradients(d: Descriptor, block: i32): void {
  if (d.tokenOf == 0) return;
  memory.fill(sumsOf(d, firstToken(d, block)), 0, <usize>tokenCount(d, block) * d.tokenSumRow);
}

/** Adds a step's gradients, of the `rows` rows listed, to those of the tokens. */
export function addTokenGradients(d: Descriptor, block: i32, t: i32, rows: i32): void {
  if (d.tokenOf == 0) return;
  const list = rowList(d, block);
  const b0 = firstRow(d, block);
  const dz = dzAt(d, block, t);
  for (let i = 0; i < rows; i++) {
    const r = rowIn(list, i);
    // In the order of steps and rows, by the block's own thread: the sum's order is the same however many run.
    add(sumsOf(d, tokenAt(d, b0 + r, t)), dz + r * d.dzRow, gateColumns(d));
  }
}

/** The kernel's gradient from those of the tokens, and theirs where they are asked for, [tokens, I padded]. */
export function tokenGradients(d: Descriptor, block: i32): void {
  if (d.tokenOf == 0) return;
  const I = d.I;
  const K = gateColumns(d);
  const token = firstToken(d, block);
  const n = tokenCount(d, block);
  const row = d.tokenVectorRow;
  const sumRow = d.tokenSumRow;
  const sums = sumsOf(d, token);
  // As many at a time as a chunk has rows: `panel` has room for no more.
  const dw = d.dw + <usize>block * (I + d.H + 1) * d.dwRow;
  const most = min(128, rowsOf(d, block) * d.timeChunk);
  for (let k = 0; k < n; k += most) {
    const vectors = vectorOf(d, token + k);
    const from = sums + k * sumRow;
    outer(d, block, vectors, row, I, from, sumRow, 0, K, min(most, n - k), dw, 1);
  }
  // Of a lookup the gradient is the table's: one row a token, which the caller scatters. Laid out as gates are,
  // the sums are rows of dz with the columns that x has.
  if ((d.flags & Flag.NEED_DX) == 0) return;
  let w = d.transposed + setBytes(d.H, K);
  for (let q = 0; q < I; q += 16) {
    const v = vectorsAt(q, I);
    rowsN(v, sums, sumRow, n, w, K, zeros(), 0, d.dx + <usize>token * row + (q << 2), row);
    w += (<usize>(K * v)) << 4;
  }
}
