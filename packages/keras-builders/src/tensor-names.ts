// Tensors of a model's inputs or outputs, as a caller gives them: one, a list, or by name.

import { didYouMean, shown } from "@rnnkit/core-rnn";
import { Tensor } from "@tensorflow/tfjs-core";

/**
 * The tensors of inputs or outputs, in the order of their **names**; **expected**, which says who and what, begins
 * the error.
 *
 * @throws for anything else than a tensor for each name, with the nearest for a name that is none.
 */
export function namedTensors(expected: string, names: readonly string[], given: unknown): Tensor[] {
  const isTensor = (value: unknown): value is Tensor => value instanceof Tensor;
  const isByName = typeof given === "object" && given !== null && !Array.isArray(given);
  const byName = (isByName && !isTensor(given) ? given : {}) as Record<string, unknown>;
  const tensors = isTensor(given)
    ? [given]
    : Array.isArray(given)
      ? given
      : names.map((name) => byName[name]);
  const strange = Object.keys(byName).find((name) => !names.includes(name));
  if (tensors.length === names.length && tensors.every(isTensor) && strange === undefined) {
    return tensors;
  }
  const kind = names.length === 1 ? "to be a tensor" : "to be one tensor for each";
  const missing = names.find((name) => !isTensor(byName[name]));
  const lacks = isByName && !isTensor(given) && missing !== undefined ? `none of ${missing}` : "";
  const got = strange === undefined ? lacks || shown(given) : strange + didYouMean(strange, names);
  throw new TypeError(`${expected} ${kind} of ${names.join(", ")}, got ${got}`);
}
