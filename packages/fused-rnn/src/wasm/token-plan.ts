// What a call makes of its tokens: rows that begin alike are worked on once; and where x is a lookup of them, so
// is the product of the kernel with each distinct token's vector.

import type { CallShape } from "../call.ts";
import { isLookup, staysAlike } from "../token-source.ts";
import { type CommonPrefix, commonPrefix } from "./common-prefix.ts";
import { writeDescriptor } from "./descriptor.ts";
import { type DistinctTokens, distinctTokens } from "./distinct-tokens.ts";
import type { ForwardArrays } from "./forward.ts";
import type { Heap } from "./heap.ts";
import { put, reserve, view } from "./regions.ts";
import { BLOCK_LINES, type Layout, layoutOf } from "./workspace.ts";

/** How a call makes use of its tokens; absent where it does not. */
export interface Lookup {
  shared?: CommonPrefix | undefined;
  words?: DistinctTokens | undefined;
}

/** Both uses, where they are right and save time. */
export function lookupOf(shape: CallShape, data: ForwardArrays): Lookup {
  const { tokens, mask, initialState } = data;
  if (!tokens) return {};
  const reader = { ...shape, started: initialState !== undefined };
  const layout = layoutOf(shape);
  const shared = staysAlike(reader) ? commonPrefix(tokens, { ...shape, ...layout }) : undefined;
  const words = isLookup(reader) ? distinctTokens(tokens, shape, layout, shared, mask) : undefined;
  return { shared, words };
}

/** Bytes from a word's vector to the next. */
export function tokenVectorBytes(I: number): number {
  return Math.ceil(I / 4) * 16;
}

/** Copies x in: of rows that another stands for, only the steps that they are worked on themselves. */
export function putInputs(
  heap: Heap,
  address: number,
  x: Float32Array,
  { B, T, I, goBackwards }: CallShape,
  shared: CommonPrefix | undefined,
): void {
  if (!shared) {
    put(heap, address, x);
    return;
  }
  const floats = heap.f32();
  for (let b = 0; b < B; b++) {
    const skipped = shared.firstSteps[b];
    const from = (b * T + (goBackwards ? 0 : skipped)) * I;
    floats.set(x.subarray(from, from + (T - skipped) * I), address / 4 + from);
  }
}

/**
 * Tells a descriptor what its lookup is, and copies the words' vectors in: the address of a region for that, 0 where there
 * is nothing to tell.
 */
export function placeLookup(
  heap: Heap,
  descriptor: number,
  x: Float32Array,
  { B, T, I, cell }: CallShape,
  { Hp }: Layout,
  { shared, words }: Lookup,
): number {
  if (!shared && !words) return 0;
  const count = words?.at.length ?? 0;
  const tokenVectorRow = tokenVectorBytes(I);
  const tokenSumRow = (cell === "simpleRnn" ? Hp : 4 * Hp) * 4;
  const { address, at } = reserve(heap, {
    order: shared ? B * 4 : 0,
    activeBefore: shared ? shared.starts.length * 4 : 0,
    tokenOf: words ? B * T * 4 : 0,
    tokenVectors: count * tokenVectorRow,
    tokenSums: count * tokenSumRow,
    firstTokens: words ? words.starts.length * 4 : 0,
    initialSums: words ? B * BLOCK_LINES : 0,
  });
  const ints = heap.i32();
  writeDescriptor(ints, descriptor, { ...at, tokenSumRow, tokenVectorRow });
  if (shared) {
    ints.set(shared.order, at.order / 4);
    ints.set(shared.starts, at.activeBefore / 4);
  }
  if (words) {
    ints.set(words.of, at.tokenOf / 4);
    ints.set(words.starts, at.firstTokens / 4);
    const vectors = view(heap, at.tokenVectors, (count * tokenVectorRow) / 4);
    moveRows(x, I, words.at, vectors, tokenVectorRow / 4, undefined);
  }
  return address;
}

/** The gradient of x from that of the words: each in the place of a step that has it, 0 in the others. */
export function scatterTokenGradients(
  { I }: CallShape,
  words: DistinctTokens,
  from: Float32Array,
  dx: Float32Array,
): void {
  dx.fill(0);
  moveRows(from, tokenVectorBytes(I) / 4, undefined, dx, I, words.at);
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
