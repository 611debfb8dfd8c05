// The one loop over time of what is composed of tfjs operations, without a check: for callers that have made theirs.

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
  zerosLike,
} from "@tensorflow/tfjs-core";
import { chosen } from "./chosen.ts";
import type { RecurrentOptions, RecurrentResult } from "./options.ts";

/** One step of a recurrence: x [B, ...] and the states to the output and the next states, [B, H] each. */
export type StepFunction = (x: Tensor, state: readonly Tensor[], t: number) => readonly Tensor[];

/** Options of `stepThrough`. */
export interface StepThroughOptions
  extends Pick<
    RecurrentOptions,
    "mask" | "goBackwards" | "reverseOutputs" | "returnSequences" | "zeroOutputForMask"
  > {
  /** The states before the first step, [B, H] each, as many as **step** takes and gives. */
  initialState: readonly Tensor[];
}

/**
 * `stepThrough` without its checks: for layers and cells that have made theirs. What it is given must be what
 * `stepThrough` asks for.
 *
 * @example
 * stepLoop(step, x, { initialState: [h] }).outputs; // as stepThrough's
 */
export function stepLoop(
  step: StepFunction,
  x: Tensor,
  options: StepThroughOptions,
): RecurrentResult {
  const { initialState, mask, goBackwards, reverseOutputs, zeroOutputForMask } = options;
  const { returnSequences = true } = options;
  return tidy(() => {
    // Turned round here: tfjs's wasm backend reverses a tensor of bool as if of four bytes each. A copy: the
    // gradient of unstack goes by the order in the array that it gave.
    const inOrder = (steps: Tensor[]): Tensor[] => (goBackwards ? [...steps].reverse() : steps);
    // Not by a cast: on tfjs's wasm backend that of 256 to bool is 0.
    const keep = mask && (mask.dtype === "bool" ? mask : notEqual(mask, zerosLike(mask)));
    const wide = keep && reshape(keep, [...keep.shape, ...x.shape.slice(2).map(() => 1)]);
    // A masked step's input is taken out before it can meet a weight: 0·NaN would be NaN.
    const inputs = inOrder(stepsOf(wide ? chosen(wide, x) : x));
    const keeps = keep && inOrder(stepsOf(keep)).map((column) => reshape(column, [-1, 1]));
    let state = initialState;
    let output: Tensor | undefined;
    const outputs: Tensor[] = [];
    for (const [t, input] of inputs.entries()) {
      const [y, ...next] = step(input, state, t);
      const kept = keeps?.[t];
      if (kept) {
        output = chosen(kept, y, zeroOutputForMask ? undefined : output);
        const before = state;
        state = next.map((value, k) => chosen(kept, value, before[k]!));
      } else {
        output = y;
        state = next;
      }
      if (returnSequences) outputs.push(output);
    }
    if (reverseOutputs) outputs.reverse();
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
