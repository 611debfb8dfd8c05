// What the operations refuse before any work, in the words who, expected, got.

import { didYouMean, shown } from "@rnnkit/core-rnn";
import { type DataType, Tensor } from "@tensorflow/tfjs-core";

const floats: readonly DataType[] = ["float32"];

/** Throws unless the value is a tensor that has not been disposed. */
export function checkLive(
  who: string,
  name: string,
  value: unknown,
  shape: readonly (number | string)[],
): void {
  if (value instanceof Tensor && !value.isDisposed) return;
  const got = value instanceof Tensor ? "one that was disposed" : shown(value);
  const expected = `${name} as a tensor of shape [${shape.join(", ")}]`;
  throw new TypeError(`${who}: expected ${expected}, got ${got}`);
}

/** Throws unless the value is a tensor in use of this shape and type. */
export function checkTensor(
  who: string,
  name: string,
  tensor: Tensor,
  shape: readonly number[],
  dtypes: readonly DataType[] = floats,
): void {
  checkLive(who, name, tensor, shape);
  const got = tensor.shape;
  let fits = got.length === shape.length;
  for (let i = 0; fits && i < got.length; i++) fits = got[i] === shape[i];
  if (!fits) {
    throw new Error(`${who}: expected ${name} of shape ${shown(shape)}, got ${shown(got)}`);
  }
  if (!dtypes.includes(tensor.dtype)) {
    throw new Error(`${who}: expected ${name} of type ${dtypes.join(" or ")}, got ${tensor.dtype}`);
  }
}

/** Throws unless the value is a tensor in use with an axis for each letter, none of them empty. */
export function checkRank(who: string, name: string, tensor: Tensor, letters: string): void {
  checkLive(who, name, tensor, letters.split(""));
  if (tensor.shape.length !== letters.length) {
    const wanted = `[${letters.split("").join(", ")}]`;
    throw new Error(`${who}: expected ${name} of shape ${wanted}, got ${shown(tensor.shape)}`);
  }
  if (tensor.size === 0) {
    throw new Error(`${who}: expected ${name} without empty axes, got ${shown(tensor.shape)}`);
  }
}

/** Throws unless the value is a boolean, or absent. */
export function checkFlag(who: string, name: string, value: unknown): void {
  if (value === undefined || typeof value === "boolean") return;
  throw new TypeError(`${who}: expected ${name} to be true or false, got ${shown(value)}`);
}

/** Throws unless the value is one of those. */
export function checkOneOf(who: string, name: string, value: string, all: readonly string[]): void {
  if (all.includes(value)) return;
  const got = `${shown(value)}${didYouMean(value, all)}`;
  throw new Error(`${who}: expected ${name} to be one of ${all.join(", ")}, got ${got}`);
}
