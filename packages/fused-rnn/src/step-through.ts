import { checkOptions, shown } from "@rnnkit/core-rnn";
import {
  clone,
  notEqual,
  reshape,
  squeeze,
  stack,
  type Tensor,
  type Tensor2D,
  tidy,
  unstack,
  where,
  zerosLike,
} from "@tensorflow/tfjs-core";
import { checkFlag, checkLive, checkRank, checkTensor } from "./check.ts";
import type { RecurrentOptions, RecurrentResult } from "./options.ts";

/** One step of a recurrence: x [B, ...] and the states to the output and the next states, [B, H] each. */
export type StepFunction = (x: Tensor, state: readonly Tensor[], t: number) => readonly Tensor[];

/** Options of `stepThrough`. */
export interface StepThroughOptions
  extends Pick<RecurrentOptions, "mask" | "goBackwards" | "returnSequences" | "zeroOutputForMask"> {
  /** The states before the first step, [B, H] each, as many as **step** takes and gives. */
  initialState: readonly Tensor[];
}

const who = "stepThrough";

const optionNames = ["initialState", "mask", "goBackwards", "returnSequences", "zeroOutputForMask"];

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
  const { initialState, mask, goBackwards, returnSequences = true, zeroOutputForMask } = options;
  return tidy(() => {
    // Turned round here: tfjs's wasm backend reverses a tensor of bool as if of four bytes each. A copy: the
    // gradient of unstack goes by the order in the array that it gave.
    const inOrder = (steps: Tensor[]): Tensor[] => (goBackwards ? [...steps].reverse() : steps);
    // Not by a cast: on tfjs's wasm backend that of 256 to bool is 0.
    const keep = mask && (mask.dtype === "bool" ? mask : notEqual(mask, zerosLike(mask)));
    const wide = keep && reshape(keep, [...keep.shape, ...x.shape.slice(2).map(() => 1)]);
    // A masked step's input is taken out before it can meet a weight: 0·NaN would be NaN.
    const inputs = inOrder(stepsOf(wide ? where(wide, x, zerosLike(x)) : x));
    const keeps = keep && inOrder(stepsOf(keep)).map((column) => reshape(column, [-1, 1]));
    let state = initialState;
    let output: Tensor | undefined;
    const outputs: Tensor[] = [];
    for (const [t, input] of inputs.entries()) {
      const results = step(input, state, t);
      if (t === 0) checkResults(results, state.length);
      const [y, ...next] = results;
      const kept = keeps?.[t];
      if (kept) {
        output = where(kept, y, !output || zeroOutputForMask ? zerosLike(y) : output);
        const before = state;
        state = next.map((value, k) => where(kept, value, before[k]));
      } else {
        output = y;
        state = next;
      }
      if (returnSequences) outputs.push(output);
    }
    // Clones, so that outputs and states can be disposed one by one.
    return {
      outputs: returnSequences ? stack(outputs, 1) : clone(output as Tensor),
      state: state.map((value) => clone(value) as Tensor2D),
    };
  });
}

/** `unstack` on axis 1; the gradient of tfjs's own fails for a single part. */
function stepsOf(x: Tensor): Tensor[] {
  return x.shape[1] === 1 ? [squeeze(x, [1])] : unstack(x, 1);
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
  const { initialState, mask, goBackwards, returnSequences, zeroOutputForMask } = options;
  if (!Array.isArray(initialState)) {
    throw new TypeError(
      `${who}: expected initialState as a list of tensors, got ${shown(initialState)}`,
    );
  }
  for (const [k, state] of initialState.entries()) {
    checkRank(who, `initialState[${k}]`, state, "BH");
  }
  if (mask != null) checkTensor(who, "mask", mask, x.shape.slice(0, 2), ["bool", "int32"]);
  const flags = { goBackwards, returnSequences, zeroOutputForMask };
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
