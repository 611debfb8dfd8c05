// What a run over a sequence takes, and what it refuses before any work.
//
// B batch   T time   I input features   H units   G gates

import type { Cell } from "./cell.ts";
import { checkArray, checkCount, checkPositiveInteger } from "./check.ts";
import { checkKinds, type OptionKind, optionKinds } from "./option-kinds.ts";
import { checkOptions, shown } from "./options.ts";

/** Numbers and their shape, row-major. */
export interface Tensor64 {
  data: Float64Array;
  shape: readonly number[];
}

/** Dropout masks of a whole batch: data, already scaled, the same at every time step. */
export interface DropoutMasks {
  /** [B, I] for all gates or [G, B, I], one per gate. Default: none. */
  inputDropoutMask?: Float64Array | undefined;
  /** [B, H] for all gates or [G, B, H], one per gate. Default: none. */
  recurrentDropoutMask?: Float64Array | undefined;
}

/** Options of `runSequence`. */
export interface SequenceOptions extends DropoutMasks {
  /** One array [B, width] for each of the cell's `stateSizes`. Default zeros. */
  initialState?: readonly Float64Array[] | undefined;
  /**
   * [B, T]; zero or false skips the step, which keeps the state and repeats the output of the last
   * step that ran, or 0 (not the initial state) where none has. Any pattern. Default: none masked.
   */
  mask?: ArrayLike<number | boolean> | undefined;
  /** From the last step to the first; `outputs` come in that order too, as in Keras. Default *false*. */
  goBackwards?: boolean | undefined;
  /** `outputs` [B, T, H] come in the opposite of that order: with **goBackwards** in that of x. Default *false*. */
  reverseOutputs?: boolean | undefined;
  /** *true* (default): `outputs` [B, T, H]; *false*: those of the last step run, [B, H]. */
  returnSequences?: boolean | undefined;
  /** The output of a masked step is 0 instead of the one before. Default *false*. */
  zeroOutputForMask?: boolean | undefined;
  /**
   * Truncated backpropagation: after every so many steps, in the order in which they run, no
   * gradient passes to the state before. Forward is unchanged. Default: never.
   */
  truncation?: number | undefined;
  /** For `stackedCells` in place of the two masks: those of each cell. */
  cellDropout?: readonly (DropoutMasks | undefined)[] | undefined;
}

/** What `DropoutMasks` and a stack's list of them have. */
export const dropoutNames: readonly string[] = [
  "inputDropoutMask",
  "recurrentDropoutMask",
  "cellDropout",
];

/** Options of a sequence that are *true* or *false*. */
export const sequenceFlags: Readonly<Record<string, OptionKind>> = {
  goBackwards: optionKinds.flag,
  reverseOutputs: optionKinds.flag,
  returnSequences: optionKinds.flag,
  zeroOutputForMask: optionKinds.flag,
};

const sequenceOptionNames = [
  "initialState",
  "mask",
  "goBackwards",
  "reverseOutputs",
  "returnSequences",
  "zeroOutputForMask",
  "truncation",
  ...dropoutNames,
];

/** What `runSequence` refuses; returns B and T. */
export function checkSequence<P>(
  cell: Cell<P>,
  params: P,
  x: Tensor64,
  options: SequenceOptions,
): [batch: number, steps: number] {
  if (typeof cell?.step !== "function") {
    throw new TypeError(`runSequence: expected a cell such as lstmCell gives, got ${shown(cell)}`);
  }
  checkOptions("runSequence", options, sequenceOptionNames);
  checkKinds("runSequence", options, sequenceFlags);
  if (!Array.isArray(x?.shape)) {
    throw new TypeError(`runSequence: expected x as { data, shape }, got ${shown(x)}`);
  }
  const [batch, steps, width] = x.shape;
  if (x.shape.length !== 3 || width !== cell.inputSize) {
    throw new RangeError(
      `runSequence: expected x of shape [B, T, ${cell.inputSize}], got ${shown(x.shape)}`,
    );
  }
  checkPositiveInteger("runSequence", "the batch size", batch);
  checkPositiveInteger("runSequence", "the number of steps", steps);
  checkArray("runSequence", "x", x.data, x.shape);
  cell.checkParams(params);
  const { initialState, mask, truncation } = options;
  if (initialState) {
    checkCount("runSequence", "initial states", initialState, cell.stateSizes.length);
    for (const [k, size] of cell.stateSizes.entries()) {
      checkArray("runSequence", `initialState[${k}]`, initialState[k], [batch, size]);
    }
  }
  if (mask && mask.length !== batch * steps) {
    const got = mask.length === undefined ? shown(mask) : `${mask.length} entries`;
    throw new RangeError(`runSequence: expected mask of shape [${batch}, ${steps}], got ${got}`);
  }
  if (truncation !== undefined) checkPositiveInteger("runSequence", "truncation", truncation);
  checkDropout(cell, options, batch);
  return [batch, steps];
}

function checkDropout(
  cell: Pick<Cell, "kind" | "inputSize" | "units" | "gates" | "cells">,
  masks: SequenceOptions,
  batch: number,
): void {
  const { inputDropoutMask, recurrentDropoutMask, cellDropout } = masks;
  if (cell.cells) {
    if (inputDropoutMask || recurrentDropoutMask) {
      throw new RangeError("runSequence: expected cellDropout for stacked cells, got single masks");
    }
    if (cellDropout) {
      checkCount("runSequence", "entries of cellDropout", cellDropout, cell.cells.length);
    }
    for (const [k, inner] of cell.cells.entries()) {
      checkOptions("runSequence", cellDropout?.[k] ?? {}, dropoutNames, undefined, "dropout masks");
      checkDropout(inner, cellDropout?.[k] ?? {}, batch);
    }
    return;
  }
  if (cellDropout) {
    throw new RangeError(
      `runSequence: expected cellDropout for stacked cells only, got ${cell.kind}`,
    );
  }
  checkMask("inputDropoutMask", inputDropoutMask, cell.gates, batch, cell.inputSize);
  checkMask("recurrentDropoutMask", recurrentDropoutMask, cell.gates, batch, cell.units);
}

function checkMask(
  what: string,
  mask: Float64Array | undefined,
  gates: number,
  batch: number,
  width: number,
): void {
  if (!mask) return;
  if (mask.length === gates * batch * width) {
    checkArray("runSequence", what, mask, [gates, batch, width]);
  } else {
    checkArray("runSequence", `${what} per gate or`, mask, [batch, width]);
  }
}
