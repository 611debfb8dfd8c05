// Tensors of a model's inputs or outputs, as a caller gives them: one, a list, or by name.

import { didYouMean, shown } from "@rnnkit/core-rnn";
import { Tensor } from "@tensorflow/tfjs-core";

const ofNumbers: readonly string[] = ["float32", "int32", "bool"];

/**
 * Refuses tensors of nothing: no examples, or an axis of none, such as steps. tfjs's kernels leave what a mean over
 * nothing would be as it was in memory.
 */
export function checkFilled(who: string, tensors: readonly Tensor[]): void {
  const empty = tensors.find(({ size }) => size === 0);
  if (!empty) return;
  const expected = empty.shape[0] === 0 ? "at least one example" : "examples without empty axes";
  throw new Error(`${who}: expected ${expected}, got ${shown(empty.shape)}`);
}

/**
 * The tensors of inputs or outputs, in the order of their **names**; **expected**, which says who and what, begins
 * the error.
 *
 * @throws for anything else than a tensor of numbers, in use, for each name, with the nearest for a name that is none.
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
    const at = tensors.findIndex((each) => each.isDisposed || !ofNumbers.includes(each.dtype));
    if (at < 0) return tensors;
    const { isDisposed, dtype } = tensors[at]!;
    const got = isDisposed ? "one that was disposed" : dtype;
    throw new TypeError(`${expected} to be a tensor of numbers for ${names[at]}, got ${got}`);
  }
  const kind = names.length === 1 ? "to be a tensor" : "to be one tensor for each";
  const missing = names.find((name) => !isTensor(byName[name]));
  const lacks = isByName && !isTensor(given) && missing !== undefined ? `none of ${missing}` : "";
  const got = strange === undefined ? lacks || shown(given) : strange + didYouMean(strange, names);
  throw new TypeError(`${expected} ${kind} of ${names.join(", ")}, got ${got}`);
}
