// Two models of the tutorial, trained for a few steps: the same program in Node, in a page and in a worker.

import { seededRandom } from "@rnnkit/core-rnn";
import { buildLstmForecaster, buildSentimentClassifier, toTensor } from "@rnnkit/keras-builders";
import { saveKerasModel } from "@rnnkit/keras-files";
import {
  createSequences,
  generateTimeSeries,
  MinMaxScaler,
  padSequences,
} from "@rnnkit/preprocess";
import type { Scalar, Tensor } from "@tensorflow/tfjs-core";
import type { Sequential } from "@tensorflow/tfjs-layers";

/** How large both models are. */
export interface Size {
  examples: number;
  batch: number;
  steps: number;
  units: number;
}

/** *small* is what a GPU in software manages; *wide* is work enough for two threads. */
export const sizes = {
  small: { examples: 12, batch: 8, steps: 6, units: 6 },
  wide: { examples: 80, batch: 32, steps: 20, units: 32 },
} as const satisfies Record<string, Size>;

export type SizeName = keyof typeof sizes;

const EPOCHS = 2;
export const VOCABULARY = 30;

/** The numbers of a model that was trained. */
export interface Trained {
  /** Of each epoch. */
  losses: number[];
  /** `evaluate`'s loss and metrics. */
  evaluated: number[];
  predictions: number[];
}

/** Next values of a noisy sine: two LSTM with dropout, Adam. */
export async function trainedForecaster(size: Size): Promise<Trained> {
  const { examples, steps, units } = size;
  const series = generateTimeSeries({ length: examples + steps, period: 12, seed: 1 });
  const { x, y } = createSequences(new MinMaxScaler().fitTransform(series), steps);
  const model = buildLstmForecaster(steps, 1, 1, { units: [units, units], seed: 1 });
  return trained(model, toTensor(x), toTensor(y), size);
}

/** Good or bad review: Embedding, GRU, Dense, RMSprop; padded in front, the padding masked. The model as a file too. */
export async function trainedClassifier(size: Size): Promise<Trained & { file: Uint8Array }> {
  const { steps, units } = size;
  const options = { vocabSize: VOCABULARY, maxLen: steps, embeddingDim: 8, maskZero: true };
  const model = buildSentimentClassifier("gru", { ...options, units, seed: 2 });
  const { x, y } = reviews(size);
  const numbers = await trained(model, x, y, size);
  return { ...numbers, file: await saveKerasModel(model) };
}

/** Reviews of different lengths: good where most words are of the vocabulary's second half. */
export function reviews({ examples, steps }: Size): { x: Tensor; y: Tensor } {
  const { uniform } = seededRandom(3);
  const words = Array.from({ length: examples }, () =>
    Array.from(
      { length: 1 + Math.floor(uniform() * steps) },
      () => 1 + Math.floor(uniform() * (VOCABULARY - 1)),
    ),
  );
  const isGood = (review: number[]) =>
    review.filter((word) => word >= VOCABULARY / 2).length * 2 > review.length;
  const y = Float32Array.from(words, (review) => Number(isGood(review)));
  return {
    x: toTensor(padSequences(words, { maxLen: steps })),
    y: toTensor({ data: y, shape: [examples, 1] }),
  };
}

/** Nothing is read but by `data()`: a GPU has no other way. */
async function trained(model: Sequential, x: Tensor, y: Tensor, { batch }: Size): Promise<Trained> {
  const { history } = await model.fit(x, y, { epochs: EPOCHS, batchSize: batch });
  const evaluated = [model.evaluate(x, y, { batchSize: batch })].flat() as Scalar[];
  const predictions = model.predict(x) as Tensor;
  return {
    losses: history.loss as number[],
    evaluated: await Promise.all(evaluated.map(async (value) => (await value.data())[0]!)),
    predictions: [...(await predictions.data())],
  };
}
