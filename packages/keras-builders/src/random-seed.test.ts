import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-backend-wasm";
import { setThreads } from "@rnnkit/fused-rnn";
import * as tf from "@tensorflow/tfjs-core";
import { type History, initializers, type LayersModel, sequential } from "@tensorflow/tfjs-layers";
import { afterEach, expect, test } from "vitest";
import { adam, buildLstmForecaster, layers, setRandomSeed } from "./index.ts";

const x = () => tf.sin(tf.reshape(tf.range(0, 17 * 6 * 2), [17, 6, 2]));
const y = () => tf.cos(tf.reshape(tf.range(0, 17), [17, 1]));

/** Every layer that draws something. */
function everyRandomLayer(): LayersModel {
  const recurrent = { dropout: 0.2, recurrentDropout: 0.2, returnSequences: true };
  const model = sequential({
    layers: [
      layers.timeDistributed({ layer: layers.dense({ units: 4 }), inputShape: [6, 2] }),
      layers.bidirectional({ layer: layers.lstm({ units: 3, ...recurrent }) }),
      layers.rnn({ cell: layers.gruCell({ units: 4, dropout: 0.3 }), returnSequences: true }),
      layers.dropout({ rate: 0.2 }),
      layers.spatialDropout1d({ rate: 0.2 }),
      layers.gaussianNoise({ stddev: 0.1 }),
      layers.gaussianDropout({ rate: 0.1 }),
      layers.alphaDropout({ rate: 0.1 }),
      layers.simpleRNN({ units: 3, kernelInitializer: initializers.heNormal({}) }),
      layers.dense({ units: 1 }),
    ],
  });
  model.compile({ optimizer: adam({ learningRate: 0.01 }), loss: "meanSquaredError" });
  return model;
}

async function run(make: () => LayersModel): Promise<number[]> {
  const model = make();
  const fit = { epochs: 3, batchSize: 4, verbose: 0 as const, validationSplit: 0.2 };
  const { history }: History = await model.fit(x(), y(), fit);
  const weights = model.getWeights().flatMap((weight) => [...weight.dataSync()]);
  return [...(history.loss as number[]), ...(history.val_loss as number[]), ...weights];
}

afterEach(() => setRandomSeed(Math.floor(Math.random() * 2 ** 32)));

for (const backend of ["cpu", "wasm"]) {
  test(`after setRandomSeed fit repeats to the last bit on ${backend}, on any number of threads`, async () => {
    await tf.setBackend(backend);
    const runs: number[][] = [];
    for (const [seed, threads] of [
      [7, 1],
      [7, 2],
      [8, 2],
    ] as const) {
      setThreads(threads);
      setRandomSeed(seed);
      runs.push(await run(everyRandomLayer));
    }
    expect(runs[1]).toEqual(runs[0]);
    expect(runs[2]).not.toEqual(runs[0]);
    expect(runs[0]!.every(Number.isFinite)).toBe(true);
  });
}

test("a builder's seed repeats its weights, dropout and the order of the examples", async () => {
  const build = (seed: number) => () =>
    buildLstmForecaster(6, 2, 1, { units: [4, 4], dropout: [0.3, 0.3], seed });
  const first = await run(build(3));
  expect(await run(build(3))).toEqual(first);
  expect(await run(build(4))).not.toEqual(first);
});

test("two layers, and two directions, draw different weights; a config holds no drawn seed", () => {
  setRandomSeed(1);
  const units = { units: 3, inputShape: [4, 2] };
  const [a, b] = [layers.gru(units), layers.gru(units)];
  const both = layers.bidirectional({ layer: layers.gru(units) });
  for (const layer of [a, b, both]) layer.build([null, 4, 2]);
  const kernels = [a, b, both.forwardLayer, both.backwardLayer].map((layer) =>
    layer.getWeights()[0]!.dataSync().toString(),
  );
  expect(new Set(kernels).size).toBe(4);
  expect(JSON.stringify(a.getConfig())).not.toMatch(/"seed":\d/);
});

test("an epoch takes every example once, in an order that changes", async () => {
  const seen: number[] = [];
  const model = sequential({ layers: [layers.dense({ units: 1, inputShape: [1] })] });
  const loss = (_: tf.Tensor, predicted: tf.Tensor) => tf.mean(tf.mul(predicted, 0), -1);
  model.compile({
    optimizer: adam(),
    loss,
    metrics: [
      (target: tf.Tensor) => {
        seen.push(...target.dataSync());
        return tf.scalar(0);
      },
    ],
  });
  const positions = tf.reshape(tf.range(0, 10), [10, 1]);
  await model.fit(positions, positions, { epochs: 3, batchSize: 3, verbose: 0 });
  const epochs = [0, 10, 20].map((at) => seen.slice(at, at + 10));
  for (const epoch of epochs)
    expect([...epoch].sort((p, q) => p - q)).toEqual([...Array(10).keys()]);
  expect(new Set(epochs.map(String)).size).toBe(3);
});

test.each([[-1], [1.5], [2 ** 32], [Number.NaN], ["7"], [undefined]])(
  "the seed %s is refused",
  (seed) => {
    expect(() => setRandomSeed(seed as number)).toThrow(
      "setRandomSeed: expected seed to be a whole number from 0 to below 2^32",
    );
  },
);
