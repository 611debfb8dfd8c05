import { shown } from "@rnnkit/core-rnn";
import { Tensor } from "@tensorflow/tfjs-core";
import { SymbolicTensor } from "@tensorflow/tfjs-layers";
import { otherCopy } from "../other-copy.ts";
import type { Inputs, Kwargs } from "./layer-call.ts";

/**
 * Throws unless a layer is called with tensors in use, or with outputs of layers, one or a list of them;
 * its initial state and its mask too. tfjs-layers would come to grief somewhere inside.
 */
export function checkCallInputs(who: string, inputs: Inputs, kwargs: Kwargs): void {
  const given = [inputs].flat();
  if (given.length === 0) throw new TypeError(`${who}: expected an input, got an empty list`);
  for (const [i, input] of given.entries()) {
    checkInput(who, Array.isArray(inputs) ? `input ${i}` : "an input", input);
  }
  if (given.some(isSymbolic) && !given.every(isSymbolic)) {
    throw new TypeError(`${who}: expected tensors or outputs of layers, got both`);
  }
  const { initialState, mask } = kwargs;
  for (const state of [initialState ?? []].flat()) checkInput(who, "an initialState", state);
  for (const each of [mask ?? []].flat()) if (each !== null) checkInput(who, "a mask", each);
}

function isSymbolic(value: unknown): boolean {
  return value instanceof SymbolicTensor;
}

function checkInput(who: string, what: string, value: unknown): void {
  if (isSymbolic(value) || (value instanceof Tensor && !value.isDisposed)) return;
  const got =
    value instanceof Tensor ? "one that was disposed" : `${shown(value)}${otherCopy(value)}`;
  throw new TypeError(`${who}: expected ${what} that is a tensor, got ${got}`);
}
