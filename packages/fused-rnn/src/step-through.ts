import { checkOptions, shown } from "@rnnkit/core-rnn";
import type { Tensor } from "@tensorflow/tfjs-core";
import { checkFlag, checkLive, checkRank, checkTensor } from "./check.ts";
import type { RecurrentResult } from "./options.ts";
import { type StepFunction, type StepThroughOptions, stepLoop } from "./step-loop.ts";

const who = "stepThrough";

const optionNames = [
  ...["initialState", "mask", "goBackwards", "reverseOutputs", "returnSequences"],
  "zeroOutputForMask",
];

/**
 * Any recurrence over a sequence [B, T, ...], one step after the other, as Keras goes:
 *
 *     [yₜ, ...sₜ] = step(xₜ, sₜ₋₁, t)        where the mask is 1
 *     yₜ = yₜ₋₁ (or 0), sₜ = sₜ₋₁             where it is 0; y₋₁ = 0
 *
 * **t** counts the steps in the order in which they are read. What a masked step holds, NaN included, reaches
 * nothing. It is composed of tfjs operations, which tfjs differentiates; `lstm`, `gru` and `simpleRnn` do what they
 * can in one operation, far faster.
 *
 * Reference: https://keras.io/api/layers/recurrent_layers/rnn/
 *
 * @throws TypeError or Error, before any step, for a **step** that is no function, an x without steps, a mask of
 * another shape than [B, T], and initial states that are no list of [B, H]; after the first one, for an output
 * or states of another rank, or another number of them.
 * @example
 * const sum = (x, [s]) => [tf.add(x, s), tf.add(x, s)];
 * stepThrough(sum, tf.ones([2, 3, 4]), { initialState: [tf.zeros([2, 4])] }).outputs; // 1, 2, 3
 */
export function stepThrough(
  step: StepFunction,
  x: Tensor,
  options: StepThroughOptions,
): RecurrentResult {
  check(step, x, options);
  const checked: StepFunction = (input, state, t) => {
    const results = step(input, state, t);
    if (t === 0) checkResults(results, options.initialState.length);
    return results;
  };
  return stepLoop(checked, x, options);
}

function check(step: StepFunction, x: Tensor, options: StepThroughOptions): void {
  if (typeof step !== "function") {
    throw new TypeError(`${who}: expected step as a function, got ${shown(step)}`);
  }
  checkLive(who, "x", x, ["B", "T", "..."]);
  if (x.rank < 2 || x.shape[1] === 0) {
    throw new Error(`${who}: expected x of shape [B, T, ...], T from 1, got ${shown(x.shape)}`);
  }
  checkOptions(who, options, optionNames, "{ initialState: [h] }");
  const { initialState, mask, goBackwards, reverseOutputs, ...others } = options;
  const { returnSequences, zeroOutputForMask } = others;
  if (!Array.isArray(initialState)) {
    throw new TypeError(
      `${who}: expected initialState as a list of tensors, got ${shown(initialState)}`,
    );
  }
  for (const [k, state] of initialState.entries()) {
    checkRank(who, `initialState[${k}]`, state, "BH");
  }
  if (mask != null) checkTensor(who, "mask", mask, x.shape.slice(0, 2), ["bool", "int32"]);
  const flags = { goBackwards, reverseOutputs, returnSequences, zeroOutputForMask };
  for (const [name, flag] of Object.entries(flags)) checkFlag(who, name, flag);
}

function checkResults(results: readonly Tensor[], states: number): void {
  if (!Array.isArray(results) || results.length !== 1 + states) {
    const expected = `step to give an output and ${states} states`;
    throw new Error(`${who}: expected ${expected}, got ${shown(results)}`);
  }
  for (const [k, result] of results.entries()) {
    checkRank(who, k === 0 ? "an output" : `state ${k - 1}`, result, "BH");
  }
}
