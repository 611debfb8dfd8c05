import { DatasetError } from "./dataset-error.ts";
import type { StoredSplit } from "./imdb-file.ts";
import { RaggedArray } from "./ragged-array.ts";
import { RandomState } from "./random-state.ts";

/** How `keras.datasets.imdb.load_data` selects and renumbers; null means "no such thing". */
export interface Selection {
  numWords: number | null;
  skipTop: number;
  maxLen: number | null;
  seed: number;
  startChar: number | null;
  oovChar: number | null;
  indexFrom: number;
}

/** Reviews and labels, review i labelled 1 (positive) or 0 (negative). */
export interface Reviews {
  /** Word ids, one sequence a review. */
  x: RaggedArray;
  /** The labels. */
  y: Int32Array;
}

/**
 * What `load_data` does after reading the file, in its order:
 *
 *     one RandomState(seed) shuffles train, then goes on and shuffles test
 *     x ← [startChar, x + indexFrom]
 *     keep x where len(x) < maxLen
 *     numWords ← numWords, or else the largest id of both halves
 *     w ← w where skipTop <= w < numWords, else oovChar (dropped when null)
 *
 * Source: keras/src/datasets/imdb.py of Keras 3.15.
 */
export function selectReviews(
  who: string,
  file: { train: StoredSplit; test: StoredSplit },
  selection: Selection,
): { train: Reviews; test: Reviews } {
  const random = new RandomState(selection.seed);
  const train = keptOrder(file.train, random, selection);
  const test = keptOrder(file.test, random, selection);
  for (const { length } of [train, test])
    if (length === 0 && selection.maxLen !== null)
      throw new DatasetError(
        "option",
        `${who}: After filtering for sequences shorter than maxlen=${selection.maxLen}, no sequence was kept. Increase maxlen.`,
      );
  const numWords =
    selection.numWords ??
    Math.max(
      selection.startChar ?? 0,
      largest(file.train, train) + selection.indexFrom,
      largest(file.test, test) + selection.indexFrom,
    );
  return {
    train: renumber(file.train, train, numWords, selection),
    test: renumber(file.test, test, numWords, selection),
  };
}

function keptOrder(split: StoredSplit, random: RandomState, selection: Selection): Int32Array {
  const { starts, ends } = split.lists;
  const order = random.permutation(starts.length);
  const { maxLen } = selection;
  if (maxLen === null) return order;
  const extra = selection.startChar === null ? 0 : 1;
  return order.filter((i) => ends[i]! - starts[i]! + extra < maxLen);
}

function largest({ lists }: StoredSplit, order: Int32Array): number {
  let most = 0;
  for (const i of order)
    for (let at = lists.starts[i]!; at < lists.ends[i]!; at++)
      if (lists.values[at]! > most) most = lists.values[at]!;
  return most;
}

function renumber(
  { lists, labels }: StoredSplit,
  order: Int32Array,
  numWords: number,
  { skipTop, startChar, oovChar, indexFrom }: Selection,
): Reviews {
  const { values, starts, ends } = lists;
  let capacity = startChar === null ? 0 : order.length;
  for (const i of order) capacity += ends[i]! - starts[i]!;
  const tokens = new Int32Array(capacity);
  const offsets = new Int32Array(order.length + 1);
  const y = new Int32Array(order.length);
  let used = 0;
  const put = (w: number): void => {
    if (w >= skipTop && w < numWords) tokens[used++] = w;
    else if (oovChar !== null) tokens[used++] = oovChar;
  };
  for (let n = 0; n < order.length; n++) {
    const i = order[n]!;
    if (startChar !== null) put(startChar);
    for (let at = starts[i]!; at < ends[i]!; at++) put(values[at]! + indexFrom);
    offsets[n + 1] = used;
    y[n] = labels[i]!;
  }
  return { x: new RaggedArray(used === capacity ? tokens : tokens.slice(0, used), offsets), y };
}
