// The loop over time and its reverse, for any cell. Rows do not know of each other, so the loop runs
// one row at a time, and a masked step is simply not run: whatever it holds, NaN included, reaches
// neither the state nor a gradient. Semantics are those of Keras 3 on TensorFlow.
//
// B batch   T time   I input features   H units   G gates

import type { Cell, CellParams, StepDropout } from "./cell.ts";
import { checkArray, checkCount } from "./check.ts";
import { checkOptions } from "./options.ts";
import { checkSequence, type SequenceOptions, type Tensor64 } from "./sequence-options.ts";

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
      if (returnSequences) outputs.set(output, outputRow(options, steps, b, s) * units);
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
      if (dOutputs && returnSequences) addRow(dOutput, dOutputs, outputRow(options, steps, b, s));
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

/** The row of `outputs` [B·T, H] that step **s**, in the order in which they run, puts out. */
function outputRow(
  { reverseOutputs }: SequenceOptions,
  steps: number,
  b: number,
  s: number,
): number {
  return b * steps + (reverseOutputs ? steps - 1 - s : s);
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
