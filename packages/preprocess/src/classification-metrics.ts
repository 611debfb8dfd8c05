// Keras's accuracies and the binary cross-entropy, as plain functions on predictions.
import { checkKinds, optionKinds } from "./generated/option-kinds.ts";
import { checkOptions, shown } from "./generated/options.ts";
import { type ArrayInput, type NdArray, readArray } from "./nd-array.ts";

/**
 * The share of predictions on the right side of the threshold, 0.5 unless given. As in Keras the
 * comparison is strict: a prediction of exactly 0.5 counts as class 0.
 *
 * Both have the same shape; labels are 0 and 1. Throws when shapes differ or nothing is given.
 *
 * Source: https://keras.io/api/metrics/accuracy_metrics/#binaryaccuracy-class
 *
 * @example
 * binaryAccuracy([1, 0, 0], [0.9, 0.5, 0.7]); // => 0.6666666666666666
 */
export function binaryAccuracy(
  yTrue: ArrayInput,
  yPred: ArrayInput,
  options: { threshold?: number } = {},
): number {
  checkOptions("binaryAccuracy", options, ["threshold"]);
  checkKinds("binaryAccuracy", options, { threshold: optionKinds.finite });
  const { threshold = 0.5 } = options;
  const [truth, guess] = readPair("binaryAccuracy", yTrue, yPred);
  let right = 0;
  for (let i = 0; i < truth.data.length; i++) {
    if (truth.data[i] === Number(guess.data[i] > threshold)) right++;
  }
  return right / truth.data.length;
}

/**
 * The share of rows [N, K] whose largest prediction is where the largest label is; of equal ones the
 * first counts.
 *
 * Source: https://keras.io/api/metrics/accuracy_metrics/#categoricalaccuracy-class
 *
 * @example
 * categoricalAccuracy([[0, 1], [1, 0]], [[0.2, 0.8], [0.4, 0.6]]); // => 0.5
 */
export function categoricalAccuracy(yTrue: ArrayInput, yPred: ArrayInput): number {
  const [truth, guess] = readPair("categoricalAccuracy", yTrue, yPred);
  const rows = rowsOf("categoricalAccuracy", truth);
  let right = 0;
  for (let i = 0; i < rows; i++) if (argMax(truth, i) === argMax(guess, i)) right++;
  return right / rows;
}

/**
 * The share of rows [N, K] whose largest prediction is at the label, an index in [N] or [N, 1].
 *
 * Source: https://keras.io/api/metrics/accuracy_metrics/#sparsecategoricalaccuracy-class
 *
 * @example
 * sparseCategoricalAccuracy([1, 0], [[0.2, 0.8], [0.4, 0.6]]); // => 0.5
 */
export function sparseCategoricalAccuracy(yTrue: ArrayInput, yPred: ArrayInput): number {
  const truth = readArray("sparseCategoricalAccuracy", yTrue);
  const guess = readArray("sparseCategoricalAccuracy", yPred);
  const rows = rowsOf("sparseCategoricalAccuracy", guess);
  if (truth.data.length !== rows) {
    throw new Error(`sparseCategoricalAccuracy: expected ${rows} labels, got ${truth.data.length}`);
  }
  let right = 0;
  for (let i = 0; i < rows; i++) if (argMax(guess, i) === truth.data[i]) right++;
  return right / rows;
}

/**
 * The mean of −y·log p − (1 − y)·log(1 − p) over all elements, with p kept 1e-7 away from 0 and 1.
 * With **fromLogits** predictions are logits z, p = σ(z), and nothing is clipped.
 *
 * Source: https://keras.io/api/losses/probabilistic_losses/#binarycrossentropy-class
 *
 * @example
 * binaryCrossentropy([1, 0], [0.5, 0.5]); // => 0.6931471805599453
 */
export function binaryCrossentropy(
  yTrue: ArrayInput,
  yPred: ArrayInput,
  options: { fromLogits?: boolean } = {},
): number {
  checkOptions("binaryCrossentropy", options, ["fromLogits"]);
  checkKinds("binaryCrossentropy", options, { fromLogits: optionKinds.flag });
  const { fromLogits = false } = options;
  const [truth, guess] = readPair("binaryCrossentropy", yTrue, yPred);
  let sum = 0;
  for (let i = 0; i < truth.data.length; i++) {
    const y = truth.data[i];
    const x = guess.data[i];
    if (fromLogits) {
      // −y·log σ(z) − (1 − y)·log σ(−z) = max(z, 0) − z·y + log(1 + e^−|z|)
      sum += Math.max(x, 0) - x * y + Math.log1p(Math.exp(-Math.abs(x)));
    } else {
      const p = Math.min(Math.max(x, 1e-7), 1 - 1e-7);
      sum -= y * Math.log(p) + (1 - y) * Math.log1p(-p);
    }
  }
  return sum / truth.data.length;
}

function readPair(who: string, yTrue: ArrayInput, yPred: ArrayInput): [NdArray, NdArray] {
  const truth = readArray(who, yTrue);
  const guess = readArray(who, yPred);
  if (truth.shape.join() !== guess.shape.join() || truth.data.length === 0) {
    throw new Error(
      `${who}: expected predictions of the labels' shape ${shown(truth.shape)}, not empty, got ${shown(guess.shape)}`,
    );
  }
  return [truth, guess];
}

function rowsOf(who: string, { data, shape }: NdArray): number {
  if (shape.length === 2 && data.length > 0) return shape[0];
  throw new Error(`${who}: expected predictions [N, K], not empty, got ${shown(shape)}`);
}

function argMax({ data, shape }: NdArray, row: number): number {
  const start = row * shape[1];
  let best = 0;
  for (let k = 1; k < shape[1]; k++) if (data[start + k] > data[start + best]) best = k;
  return best;
}
