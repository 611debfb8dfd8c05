// What the operations refuse before any work, in the words of DESIGN: who, expected, got.

import type { DataType, Tensor } from "@tensorflow/tfjs-core";

const show = (shape: readonly number[]) => `[${shape.join(", ")}]`;

const floats: readonly DataType[] = ["float32"];

/** Throws unless the tensor has this shape and type. */
export function checkTensor(
  who: string,
  name: string,
  tensor: Tensor,
  shape: readonly number[],
  dtypes: readonly DataType[] = floats,
): void {
  const got = tensor.shape;
  let fits = got.length === shape.length;
  for (let i = 0; fits && i < got.length; i++) fits = got[i] === shape[i];
  if (!fits) {
    throw new Error(`${who}: expected ${name} of shape ${show(shape)}, got ${show(got)}`);
  }
  if (!dtypes.includes(tensor.dtype)) {
    throw new Error(`${who}: expected ${name} of type ${dtypes.join(" or ")}, got ${tensor.dtype}`);
  }
}

/** Throws unless the tensor has `rank` axes, none of them empty. */
export function checkRank(who: string, name: string, tensor: Tensor, letters: string): void {
  if (tensor.shape.length !== letters.length) {
    const wanted = letters.split("").join(", ");
    throw new Error(`${who}: expected ${name} of shape [${wanted}], got ${show(tensor.shape)}`);
  }
  if (tensor.size === 0) {
    throw new Error(`${who}: expected ${name} without empty axes, got ${show(tensor.shape)}`);
  }
}

/** Throws unless the word is one of those. */
export function checkWord(who: string, name: string, word: string, words: readonly string[]): void {
  if (!words.includes(word)) {
    throw new Error(`${who}: expected ${name} to be one of ${words.join(", ")}, got "${word}"`);
  }
}
