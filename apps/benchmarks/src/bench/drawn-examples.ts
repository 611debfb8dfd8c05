// What the tutorial's models are trained on in a bench: drawn, not read.

import type { Random } from "@rnnkit/core-rnn";
import * as tf from "@tensorflow/tfjs-core";

/** A model's inputs and targets. */
export type Examples = {
  x: tf.Tensor;
  y: tf.Tensor;
};

/** Draws **count** examples. */
export type Draw = (count: number, random: Random) => Examples;

/** Targets of so many examples. */
export type Targets = (count: number, random: Random) => tf.Tensor;

/** Sequences of normal numbers, each of **shape**. */
export const sequences =
  (shape: number[], targets: Targets): Draw =>
  (count, random) => ({ x: normal([count, ...shape], random), y: targets(count, random) });

/** A normal number each. */
export const values: Targets = (count, random) => normal([count, 1], random);

/** One of **n** classes each. */
export const classes =
  (n: number): Targets =>
  (count, random) =>
    tf.tensor(
      Float32Array.from({ length: count }, () => Math.floor(random.uniform() * n)),
      [count, 1],
      "float32",
    );

const sizeOf = (shape: number[]) => shape.reduce((size, n) => size * n, 1);

function normal(shape: number[], random: Random): tf.Tensor {
  return tf.tensor(Float32Array.from({ length: sizeOf(shape) }, random.normal), shape, "float32");
}

// As in a language, few words are most of a text: word n comes about as often as 1 / n.
function word(vocabulary: number, random: Random): number {
  return Math.floor(vocabulary ** random.uniform());
}

/**
 * Rows of words, a random number of them each, the padding 0 in front: from row to row as different shares of
 * padding as have the mean **share**.
 */
export function padded(
  [rows = 0, steps = 0]: number[],
  vocabulary: number,
  share: number,
  random: Random,
): tf.Tensor {
  const values = new Int32Array(rows * steps);
  const spread = Math.min(share, 1 - share);
  for (let row = 0; row < rows; row++) {
    const padding = spread > 0 ? share + spread * (2 * random.uniform() - 1) : share;
    const first = Math.floor(padding * steps);
    for (let t = first; t < steps; t++) values[row * steps + t] = word(vocabulary, random);
  }
  return tf.tensor(values, [rows, steps], "int32");
}
