// The loop over time and its reverse, for any cell. Rows do not know of each other, so the loop runs
// one row at a time, and a masked step is simply not run: whatever it holds, NaN included, reaches
// neither the state nor a gradient. Semantics are those of Keras 3 on TensorFlow.
//
// B batch   T time   I input features   H units   G gates

import type { Cell, CellParams, StepDropout } from "./cell.ts";
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
  returnSequences: optionKinds.flag,
  zeroOutputForMask: optionKinds.flag,
};

const sequenceOptionNames = [
  "initialState",
  "mask",
  "goBackwards",
  "returnSequences",
  "zeroOutputForMask",
  "truncation",
  ...dropoutNames,
];

/** What `runSequenceBackward` needs to know of a forward run. */
export interface SequenceTape<Tape = unknown> {
  batch: number;
  steps: number;
  options: SequenceOptions;
  /** [B][T] in the order in which steps ran; undefined where masked. */
  rows: (Tape | undefined)[][];
}

/** What `runSequence` returns. */
export interface SequenceResult<Tape = unknown> {
  /** [B, T, H], or [B, H] without **returnSequences**. */
  outputs: Tensor64;
  /** The final state, one array [B, width] for each of the cell's `stateSizes`. */
  state: Float64Array[];
  tape: SequenceTape<Tape>;
}

/** What comes back to `runSequenceBackward` from what used the results; absent is zero. */
export interface SequenceCotangents {
  /** Like `outputs`. */
  dOutputs?: Float64Array | undefined;
  /** Like `state`. */
  dState?: readonly (Float64Array | undefined)[] | undefined;
}

/** Gradients of everything that `runSequence` was given. */
export interface SequenceGradients<P = CellParams> {
  /** [B, T, I]. */
  dx: Float64Array;
  /** Like the parameters: `dParams.kernel` is the gradient of `params.kernel`. */
  dParams: P;
  /** Like `state`. */
  dInitialState: Float64Array[];
}

/**
 * Runs a cell over x [B, T, I]:
 *
 *     output_t, state_t = cell(x_t, state_{t−1})    where the mask keeps step t
 *     output_t, state_t = output_{t−1}, state_{t−1}    where it does not
 *
 * Defaults are in `SequenceOptions`.
 *
 * Reference: https://keras.io/api/layers/recurrent_layers/rnn/
 *
 * @throws RangeError or TypeError, before any work, for an array that does not fit.
 * @example
 * const cell = simpleRnnCell({ inputSize: 1, units: 1, activation: "linear" });
 * const one = Float64Array.of(1);
 * const x = { data: Float64Array.of(1, 2, 3), shape: [1, 3, 1] };
 * runSequence(cell, { kernel: one, recurrentKernel: one }, x).outputs.data; // => [1, 3, 6]
 */
export function runSequence<P, Tape>(
  cell: Cell<P, Tape>,
  params: P,
  x: Tensor64,
  options: SequenceOptions = {},
): SequenceResult<Tape> {
  const [batch, steps] = checkSequence(cell, params, x, options);
  const { inputSize, units, stateSizes } = cell;
  const { initialState, mask, goBackwards, zeroOutputForMask, returnSequences = true } = options;
  const outputs = new Float64Array(batch * (returnSequences ? steps : 1) * units);
  const finalState = stateSizes.map((size) => new Float64Array(batch * size));
  const rows: (Tape | undefined)[][] = [];

  for (let b = 0; b < batch; b++) {
    const dropout = dropoutOfRow(cell, options, b, batch);
    const tapes: (Tape | undefined)[] = [];
    let state = stateSizes.map((size, k) => row(initialState?.[k], b, size));
    let output: Float64Array = new Float64Array(units);
    for (let s = 0; s < steps; s++) {
      const at = b * steps + (goBackwards ? steps - 1 - s : s);
      if (!mask || mask[at]) {
        const step = cell.step(params, row(x.data, at, inputSize), state, dropout);
        ({ output, state } = step);
        tapes.push(step.tape);
      } else {
        if (zeroOutputForMask) output = new Float64Array(units);
        tapes.push(undefined);
      }
      if (returnSequences) outputs.set(output, (b * steps + s) * units);
      else if (s === steps - 1) outputs.set(output, b * units);
    }
    for (const [k, vector] of state.entries()) finalState[k].set(vector, b * vector.length);
    rows.push(tapes);
  }
  return {
    outputs: { data: outputs, shape: returnSequences ? [batch, steps, units] : [batch, units] },
    state: finalState,
    tape: { batch, steps, options, rows },
  };
}

