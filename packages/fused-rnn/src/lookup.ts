// What a call makes of its tokens: rows that begin alike are worked on once; and where x is a lookup of them, so
// is the product of the kernel with each distinct token's vector.

import { BLOCK_LINES, type CallShape, type Layout, layoutOf, writeJob } from "./call.ts";
import type { ForwardArrays } from "./forward.ts";
import { type LookedUpWords, lookedUpWords } from "./looked-up-words.ts";
import type { Heap } from "./memory.ts";
import { put, reserve, view } from "./regions.ts";
import { type SharedRows, sharedRows } from "./shared-rows.ts";
import { isLookup, staysAlike } from "./token-source.ts";

/** How a call makes use of its tokens; absent where it does not. */
export interface Lookup {
  shared?: SharedRows | undefined;
  words?: LookedUpWords | undefined;
}

/** Both uses, where they are right and save time. */
export function lookupOf(shape: CallShape, data: ForwardArrays): Lookup {
  const { tokens, mask, initialState } = data;
  if (!tokens) return {};
  const reader = { ...shape, started: initialState !== undefined };
  const layout = layoutOf(shape);
  const shared = staysAlike(reader) ? sharedRows(tokens, { ...shape, ...layout }) : undefined;
  const words = isLookup(reader) ? lookedUpWords(tokens, shape, layout, shared, mask) : undefined;
  return { shared, words };
}

/** Bytes from a word's vector to the next. */
export function vectorBytes(I: number): number {
  return Math.ceil(I / 4) * 16;
}

/** Copies x in: of rows that another stands for, only the steps that they are worked on themselves. */
export function putInputs(
  heap: Heap,
  address: number,
  x: Float32Array,
  { B, T, I, goBackwards }: CallShape,
  shared: SharedRows | undefined,
): void {
  if (!shared) {
    put(heap, address, x);
    return;
  }
  const floats = heap.floats();
  for (let b = 0; b < B; b++) {
    const skipped = shared.firstSteps[b];
    const from = (b * T + (goBackwards ? 0 : skipped)) * I;
    floats.set(x.subarray(from, from + (T - skipped) * I), address / 4 + from);
  }
}

/**
 * Tells a job what its lookup is, and copies the words' vectors in: the address of a region for that, 0 where there
 * is nothing to tell.
 */
export function placeLookup(
  heap: Heap,
  job: number,
  x: Float32Array,
  { B, T, I, cell }: CallShape,
  { Hp }: Layout,
  { shared, words }: Lookup,
): number {
  if (!shared && !words) return 0;
  const count = words?.at.length ?? 0;
  const vectorRow = vectorBytes(I);
  const wordRow = (cell === "simpleRnn" ? Hp : 4 * Hp) * 4;
  const { address, at } = reserve(heap, {
    order: shared ? B * 4 : 0,
    starts: shared ? shared.starts.length * 4 : 0,
    wordOf: words ? B * T * 4 : 0,
    words: count * vectorRow,
    wordSums: count * wordRow,
    wordStarts: words ? words.starts.length * 4 : 0,
    bases: words ? B * BLOCK_LINES : 0,
  });
  const ints = heap.words();
  writeJob(ints, job, { ...at, wordRow, vectorRow });
  if (shared) {
    ints.set(shared.order, at.order / 4);
    ints.set(shared.starts, at.starts / 4);
  }
  if (words) {
    ints.set(words.of, at.wordOf / 4);
    ints.set(words.starts, at.wordStarts / 4);
    const vectors = view(heap, at.words, (count * vectorRow) / 4);
    moveRows(x, I, words.at, vectors, vectorRow / 4, undefined);
  }
  return address;
}

/** The gradient of x from that of the words: each in the place of a step that has it, 0 in the others. */
export function spreadWords(
  { I }: CallShape,
  words: LookedUpWords,
  from: Float32Array,
  dx: Float32Array,
): void {
  dx.fill(0);
  moveRows(from, vectorBytes(I) / 4, undefined, dx, I, words.at);
}

/** Copies rows of as many floats as the narrower side has; at both sides in turn, or where a list says. */
function moveRows(
  from: Float32Array,
  fromWidth: number,
  fromRows: Int32Array | undefined,
  to: Float32Array,
  toWidth: number,
  toRows: Int32Array | undefined,
): void {
  const count = (fromRows ?? toRows)?.length ?? 0;
  const width = Math.min(fromWidth, toWidth);
  // Short rows: a loop takes less than a call for each, and half as long for two floats at a time.
  const twice = [fromWidth, toWidth, from.byteOffset / 4, to.byteOffset / 4].every(
    (n) => n % 2 === 0,
  );
  const [source, target] = twice ? [pairsOf(from), pairsOf(to)] : [from, to];
  const each = twice ? 2 : 1;
  for (let k = 0; k < count; k++) {
    const a = ((fromRows ? fromRows[k] : k) * fromWidth) / each;
    const b = ((toRows ? toRows[k] : k) * toWidth) / each;
    for (let i = 0; i < width / each; i++) target[b + i] = source[a + i];
  }
}

function pairsOf({ buffer, byteOffset, length }: Float32Array): Float64Array {
  return new Float64Array(buffer, byteOffset, length >> 1);
}
