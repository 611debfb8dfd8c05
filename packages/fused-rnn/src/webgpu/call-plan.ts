// How a call is cut up for the device: what each choice of it costs differs, the numbers do not.

import type { CallShape } from "../call.ts";
import { type CellText, cellTexts, countsOf, recurrentRows } from "./cell-text.ts";
import { mostPairs, type RowLanes } from "./row-programs.ts";

/** Steps from **start** to below **end**, in the order of reading. */
export interface Stretch {
  readonly start: number;
  readonly end: number;
}

/** How a call runs. */
export interface CallPlan {
  readonly text: CellText;
  /** Gates and states. */
  readonly G: number;
  readonly S: number;
  /** *rows*: a stretch of steps in a dispatch, some rows a workgroup; *steps*: a dispatch a step. */
  readonly way: "rows" | "steps";
  readonly rows: number;
  readonly lanes: RowLanes;
  /** Stretches whose tape is a tensor each: the device limits what can be bound at once. */
  readonly tapes: readonly Stretch[];
  /** Steps that one dispatch, or one submitted row of them, may do. */
  readonly stepsAtOnce: number;
  /** Parts of the weights' gradients that fit a buffer. */
  readonly mostParts: number;
}

/** What a plan goes by, of a device. */
export interface DeviceFacts {
  /** Bytes that a program may have of one buffer. */
  readonly bytesBound: number;
  /** The most units whose recurrence runs row by row; measured or estimated. */
  readonly mostRowUnits: number;
}

/** Units beyond which a dispatch a step is estimated to be faster: see `tuneWebGPUKernels`. */
export const estimatedRowUnits = 192;

/** Rows of products of a dispatch, at most: 65535 tiles of 32. */
const mostRows = 65_535 * 32;

// A dispatch is to end within 100 ms, or the browser takes the device away: so many multiplications are done in that
// by a slow one.
const productsAtOnce = 1e9;

/** Bytes that a step of a call keeps in one buffer, at most. */
function bytesOfStep({ cell, B, H }: CallShape): number {
  return 4 * B * H * Math.max(cellTexts[cell].planes, countsOf(cell).S);
}

/** Bytes of a part of the weights' gradients, which is no smaller than any weight. */
function bytesOfPart({ cell, I, H }: CallShape): number {
  return 4 * countsOf(cell).G * H * Math.max(I + 1, recurrentRows(cell, H));
}

/** Why a buffer of a call does not fit the device, or undefined. */
export function tooLarge(shape: CallShape, facts: DeviceFacts): string | undefined {
  const { B, T, I, H, returnSequences, dropoutVariants } = shape;
  const limit = facts.bytesBound;
  const largest = Math.max(
    2 * bytesOfStep(shape),
    bytesOfPart(shape),
    4 * B * T * Math.max(I, returnSequences ? H : 1),
    4 * B * dropoutVariants * Math.max(I, H),
  );
  if (largest > limit)
    return `it needs a buffer of ${largest} bytes, and the device binds ${limit}`;
  return B > mostRows ? `it has more than ${mostRows} rows` : undefined;
}

/** The plan of a call; **facts** of a device that it is not too large for. */
export function planOf(shape: CallShape, facts: DeviceFacts): CallPlan {
  const { cell, B, T, H } = shape;
  const text = cellTexts[cell];
  const { G, S } = countsOf(cell);
  const kept = Math.min(
    Math.floor(facts.bytesBound / bytesOfStep(shape)) - 1,
    Math.floor(mostRows / B),
    T,
  );
  const tapes: Stretch[] = [];
  for (let start = 0; start < T; start += kept) {
    tapes.push({ start, end: Math.min(start + kept, T) });
  }
  const rows = Math.max(1, Math.floor(64 / H));
  return {
    ...{ text, G, S, tapes, rows },
    way: runsByRows(B, H, facts) ? "rows" : "steps",
    lanes: rows * H <= 64 ? 64 : 256,
    stepsAtOnce: Math.max(1, Math.floor(productsAtOnce / (B * H * G * H))),
    mostParts: Math.floor(facts.bytesBound / bytesOfPart(shape)),
  };
}

// Each workgroup reads all weights at each step: with many of them that is more than a tile's share, unless the weights
// stay beside the processor, as those of 64 units do. Estimated.
const mostBatchUnits = 2 ** 15;

function runsByRows(B: number, H: number, { mostRowUnits }: DeviceFacts): boolean {
  if (H > Math.min(mostRowUnits, mostPairs)) return false;
  return H <= 64 || B * H < mostBatchUnits;
}

/** A stretch in pieces of at most **most** steps. */
export function piecesOf({ start, end }: Stretch, most: number): Stretch[] {
  const pieces: Stretch[] = [];
  for (let at = start; at < end; at += most) {
    pieces.push({ start: at, end: Math.min(at + most, end) });
  }
  return pieces;
}

/** How a sum over the rows of a stretch is cut up: by its shape on a device, so that its bits are always the same. */
export function partsOf(
  { B, I, H }: CallShape,
  { G, mostParts }: CallPlan,
  steps: number,
  tileOf: (rows: number, columns: number) => number,
): { parts: number; partRows: number } {
  const rows = steps * B;
  const tile = tileOf(H, H);
  const groups = Math.ceil(Math.min(I, H) / tile) * Math.ceil(H / tile) * G;
  const wanted = Math.min(64, Math.ceil(512 / groups), mostParts);
  const partRows = Math.max(128, 16 * Math.ceil(rows / wanted / 16));
  return { parts: Math.ceil(rows / partRows), partRows };
}
