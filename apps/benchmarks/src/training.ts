import { progress, type TrainingProgress } from "@rnnkit/keras-builders";
import type { NdArray } from "@rnnkit/preprocess";
import * as tf from "@tensorflow/tfjs-core";
import type { LayersModel } from "@tensorflow/tfjs-layers";
import { nextTask } from "./next-task.ts";
import { permutation } from "./permutation.ts";
import type { Epoch } from "./results.ts";

/** Examples and their targets, one a row of the first dimension. */
export interface Examples {
  x: NdArray;
  y: NdArray;
}

/** Where a training stands after a batch. */
export interface StepState {
  epoch: number;
  /** Batches of the epoch that were learnt from. */
  step: number;
  loss: number;
  accuracy: number | null;
}

export interface TrainOptions {
  epochs: number;
  batchSize: number;
  /** Decides the order of the examples in each epoch. */
  seed: number;
  validation?: Examples;
  /** Training ends after the batch in which this is aborted. */
  signal: AbortSignal;
  /** After each batch, training and validation alike: the epoch's running means. A promise is waited for. */
  onStep?: (state: StepState) => unknown;
  /** After each epoch, the one that was cut short included. A promise is waited for. */
  onEpoch?: (epoch: Epoch) => unknown;
}

/** How many times `onStep` will be called: batches of training and validation over all epochs. */
export function countSteps(train: Examples, options: TrainOptions): number {
  const batches = (examples?: Examples) => Math.ceil(rowsOf(examples) / options.batchSize);
  return options.epochs * (batches(train) + batches(options.validation));
}

/**
 * Fits a compiled model, the examples in a new seeded order in every epoch, so that the same seed
 * gives the same model on the same backend (tfjs's own shuffle cannot be seeded). Resolves when all
 * epochs are done or **signal** is aborted.
 */
export async function train(
  model: LayersModel,
  examples: Examples,
  options: TrainOptions,
): Promise<void> {
  const { epochs, batchSize, validation, signal, onStep, onEpoch } = options;
  const rows = rowsOf(examples);
  for (let epoch = 1; epoch <= epochs && !signal.aborted; epoch++) {
    const startedAt = performance.now();
    const order = permutation(rows, options.seed * 65_537 + epoch);
    const x = toTensor(takeRows(examples.x, order));
    const y = toTensor(takeRows(examples.y, order));
    let steps = 0;
    let logs: Readonly<Record<string, number>> = {};
    const stop = () => {
      model.stopTraining = true;
    };
    const draw = async ({ step, values, isEpochEnd }: TrainingProgress) => {
      logs = values;
      if (isEpochEnd) return;
      steps = step;
      await onStep?.({ epoch, step, loss: Number(values.loss), accuracy: accuracyOf(values) });
    };
    signal.addEventListener("abort", stop);
    try {
      await model.fit(x, y, {
        epochs: 1,
        batchSize,
        shuffle: false,
        verbose: 0,
        callbacks: [progress({ interval: 0, draw })],
      });
    } finally {
      signal.removeEventListener("abort", stop);
      tf.dispose([x, y]);
    }
    if (steps === 0) return;
    const trained: Epoch = {
      epoch,
      steps,
      plannedSteps: Math.ceil(rows / batchSize),
      seconds: 0,
      loss: Number(logs.loss),
      accuracy: accuracyOf(logs),
      validationLoss: null,
      validationAccuracy: null,
    };
    if (validation && !signal.aborted) {
      const judged = await evaluate(model, validation, batchSize, signal, () =>
        onStep?.({ epoch, step: steps, loss: trained.loss, accuracy: trained.accuracy }),
      );
      trained.validationLoss = judged?.loss ?? null;
      trained.validationAccuracy = judged?.accuracy ?? null;
    }
    trained.seconds = (performance.now() - startedAt) / 1000;
    await onEpoch?.(trained);
  }
}

/**
 * Loss and accuracy (null when the model has no such metric) over **examples**, each the mean over
 * rows; null when **signal** is aborted before the last batch.
 */
