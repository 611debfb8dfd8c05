import { selectBackend } from "@rnnkit/backend-select";
import { buildStockForecaster } from "@rnnkit/keras-builders";
import { expectNoTensorLeak } from "@rnnkit/test-kit";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, expect, test } from "vitest";
import type { Epoch } from "./results.ts";
import { countSteps, type Examples, evaluate, predict, sliceRows, train } from "./training.ts";

beforeAll(() => selectBackend({ require: "wasm" }));

const never = new AbortController().signal;

// y = the mean of three values.
function means(rows: number): Examples {
  const x = Float32Array.from({ length: rows * 3 }, (_, i) => ((i * 7) % 11) / 11);
  const y = Float32Array.from(
    { length: rows },
    (_, i) => (x[3 * i] + x[3 * i + 1] + x[3 * i + 2]) / 3,
  );
  return { x: { data: x, shape: [rows, 3, 1] }, y: { data: y, shape: [rows, 1] } };
}

const small = () => buildStockForecaster(3, { units: 4, seed: 1, learningRate: 0.02 });

async function epochsOf(seed: number): Promise<Epoch[]> {
  const model = small();
  const epochs: Epoch[] = [];
  await train(model, means(20), {
    epochs: 4,
    batchSize: 8,
    seed,
    validation: means(5),
    signal: never,
    onEpoch: (epoch) => epochs.push(epoch),
  });
  model.dispose();
  return epochs;
}

test("the loss falls, training and validation, over the epochs that were asked for", async () => {
  const epochs = await epochsOf(1);
  expect(epochs.map(({ epoch, steps }) => [epoch, steps])).toEqual([1, 2, 3, 4].map((n) => [n, 3]));
  expect(epochs[3].loss).toBeLessThan(epochs[0].loss / 2);
  expect(epochs[3].validationLoss!).toBeLessThan(epochs[0].validationLoss! / 2);
});

test("the same seed trains the same, another orders the examples otherwise", async () => {
  const losses = (epochs: Epoch[]) => epochs.map((epoch) => epoch.loss);
  expect(losses(await epochsOf(1))).toEqual(losses(await epochsOf(1)));
  expect(losses(await epochsOf(1))).not.toEqual(losses(await epochsOf(2)));
});

test("an epoch's steps and validation's steps are all counted and all reported", async () => {
  const model = small();
  const options = { epochs: 2, batchSize: 8, seed: 1, validation: means(9), signal: never };
  let steps = 0;
  await train(model, means(20), { ...options, onStep: () => steps++ });
  model.dispose();
  expect(steps).toBe(countSteps(means(20), options));
  expect(steps).toBe(2 * (3 + 2));
});

test("what a step is told are the epoch's means so far: the last one's are the epoch's", async () => {
  const model = small();
  const losses: number[] = [];
  const epochs: Epoch[] = [];
  await train(model, means(20), {
    ...{ epochs: 1, batchSize: 8, seed: 1, signal: never },
    onStep: ({ loss }) => losses.push(loss),
    onEpoch: (epoch) => epochs.push(epoch),
  });
  model.dispose();
  expect(losses.at(-1)).toBeAllclose(epochs[0].loss, { rtol: 1e-6 });
});

test("training stops after the batch in which it is aborted and reports the cut epoch", async () => {
  const model = small();
  const controller = new AbortController();
  const epochs: Epoch[] = [];
  let steps = 0;
  await train(model, means(40), {
    epochs: 50,
    batchSize: 8,
    seed: 1,
    validation: means(5),
    signal: controller.signal,
    onStep: () => {
      if (++steps === 9) controller.abort();
    },
    onEpoch: (epoch) => epochs.push(epoch),
  });
  model.dispose();
  // Five training batches and one of validation, then three more.
  expect(epochs.map(({ epoch, steps, plannedSteps }) => [epoch, steps, plannedSteps])).toEqual([
    [1, 5, 5],
    [2, 3, 5],
  ]);
  expect(epochs[1].loss).toBeGreaterThan(0);
  expect(epochs[1].validationLoss).toBeNull();
});

test("evaluating in uneven batches equals evaluating at once", async () => {
  const model = small();
  const { x, y } = means(10);
  const judged = await evaluate(model, { x, y }, 4, never);
  const whole = tf.tidy(() => {
    const tensors = [tf.tensor(x.data, x.shape), tf.tensor(y.data, y.shape)] as const;
    return (model.evaluate(...tensors, { batchSize: 10 }) as tf.Scalar).dataSync()[0];
  });
  const predicted = await predict(model, x, 3, never);
  const mse = predicted!.reduce((sum, p, i) => sum + (p - y.data[i]) ** 2, 0) / 10;
  model.dispose();
  expect(judged?.loss).toBeAllclose(whole, { rtol: 1e-5 });
  expect(judged?.loss).toBeAllclose(mse, { rtol: 1e-5 });
  expect(judged?.accuracy).toBeNull();
});

test("an aborted evaluation or prediction is no figure at all", async () => {
  const model = small();
  const aborted = AbortSignal.abort();
  expect(await evaluate(model, means(4), 2, aborted)).toBeNull();
  expect(await predict(model, means(4).x, 2, aborted)).toBeNull();
  model.dispose();
});

test("training, evaluating and predicting leave no tensor behind", async () => {
  await expectNoTensorLeak(async () => {
    const model = small();
    await train(model, means(12), {
      epochs: 1,
      batchSize: 5,
      seed: 1,
      validation: means(4),
      signal: never,
    });
    await predict(model, means(4).x, 3, never);
    model.dispose();
  });
});

test("sliceRows takes whole rows", () => {
  const { data, shape } = sliceRows({ data: Int32Array.of(1, 2, 3, 4, 5, 6), shape: [3, 2] }, 1, 3);
  expect([[...data], shape]).toEqual([
    [3, 4, 5, 6],
    [2, 2],
  ]);
});