/**
 * The reverse of `runSequence`: gradients of Σ dOutputs·outputs + Σ dState·state in x, every
 * parameter and the initial state. A masked step's dx is exactly 0; the gradient of an output that
 * it repeats goes to the step that made it.
 *
 * @throws RangeError or TypeError, before any work, for an array that does not fit.
 * @example
 * const { outputs, tape } = runSequence(cell, params, x);
 * const dOutputs = outputs.data.map((y, i) => y - target[i]);
 * const { dx, dParams, dInitialState } = runSequenceBackward(cell, params, tape, { dOutputs });
 */
export function runSequenceBackward<P, Tape>(
  cell: Cell<P, Tape>,
  params: P,
  tape: SequenceTape<Tape>,
  cotangents: SequenceCotangents,
): SequenceGradients<P> {
  const { batch, steps, options, rows } = tape;
  const { goBackwards, zeroOutputForMask, truncation, returnSequences = true } = options;
  const { inputSize, units, stateSizes } = cell;
  checkCotangents(cell, tape, cotangents);
  const { dOutputs, dState: dFinalState } = cotangents;
  const dParams = cell.zerosLike(params);
  const dx = new Float64Array(batch * steps * inputSize);
  const dInitialState = stateSizes.map((size) => new Float64Array(batch * size));

  for (let b = 0; b < batch; b++) {
    let dState = stateSizes.map((size, k) => row(dFinalState?.[k], b, size));
    // The gradient of outputs that masked steps repeated, on its way to the step that made them.
    let dRepeated = new Float64Array(units);
    for (let s = steps - 1; s >= 0; s--) {
      const dOutput = dRepeated;
      if (dOutputs && returnSequences) addRow(dOutput, dOutputs, b * steps + s);
      else if (dOutputs && s === steps - 1) addRow(dOutput, dOutputs, b);

      const step = rows[b][s];
      if (step !== undefined) {
        const gradients = cell.stepBackward(params, step, dOutput, dState, dParams);
        const at = b * steps + (goBackwards ? steps - 1 - s : s);
        dx.set(gradients.dx, at * inputSize);
        dState = gradients.dState;
        dRepeated = new Float64Array(units);
      } else if (zeroOutputForMask) {
        dRepeated = new Float64Array(units);
      }
      if (truncation && s > 0 && s % truncation === 0) {
        dState = stateSizes.map((size) => new Float64Array(size));
      }
    }
    for (const [k, vector] of dState.entries()) dInitialState[k].set(vector, b * vector.length);
  }
  return { dx, dParams, dInitialState };
}

function row(data: Float64Array | undefined, index: number, width: number): Float64Array {
  return data ? data.slice(index * width, (index + 1) * width) : new Float64Array(width);
}

function addRow(target: Float64Array, data: Float64Array, index: number): void {
  const start = index * target.length;
  for (let j = 0; j < target.length; j++) target[j] += data[start + j];
}

function dropoutOfRow(
  cell: Pick<Cell, "inputSize" | "units" | "cells">,
  masks: SequenceOptions,
  b: number,
  batch: number,
): StepDropout {
  return {
    input: rowsOf(masks.inputDropoutMask, b, batch, cell.inputSize),
    recurrent: rowsOf(masks.recurrentDropoutMask, b, batch, cell.units),
    cells: cell.cells?.map((inner, k) =>
      dropoutOfRow(inner, masks.cellDropout?.[k] ?? {}, b, batch),
    ),
  };
}

// Row b of a mask [B, width] or, one a gate, of [G, B, width].
function rowsOf(
  mask: Float64Array | undefined,
  b: number,
  batch: number,
  width: number,
): Float64Array[] | undefined {
  if (!mask) return undefined;
  const gates = mask.length / (batch * width);
  return Array.from({ length: gates }, (_, gate) => row(mask, gate * batch + b, width));
}

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

function checkCotangents<P>(
  cell: Cell<P>,
  { batch, steps, options }: SequenceTape,
  cotangents: SequenceCotangents,
): void {
  const names = ["dOutputs", "dState"];
  checkOptions("runSequenceBackward", cotangents, names, undefined, "cotangents");
  const { dOutputs, dState } = cotangents;
  const { returnSequences = true } = options;
  const shape = returnSequences ? [batch, steps, cell.units] : [batch, cell.units];
  if (dOutputs) checkArray("runSequenceBackward", "dOutputs", dOutputs, shape);
  if (!dState) return;
  checkCount("runSequenceBackward", "entries of dState", dState, cell.stateSizes.length);
  for (const [k, size] of cell.stateSizes.entries()) {
    const entry = dState[k];
    if (entry) checkArray("runSequenceBackward", `dState[${k}]`, entry, [batch, size]);
  }
}
