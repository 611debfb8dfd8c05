// What a call makes of its tokens: rows that begin alike are worked on once; and where x is a lookup of them, so
// is the product of the kernel with each distinct token's vector.

import { BLOCK_LINES, type CallShape, type Layout, layoutOf, writeJob } from "./call.ts";
import type { ForwardArrays } from "./forward.ts";
import { type LookedUpWords, lookedUpWords } from "./looked-up-words.ts";
import type { Heap } from "./memory.ts";
import { put, reserve, view } from "./regions.ts";
import { type SharedRows, sharedRows } from "./shared-rows.ts";

/** How a call makes use of its tokens; absent where it does not. */
export interface Lookup {
  shared?: SharedRows | undefined;
  words?: LookedUpWords | undefined;
}

/** Both uses, where they save time. Under a mask or from given states rows that begin alike do not go on alike. */
export function lookupOf(shape: CallShape, data: ForwardArrays): Lookup {
  const { tokens, mask, initialState } = data;
  if (!tokens) return {};
  const layout = layoutOf(shape);
  const shared = mask || initialState ? undefined : sharedRows(tokens, { ...shape, ...layout });
  const words = shape.lookedUp && lookedUpWords(tokens, shape, layout, shared, mask);
  return { shared, words: words || undefined };
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

/** Tells a job which rows stand for others; the plan has room for it. */
export function putSharing(
  heap: Heap,
  job: number,
  at: { order: number; starts: number },
  shared: SharedRows | undefined,
): void {
  if (!shared) {
    writeJob(heap.words(), job, { order: 0, starts: 0 });
    return;
  }
  heap.words().set(shared.order, at.order / 4);
  heap.words().set(shared.starts, at.starts / 4);
}

/** Copies the words in and tells a job of them: the address of their region. */
export function placeWords(
  heap: Heap,
  job: number,
  x: Float32Array,
  { B, T, I, cell }: CallShape,
  { Hp }: Layout,
  words: LookedUpWords,
): number {
  const count = words.at.length;
  const wordRow = (cell === "simpleRnn" ? Hp : 4 * Hp) * 4;
  const { address, at } = reserve(heap, {
    wordOf: B * T * 4,
    words: count * vectorBytes(I),
    wordSums: count * wordRow,
    wordStarts: words.starts.length * 4,
    bases: B * BLOCK_LINES,
  });
  writeJob(heap.words(), job, { ...at, wordRow });
  heap.words().set(words.of, at.wordOf / 4);
  heap.words().set(words.starts, at.wordStarts / 4);
  const vectors = view(heap, at.words, (count * vectorBytes(I)) / 4);
  moveRows(x, I, words.at, vectors, vectorBytes(I) / 4, undefined);
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
