// Which targets a loss takes.

import { shown } from "@rnnkit/core-rnn";
import type { Tensor } from "@tensorflow/tfjs-core";
import { lossNameOf } from "./chain-loss.ts";
import type { Compiled } from "./compiled-model.ts";

/**
 * Refuses targets of another shape than the loss of output **place** takes, if it is one by name, beside predictions
 * of **shape**: theirs, or a class number for each row. tfjs would spread the ones over the others.
 *
 * @throws with **who** in front, by default the model.
 */
export function checkTargetOf(
  model: Pick<Compiled, "name" | "outputNames" | "lossFunctions">,
  place: number,
  target: Tensor,
  shape: readonly (number | null)[],
  who: string = model.name,
): void {
  const name = lossNameOf(model.lossFunctions[place]!);
  if (name === undefined) return;
  const isClass = name === "sparseCategoricalCrossentropy";
  const wanted = isClass ? [...shape.slice(0, -1), 1] : shape;
  if (fits(target, wanted)) return;
  throw new Error(
    `${who}: expected targets of ${model.outputNames[place]} to be of shape ${shapeOf(wanted)} for ${name}, got ${shown(target.shape)}`,
  );
}

/** Whether a tensor is of a shape, whose axes without a size may be of any. */
export function fits({ rank, shape }: Tensor, wanted: readonly (number | null)[]): boolean {
  return rank === wanted.length && wanted.every((n, i) => n == null || n === shape[i]);
}

/** A shape as an error says it: axes that may be of any size by their letters. */
export function shapeOf(shape: readonly (number | null)[]): string {
  return `[${shape.map((n, i) => n ?? ["B", "T"][i] ?? "any").join(", ")}]`;
}
