// What the operations refuse before any work, in the words of DESIGN: who, expected, got.

import type { DataType, Tensor } from "@tensorflow/tfjs-core";

const show = (shape: readonly number[]) => `[${shape.join(", ")}]`;

/** Throws unless the tensor has this shape and type. */
export function checkTensor(
  who: string,
  name: string,
  tensor: Tensor,
  shape: readonly number[],
  dtypes: readonly DataType[] = ["float32"],
): void {
  const got = tensor.shape;
  if (got.length !== shape.length || got.some((n, i) => n !== shape[i])) {
    throw new Error(`${who}: expected ${name} of shape ${show(shape)}, got ${show(got)}`);
  }
  if (!dtypes.includes(tensor.dtype)) {
    throw new Error(`${who}: expected ${name} of type ${dtypes.join(" or ")}, got ${tensor.dtype}`);
  }
}

/** Throws unless the tensor has `rank` axes, none of them empty. */
export function checkRank(who: string, name: string, tensor: Tensor, letters: string): void {
  const names = letters.split("");
  const wanted = `[${names.join(", ")}]`;
  if (tensor.rank !== names.length) {
    throw new Error(`${who}: expected ${name} of shape ${wanted}, got ${show(tensor.shape)}`);
  }
  if (tensor.shape.some((n) => n === 0)) {
    throw new Error(`${who}: expected ${name} without empty axes, got ${show(tensor.shape)}`);
  }
}

/** Throws unless the word is one of those. */
export function checkWord(who: string, name: string, word: string, words: readonly string[]): void {
  if (!words.includes(word)) {
    throw new Error(`${who}: expected ${name} to be one of ${words.join(", ")}, got "${word}"`);
  }
}
