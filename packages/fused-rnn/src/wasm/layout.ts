// How a call is cut up: into blocks of rows, chunks of time, and rows of buffers.

import { cellTable, weightShapes } from "@rnnkit/core-rnn";
import type { CallShape } from "../call.ts";
import { resetModes } from "../generated/descriptor.ts";
import { cellLayouts, gradientColumns } from "./cell-layouts.ts";

/** What decides how a call lies in memory. */
export interface WorkspaceShape extends CallShape {
  /** Keeps what the backward pass needs. */
  training: boolean;
  /** The kernel is multiplied by the distinct tokens' vectors, not by x. */
  byToken: boolean;
}

/** Numbers that follow from the shape of a call; sizes in floats unless they say bytes. */
export interface Layout {
  /** Units rounded up to 4. */
  Hp: number;
  /** Gates of the cell's Keras matrices. */
  G: number;
  /** Inputs that the rows [x | h] hold. */
  rowInputs: number;
  /** Rows of a block and the number of blocks. */
  R: number;
  blocks: number;
  /** Steps of a time chunk of the backward pass. */
  timeChunk: number;
  /** Slots of a state buffer: T + 1 where they are kept, else 2. */
  slots: number;
  /** Whether gate values are kept per step. */
  keepsGates: boolean;
  /** Bytes of a row of each buffer. */
  xhRow: number;
  gateRow: number;
  dzRow: number;
  dxhRow: number;
  dwRow: number;
  tokenSumRow: number;
  tokenVectorRow: number;
  /** Floats of the bias: 2·3H for GRU with reset after. */
  bias: number;
}

/** How the rows of a batch are cut. */
export interface Blocks {
  /** Rows of a block; the last may have fewer. */
  R: number;
  blocks: number;
}

/**
 * Below so many floating-point operations a call stays on one thread: waking another costs what it would
 * save. Measured by scripts/time-threads.mjs: on two cores a second thread breaks even at 2 million and
 * gains a fifth at 4.
 */
export const THREAD_THRESHOLD = 4e6;

type CutShape = Pick<CallShape, "cell" | "B" | "T" | "I" | "H">;

/** Multiply-adds of a forward pass, times two. */
export function flops({ cell, B, T, I, H }: CutShape): number {
  return 2 * B * T * (I + H) * cellTable[cell].gates.length * H;
}

/** Bytes of the matrices. */
const weightBytes = ({ cell, I, H }: CutShape) => (I + H) * cellTable[cell].gates.length * H * 4;

/**
 * How the rows of a batch are cut into blocks. They depend on the shape alone, never on the number of threads, and
 * each sums its own weight gradients: so results are the same bit for bit however many threads run them.
 */
export function blocksOf(shape: CutShape): Blocks {
  const { B } = shape;
  // A block re-reads all weights every step and owns a copy of their gradients: few rows while that
  // is small, more when it is large; but of a small batch two threads shall have some each, unless
  // the call stays on one, backwards too, where it does twice the work.
  const least = B <= 8 ? 4 : weightBytes(shape) <= 1 << 19 ? 8 : 16;
  const most = flops(shape) * 2 < THREAD_THRESHOLD ? 32 : 2 * Math.ceil(B / 16);
  const R = Math.min(B, Math.max(least, most));
  return { R, blocks: Math.ceil(B / R) };
}

/** Rounded up to a multiple. */
export function up(n: number, to: number): number {
  return Math.ceil(n / to) * to;
}
/** An odd number of cache lines: rows then fall into different cache sets. */
const oddLines = (floats: number) => (Math.ceil(floats / 16) | 1) * 64;
/** Bytes of a row that is read back from memory: no more than must be where rows are short. */
const fewLines = (floats: number) => (floats < 256 ? floats * 4 : oddLines(floats));

/**
 * Rows of a chunk of steps, whose share of the weight gradients is added at once: 16 columns of them stay in L1
 * beside what they are multiplied by. Twice as many where the gradients themselves come from memory.
 */
const chunkRows = (shape: CutShape) => (weightBytes(shape) <= 1 << 22 ? 128 : 256);

/** How a call is cut up. */
export function layoutOf(shape: WorkspaceShape): Layout {
  const { cell, T, I, H, training, byToken } = shape;
  const { gateVectors, resetMode } = cellLayouts[cell];
  const Hp = up(H, 4);
  const dzColumns = gradientColumns(cell, Hp);
  const rowInputs = byToken ? 0 : I;
  const { R, blocks } = blocksOf(shape);
  return {
    ...{ Hp, rowInputs, R, blocks },
    G: cellTable[cell].gates.length,
    timeChunk: Math.max(1, Math.min(T, Math.ceil(chunkRows(shape) / R))),
    slots: training ? T + 1 : 2,
    // One gate's values are the states, which are kept as such.
    keepsGates: training && gateVectors > 1,
    // Four floats more than must be, lest rows of I + H a power of two share a set of the cache.
    xhRow: (up(rowInputs + Hp + (resetMode === resetModes.before ? Hp : 0), 4) + 4) * 4,
    gateRow: fewLines(gateVectors * Hp),
    dzRow: oddLines(up(dzColumns, 16)),
    dxhRow: oddLines(up(rowInputs, 16) + up(H, 16)),
    dwRow: up(dzColumns, 16) * 4,
    tokenSumRow: gateVectors * Hp * 4,
    tokenVectorRow: up(I, 4) * 4,
    bias: weightShapes(cell, I, H).bias.reduce((size, n) => size * n, 1),
  };
}