export async function evaluate(
  model: LayersModel,
  examples: Examples,
  batchSize: number,
  signal: AbortSignal,
  onStep?: () => unknown,
): Promise<{ loss: number; accuracy: number | null } | null> {
  const rows = rowsOf(examples);
  const sums = [0, 0];
  let measures = 0;
  for (let start = 0; start < rows; start += batchSize) {
    if (signal.aborted) return null;
    const end = Math.min(rows, start + batchSize);
    const scalars = tf.tidy(() => {
      const x = toTensor(sliceRows(examples.x, start, end));
      const y = toTensor(sliceRows(examples.y, start, end));
      return [model.evaluate(x, y, { batchSize: end - start })].flat() as tf.Scalar[];
    });
    const values = await Promise.all(
      scalars.map(async (scalar) => (await read(scalar))[0] as number),
    );
    measures = values.length;
    for (let i = 0; i < Math.min(2, measures); i++) {
      sums[i] = (sums[i] as number) + (values[i] as number) * (end - start);
    }
    await onStep?.();
    await nextTask();
  }
  const [loss = 0, accuracy = 0] = sums;
  return { loss: loss / rows, accuracy: measures > 1 ? accuracy / rows : null };
}

/** The model's outputs for every row of **x**, flat; null when aborted before the last batch. */
export function predict(
  model: LayersModel,
  x: NdArray,
  batchSize: number,
  signal: AbortSignal,
  onRows?: (rows: number) => void,
): Promise<Float64Array | null> {
  const apply = (rows: tf.Tensor) => model.predictOnBatch(rows) as tf.Tensor;
  return inBatches(x, batchSize, signal, apply, onRows);
}

/**
 * What **apply** says of every row of **x**, flat; null when aborted before the last batch. **onRows** hears after each
 * batch how many rows it had.
 */
export async function inBatches(
  x: NdArray,
  batchSize: number,
  signal: AbortSignal,
  apply: (rows: tf.Tensor) => tf.Tensor,
  onRows?: (rows: number) => void,
): Promise<Float64Array | null> {
  const rows = x.shape[0] as number;
  const out: number[] = [];
  for (let start = 0; start < rows; start += batchSize) {
    if (signal.aborted) return null;
    const end = Math.min(rows, start + batchSize);
    const values = await read(tf.tidy(() => apply(toTensor(sliceRows(x, start, end)))));
    for (const value of values) out.push(value);
    onRows?.(end - start);
    // A backend whose numbers are there at once would let no message and no Ctrl-C through.
    await nextTask();
  }
  return Float64Array.from(out);
}

/** Rows **start** to **end** of the first dimension. */
export function sliceRows(array: NdArray, start: number, end: number): NdArray {
  const size = rowSize(array);
  return {
    data: array.data.subarray(start * size, end * size),
    shape: [end - start, ...array.shape.slice(1)],
  };
}

/** A tensor's numbers, which a GPU gives by no other way; disposes it. */
async function read(tensor: tf.Tensor): Promise<ArrayLike<number> & Iterable<number>> {
  try {
    return await tensor.data();
  } finally {
    tensor.dispose();
  }
}

function takeRows(array: NdArray, order: Int32Array): NdArray {
  const size = rowSize(array);
  const data = array.data.slice();
  order.forEach((from, to) => {
    data.set(array.data.subarray(from * size, (from + 1) * size), to * size);
  });
  return { data, shape: [order.length, ...array.shape.slice(1)] };
}

/** An array on tfjs's current backend; whole numbers stay whole. */
export function toTensor({ data, shape }: NdArray): tf.Tensor {
  return data instanceof Int32Array
    ? tf.tensor(data, [...shape], "int32")
    : tf.tensor(Float32Array.from(data), [...shape], "float32");
}

function rowSize({ shape }: NdArray): number {
  return shape.slice(1).reduce((size, n) => size * n, 1);
}

function rowsOf(examples?: Examples): number {
  return examples?.x.shape[0] ?? 0;
}

function accuracyOf(values: Readonly<Record<string, number>>): number | null {
  return values.acc ?? values.accuracy ?? null;
}
