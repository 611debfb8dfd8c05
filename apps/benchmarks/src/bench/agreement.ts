import { runSequence, runSequenceBackward } from "@rnnkit/core-rnn";
import { getThreads, setThreads } from "@rnnkit/fused-rnn";
import { tolerances } from "@rnnkit/test-kit/tolerances";
import * as tf from "@tensorflow/tfjs-core";
import {
  createProblem,
  differentiate,
  infer,
  type Problem,
  type RecurrentOp,
  type Shape,
} from "./recurrent-ops.ts";

/** How far a float32 kernel may be from the float64 reference, of the largest element. */
export const AGREEMENT: number = tolerances.wasm.whole.ofLargest;

// No size is a multiple of four, so the kernels' tails are in it.
const smallCase: Shape = { B: 3, T: 7, I: 5, H: 6, dx: true };

/** The largest difference between two arrays as a share of **expected**'s largest element. */
export function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  let difference = 0;
  let largest = 0;
  for (let i = 0; i < expected.length; i++) {
    const d = Math.abs((actual[i] as number) - (expected[i] as number));
    if (Number.isNaN(d)) return d;
    difference = Math.max(difference, d);
    largest = Math.max(largest, Math.abs(expected[i] as number));
  }
  return largest === 0 ? difference : difference / largest;
}

/**
 * Compares outputs, state and all gradients of an operation with core-rnn in float64, on the small
 * case and on two rows and three steps at the sizes of **shapes**.
 *
 * @throws Error that names the first array further off than `AGREEMENT`
 */
export function checkAgreement(op: RecurrentOp, shapes: readonly Shape[]): void {
  const sizes = new Map(
    shapes.map(({ I, H }) => [`${I} ${H}`, { ...smallCase, B: 2, T: 3, I, H }]),
  );
  for (const shape of [smallCase, ...sizes.values()]) {
    const problem = createProblem(op, shape, 1);
    const { actual, expected } = bothSides(problem);
    problem.dispose();
    for (const [name, values] of Object.entries(expected)) {
      const error = relativeError(actual[name] ?? [], values);
      if (error <= AGREEMENT) continue;
      throw new Error(
        `${op.name}: expected ${name} within ${AGREEMENT} of the reference at I ${shape.I}, H ${shape.H}, got ${error}`,
      );
    }
  }
}

/**
 * Checks that an operation gives the same bits for each number of threads on the whole **shape**,
 * which the small case does not: it stays on one thread.
 */
export function checkThreads(problem: Problem, threadCounts: readonly number[]): void {
  const before = getThreads();
  try {
    const [first, ...others] = threadCounts.map((count) => {
      setThreads(count);
      return fusedArrays(problem);
    });
    for (const [k, other] of others.entries()) {
      for (const [name, values] of Object.entries(first ?? {})) {
        if (values.every((value, i) => Object.is(value, other[name]?.[i]))) continue;
        throw new Error(
          `${problem.op.name}: expected the same ${name} from ${threadCounts[0]} and ${threadCounts[k + 1]} threads, got others`,
        );
      }
    }
  } finally {
    setThreads(before);
  }
}

/** What a call gives and all gradients of it, by name. Call it inside `tf.tidy`. */
export function fusedTensors(problem: Problem): Record<string, tf.Tensor> {
  const { outputs, state } = infer(problem);
  const states = Object.fromEntries(state.map((tensor, k) => [`state[${k}]`, tensor]));
  return { outputs, ...states, ...differentiate(problem) };
}

function fusedArrays(problem: Problem): Record<string, Float32Array> {
  return tf.tidy(
    () =>
      Object.fromEntries(
        Object.entries(fusedTensors(problem)).map(([name, tensor]) => [
          name,
          tensor.dataSync().slice(),
        ]),
      ) as Record<string, Float32Array>,
  );
}

function bothSides(problem: Problem): {
  actual: Record<string, Float32Array>;
  expected: Record<string, Float64Array>;
} {
  const { op, shape, x, weights, dOutputs } = problem;
  const float64 = (tensor: tf.Tensor) => Float64Array.from(tensor.dataSync());
  const cell = op.reference(shape.I, shape.H);
  const params = {
    kernel: float64(weights.kernel),
    recurrentKernel: float64(weights.recurrentKernel),
    bias: float64(weights.bias),
  };
  const input = { data: float64(x), shape: x.shape };
  const { outputs, state, tape } = runSequence(cell, params, input, { returnSequences: false });
  const { dx, dParams } = runSequenceBackward(cell, params, tape, { dOutputs: float64(dOutputs) });
  return {
    actual: fusedArrays(problem),
    expected: {
      outputs: outputs.data,
      ...Object.fromEntries(state.map((values, k) => [`state[${k}]`, values])),
      dx,
      dKernel: dParams.kernel,
      dRecurrentKernel: dParams.recurrentKernel,
      dBias: dParams.bias as Float64Array,
    },
  };
}
