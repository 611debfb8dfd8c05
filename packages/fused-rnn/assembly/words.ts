// Where x is a lookup of tokens: a block's distinct tokens, its words, are multiplied by the kernel once each,
// before the first step, and every step starts its sums from its words'. Backwards, the gradients of a word's
// steps are added up, and multiplied once each.
import { add } from "./gradient";
import * as J from "./job";
import { rowIn, rowList } from "./rows";
import { listedSums4, rowsN, zeros } from "./tile";
import { outer } from "./weight-gradients";
import { gateCount, setBytes, vectorsAt } from "./weights";

/** The first of a block's words. */
// @ts-ignore: decorator
@inline function firstWord(j: usize, block: i32): i32 { return load<i32>(J.wordStarts(j) + (block << 2)); }
// @ts-ignore
@inline function wordCount(j: usize, block: i32): i32 { return firstWord(j, block + 1) - firstWord(j, block); }
/** A word's vector. */
// @ts-ignore
@inline function vectorOf(j: usize, word: i32): usize { return J.words(j) + <usize>word * J.vectorRow(j); }
/** A word's sums, or the sum of its steps' gradients. */
// @ts-ignore
@inline function sumsOf(j: usize, word: i32): usize { return J.wordSums(j) + <usize>word * J.wordRow(j); }
/** The word of the row at a position at step t. */
// @ts-ignore
@inline function wordAt(j: usize, position: i32, t: i32): i32 {
  return load<i32>(J.wordOf(j) + ((J.batchRow(j, position) * J.T(j) + J.sourceStep(j, t)) << 2));
}

/** Columns of the gates' gradients that x's share of the sums has: a GRU's [z r]…, [xc]…. */
export function gateColumns(j: usize): i32 { return gateCount(j) * J.Hp(j); }

/** What the block's words add up to with the kernel and the bias, laid out as gates are. */
export function projectWords(j: usize, block: i32): void {
  if (J.wordOf(j) == 0) return;
  const I = J.I(j), Hp = J.Hp(j), K = I + J.H(j), cell = J.CELL(j), simple = cell == J.SIMPLE;
  const n = wordCount(j, block), row = J.wordRow(j), step = simple ? 16 : 4;
  const a = vectorOf(j, firstWord(j, block)), aRow = J.vectorRow(j);
  let w = J.weights(j), bias = J.biases(j), to = sumsOf(j, firstWord(j, block));
  for (let u = 0; u < Hp; u += step) {
    const vectors = simple ? min(4, (Hp - u) >> 2) : cell == J.LSTM ? 4 : 3;
    rowsN(vectors, a, aRow, n, w, I, bias, 0, to, row);
    if (cell >= J.GRU_AFTER) {
      const rest = v128.load(bias, 48);
      for (let k = 0; k < n; k++) v128.store(to + k * row, rest, 48);
    }
    w += <usize>(K * vectors) << 4; bias += 64; to += 64;
  }
}

/** The list of where the sums of the words of a block's rows lie, at the step at hand. */
// @ts-ignore: decorator
@inline export function basesOf(j: usize, block: i32): usize { return J.bases(j) + J.blockLines(j, block); }

/** Fills that list for step t. */
export function listSums(j: usize, block: i32, t: i32): void {
  if (J.wordOf(j) == 0) return;
  const b0 = J.firstRow(j, block), bases = basesOf(j, block);
  for (let r = 0, rows = J.rowsAt(j, block, t); r < rows; r++) {
    store<usize>(bases + (r << 2), sumsOf(j, wordAt(j, b0 + r, t)));
  }
}

/** Where the sums of a row's word lie, at the step at hand. */
// @ts-ignore: decorator
@inline export function baseOf(j: usize, block: i32, r: i32): usize {
  return load<usize>(basesOf(j, block) + (r << 2));
}

/** rowsN for the `rows` rows of a list or all, in pairs, each from its word's sums `offset` bytes on. */
export function rowsFromWords(
  n: i32, j: usize, block: i32, list: usize, rows: i32, a: usize, aRow: i32, w: usize, K: i32, offset: usize, out: usize, outRow: i32,
): void {
  if (list == 0 && n == 4) {
    return listedSums4(a, aRow, rows, w, K, basesOf(j, block), <i32>offset, out, outRow);
  }
  for (let i = 0; i < rows; i += 2) {
    const r = rowIn(list, i), pair = min(2, rows - i), next = rowIn(list, i + pair - 1), d = next - r;
    const init = baseOf(j, block, r), initRow = <i32>(baseOf(j, block, next) - init);
    rowsN(n, a + r * aRow, d * aRow, pair, w, K, init + offset, initRow, out + r * outRow, d * outRow);
  }
}

/** Clears what words' gradients are added to: the sums that the forward pass started from. */
export function startWordGradients(j: usize, block: i32): void {
  if (J.wordOf(j)) memory.fill(sumsOf(j, firstWord(j, block)), 0, <usize>wordCount(j, block) * J.wordRow(j));
}

/** Adds a step's gradients, of the `rows` rows listed, to those of the words. */
export function addWordGradients(j: usize, block: i32, t: i32, rows: i32): void {
  if (J.wordOf(j) == 0) return;
  const list = rowList(j, block), b0 = J.firstRow(j, block), dz = J.dzAt(j, block, t);
  for (let i = 0; i < rows; i++) {
    const r = rowIn(list, i);
    add(sumsOf(j, wordAt(j, b0 + r, t)), dz + r * J.dzRow(j), gateColumns(j));
  }
}

/** The kernel's gradient from those of the words, and theirs where they are asked for, [words, I padded]. */
export function wordGradients(j: usize, block: i32): void {
  if (J.wordOf(j) == 0) return;
  const I = J.I(j), K = gateColumns(j), word = firstWord(j, block), n = wordCount(j, block);
  const row = J.vectorRow(j), sumRow = J.wordRow(j), sums = sumsOf(j, word);
  const dw = J.dw(j) + <usize>block * (I + J.H(j) + 1) * J.dwRow(j), most = min(128, J.rowsOf(j, block) * J.tile(j));
  for (let k = 0; k < n; k += most) {
    outer(j, block, vectorOf(j, word + k), row, I, sums + k * sumRow, sumRow, 0, K, min(most, n - k), dw, 3);
  }
  if ((J.flags(j) & J.NEED_DX) == 0) return;
  let w = J.transposed(j) + setBytes(J.H(j), K);
  for (let q = 0; q < I; q += 16) {
    const v = vectorsAt(q, I);
    rowsN(v, sums, sumRow, n, w, K, zeros(), 0, J.dx(j) + <usize>word * row + (q << 2), row);
    w += <usize>(K * v) << 4;
  }
}
