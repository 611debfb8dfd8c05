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
  const fits =
    target.rank === wanted.length && wanted.every((n, i) => n == null || n === target.shape[i]);
  if (fits) return;
  throw new Error(
    `${who}: expected targets of ${model.outputNames[place]} to be of shape ${shapeOf(wanted)} for ${name}, got ${shown(target.shape)}`,
  );
}

/** A shape as an error says it: axes that may be of any size by their letters. */
export function shapeOf(shape: readonly (number | null)[]): string {
  return `[${shape.map((n, i) => n ?? ["B", "T"][i] ?? "any").join(", ")}]`;
}
