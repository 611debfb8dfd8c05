// The same call in float64, by core-rnn.

import {
  type Cell,
  cellOf,
  cellTable,
  runSequence,
  runSequenceBackward,
  type SequenceTape,
} from "@rnnkit/core-rnn";
import { type CallShape, type GradientName, initialStates } from "../call.ts";
import { gathered, type Numbers } from "./call.fixture.ts";

function cellOfCall({ cell, I, H, activation, recurrentActivation }: CallShape): Cell {
  const sizes = { inputSize: I, units: H, activation };
  // A simpleRnn has no gates.
  return cellOf(cell, cellTable[cell].gates.length > 1 ? { ...sizes, recurrentActivation } : sizes);
}

const f64 = (values: ArrayLike<number>) => Float64Array.from(values);

/** A forward pass in float64. */
export interface ReferencePass {
  /** Outputs, then the final states. */
  results: Float64Array[];
  tape: SequenceTape;
}

const paramsOf = ({ kernel, recurrentKernel, bias }: Numbers) => ({
  kernel: f64(kernel as Float32Array),
  recurrentKernel: f64(recurrentKernel as Float32Array),
  bias: bias && f64(bias),
});

/** Outputs and states of a call. */
export function referenceForward(shape: CallShape, given: Numbers): ReferencePass {
  const { B, T, I, goBackwards, reverseOutputs, returnSequences, zeroOutputForMask } = shape;
  const numbers = gathered(shape, given);
  const { x, h0, c0, mask, inputDropoutMask, recurrentDropoutMask } = numbers;
  const { outputs, state, tape } = runSequence(
    cellOfCall(shape),
    paramsOf(numbers),
    { data: f64(x as Float32Array), shape: [B, T, I] },
    {
      ...{ goBackwards, reverseOutputs, returnSequences, zeroOutputForMask, mask },
      initialState: h0 && (c0 ? [h0, c0] : [h0]).map(f64),
      inputDropoutMask: inputDropoutMask && f64(inputDropoutMask),
      recurrentDropoutMask: recurrentDropoutMask && f64(recurrentDropoutMask),
    },
  );
  return { results: [outputs.data, ...state], tape };
}

/** Gradients of a call by name. */
export function referenceBackward(
  shape: CallShape,
  numbers: Numbers,
  tape: SequenceTape,
  cotangents: readonly ArrayLike<number>[],
): Record<GradientName, Float64Array> {
  const [dOutputs, ...dState] = cotangents.map(f64);
  const { dx, dParams, dInitialState } = runSequenceBackward(
    cellOfCall(shape),
    paramsOf(numbers),
    tape,
    { dOutputs, dState },
  );
  const states = initialStates[shape.cell].map((name, k) => [name, dInitialState[k]] as const);
  const { ids, table } = numbers;
  return {
    x: dx,
    table: ids && table ? scattered(dx, ids, table.length, shape.I) : new Float64Array(0),
    ...{ kernel: dParams.kernel, recurrentKernel: dParams.recurrentKernel },
    bias: dParams.bias ?? new Float64Array(0),
    ...(Object.fromEntries(states) as Record<"h0" | "c0", Float64Array>),
  };
}

/** Rows of dx [B·T, I] added up by their ids. */
export function scattered(
  dx: ArrayLike<number>,
  ids: ArrayLike<number>,
  size: number,
  I: number,
): Float64Array {
  const sums = new Float64Array(size);
  for (let k = 0; k < dx.length; k++) sums[ids[Math.floor(k / I)] * I + (k % I)] += dx[k];
  return sums;
}
