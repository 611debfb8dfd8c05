// What a call makes of ids: rows that begin alike are worked on once; and where the sequence is a lookup, so is the
// product of the kernel with each distinct token's vector. Nobody outside the engine sees it.

import type { CallShape } from "../call.ts";
import type { ForwardArrays, ForwardShape, LookupArrays } from "./arrays.ts";
import { type CommonPrefix, commonPrefix } from "./common-prefix.ts";
import { writeDescriptor } from "./descriptor.ts";
import { type DistinctTokens, distinctTokens } from "./distinct-tokens.ts";
import type { Heap } from "./heap.ts";
import { blocksOf, type Layout } from "./layout.ts";
import { reserve, tokenSizes } from "./workspace.ts";

/** How a call makes use of its ids; absent where it does not. */
export interface TokenPlan {
  prefix?: CommonPrefix | undefined;
  tokens?: DistinctTokens | undefined;
}

/** Both uses, where they are right and save time. */
export function tokenPlanOf(shape: ForwardShape, data: ForwardArrays): TokenPlan {
  const { lookup, prefixIds, mask, initialState } = data;
  const { I, dropoutVariants, goBackwards } = shape;
  const blocks = blocksOf(shape);
  // Rows then have nothing of their own. Outputs that begin alike do not end alike.
  const staysAlike = !mask && !initialState && dropoutVariants === 0;
  const alike = lookup?.ids ?? (goBackwards ? undefined : prefixIds);
  const prefix = staysAlike && alike ? commonPrefix(alike, { ...shape, ...blocks }) : undefined;
  // Of a token's step, dropout makes another vector in each row.
  if (!lookup || dropoutVariants > 0) return { prefix };
  const rows = lookup.table.length / I;
  return { prefix, tokens: distinctTokens(lookup.ids, rows, shape, blocks, prefix, mask) };
}

/** Copies a sequence in: of rows that another stands for, only the steps that they are worked on themselves. */
export function putSequence(
  heap: Heap,
  address: number,
  { x, lookup }: Pick<ForwardArrays, "x" | "lookup">,
  { B, T, I, goBackwards }: CallShape,
  prefix: CommonPrefix | undefined,
): void {
  const floats = heap.f32();
  for (let b = 0; b < (prefix ? B : 1); b++) {
    const skipped = prefix ? prefix.firstSteps[b] : 0;
    const from = b * T + (goBackwards ? 0 : skipped);
    const to = prefix ? from + T - skipped : B * T;
    if (x) floats.set(x.subarray(from * I, to * I), address / 4 + from * I);
    else {
      const { ids, table } = lookup as LookupArrays;
      const target = floats.subarray(address / 4 + from * I, address / 4 + to * I);
      copyRows(table, I, ids.subarray(from, to), target, I);
    }
  }
}

/**
 * Tells a descriptor what its ids come to, and copies the distinct tokens' vectors in: the address of a region for
 * that, 0 where there is nothing to tell.
 */
export function placeTokens(
  heap: Heap,
  descriptor: number,
  lookup: LookupArrays | undefined,
  shape: CallShape,
  layout: Layout,
  { prefix, tokens }: TokenPlan,
): number {
  if (!prefix && !tokens) return 0;
  const { tokenSumRow, tokenVectorRow } = layout;
  const count = tokens?.ids.length;
  const { address, at } = reserve(heap, tokenSizes(shape, layout, prefix !== undefined, count));
  const i32 = heap.i32();
  writeDescriptor(i32, descriptor, { ...at, tokenSumRow, tokenVectorRow });
  if (prefix) {
    i32.set(prefix.order, at.order / 4);
    i32.set(prefix.activeBefore, at.activeBefore / 4);
  }
  if (tokens) {
    const { tokenOf, firstTokens, ids } = tokens;
    i32.set(tokenOf, at.tokenOf / 4);
    i32.set(firstTokens, at.firstTokens / 4);
    const width = tokenVectorRow / 4;
    const vectors = heap
      .f32()
      .subarray(at.tokenVectors / 4, at.tokenVectors / 4 + ids.length * width);
    copyRows((lookup as LookupArrays).table, shape.I, ids, vectors, width);
  }
  return address;
}

/** to[k] = table[ids[k]], rows of **width** floats of which the table's I are copied. */
export function copyRows(
  table: Float32Array,
  I: number,
  ids: Int32Array,
  to: Float32Array,
  width: number,
): void {
  // Short rows: a loop takes less than a call for each, and half as long for two floats at a time.
  const pairs = [I, width, table.byteOffset / 4, to.byteOffset / 4].every((n) => n % 2 === 0);
  const [source, target] = pairs ? [pairsOf(table), pairsOf(to)] : [table, to];
  const each = pairs ? 2 : 1;
  const [n, step] = [I / each, width / each];
  for (let k = 0; k < ids.length; k++) {
    const from = ids[k] * n;
    for (let i = 0; i < n; i++) target[k * step + i] = source[from + i];
  }
}

function pairsOf({ buffer, byteOffset, length }: Float32Array): Float64Array {
  return new Float64Array(buffer, byteOffset, length >> 1);
}

/** dTable[ids[k]] += from[k], rows of **width** floats of which I count, in the order of k. */
export function addTokenGradients(
  from: Float32Array,
  width: number,
  ids: Int32Array,
  dTable: Float32Array,
  I: number,
): void {
  for (let k = 0; k < ids.length; k++) {
    const [at, to] = [k * width, ids[k] * I];
    for (let i = 0; i < I; i++) dTable[to + i] += from[at + i];
  }
}
