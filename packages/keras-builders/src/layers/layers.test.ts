import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import type { layers as stock } from "@tensorflow/tfjs-layers";
import { expect, test, vi } from "vitest";
import * as layers from "./layers.ts";

type Layer = InstanceType<typeof stock.Layer>;

function built(layer: Layer, inputShape: (number | null)[]): Layer {
  layer.build(inputShape);
  return layer;
}

const shapes = (layer: Layer) => layer.getWeights().map(({ shape }) => shape);

test("layers carry Keras 3's defaults in their configs", () => {
  const glorotUniform = {
    className: "VarianceScaling",
    config: { mode: "fanAvg", distribution: "uniform", scale: 1 },
  };
  const orthogonal = { className: "Orthogonal", config: { gain: 1 } };
  const shared = {
    activation: "tanh",
    useBias: true,
    kernelInitializer: glorotUniform,
    recurrentInitializer: orthogonal,
    biasInitializer: { className: "Zeros" },
    dropout: 0,
    recurrentDropout: 0,
    returnSequences: false,
  };
  expect(layers.simpleRNN({ units: 2 }).getConfig()).toMatchObject(shared);
  expect(layers.gru({ units: 2 }).getConfig()).toMatchObject({
    ...shared,
    recurrentActivation: "sigmoid",
  });
  expect(layers.lstm({ units: 2 }).getConfig()).toMatchObject({
    ...shared,
    recurrentActivation: "sigmoid",
    unitForgetBias: true,
  });
  expect(layers.dense({ units: 2 }).getConfig()).toMatchObject({
    activation: "linear",
    kernelInitializer: glorotUniform,
  });
});

test("weights have Keras's shapes", () => {
  expect(shapes(built(layers.simpleRNN({ units: 4 }), [null, 5, 3]))).toEqual([
    [3, 4],
    [4, 4],
    [4],
  ]);
  expect(shapes(built(layers.lstm({ units: 4 }), [null, 5, 3]))).toEqual([[3, 16], [4, 16], [16]]);
  expect(shapes(built(layers.gru({ units: 4 }), [null, 5, 3]))).toEqual([
    [3, 12],
    [4, 12],
    [2, 12],
  ]);
  const both = layers.bidirectional({ layer: layers.lstm({ units: 4 }) });
  const one = [[3, 16], [4, 16], [16]];
  expect(shapes(built(both, [null, 5, 3]))).toEqual([...one, ...one]);
  expect(shapes(built(layers.embedding({ inputDim: 7, outputDim: 3 }), [null, 5]))).toEqual([
    [7, 3],
  ]);
  expect(shapes(built(layers.dense({ units: 2 }), [null, 3]))).toEqual([[3, 2], [2]]);
});

test("a new LSTM: glorot uniform kernel, orthonormal rows of U, forget bias 1", () => {
  const [kernel, recurrent, bias] = built(layers.lstm({ units: 8, seed: 1 }), [null, 5, 3])
    .getWeights()
    .map((w) => w as tf.Tensor2D);
  // √(6 / (fanIn + fanOut)) with fanIn 3 and fanOut 32.
  const limit = Math.sqrt(6 / 35);
  const largest = tf.max(tf.abs(kernel!)).dataSync()[0]!;
  expect(largest).toBeLessThanOrEqual(limit);
  expect(largest).toBeGreaterThan(0.9 * limit);
  expect(tf.matMul(recurrent!, recurrent!, false, true).dataSync()).toBeAllclose(
    tf.eye(8).dataSync(),
    { atol: 1e-6 },
  );
  expect(Array.from(bias!.dataSync())).toEqual([0, 1, 0, 0].flatMap((b) => Array(8).fill(b)));
});

test("a new Embedding is uniform in ±0.05", () => {
  const [table] = built(layers.embedding({ inputDim: 100, outputDim: 8, seed: 2 }), [
    null,
    5,
  ]).getWeights();
  const values = table!.dataSync();
  expect(Math.max(...values)).toBeLessThanOrEqual(0.05);
  expect(Math.min(...values)).toBeGreaterThanOrEqual(-0.05);
  expect(Math.max(...values) - Math.min(...values)).toBeGreaterThan(0.09);
});

test("equal seeds give equal weights, none and others give different ones", () => {
  const weights = (seed?: number) =>
    built(layers.gru({ units: 3, seed }), [null, 4, 2])
      .getWeights()
      .flatMap((w) => Array.from(w.dataSync()));
  expect(weights(5)).toEqual(weights(5));
  expect(weights(5)).not.toEqual(weights(6));
  expect(weights()).not.toEqual(weights());
});

test("large recurrent matrices are made without tfjs's slow QR and its warning", () => {
  const warn = vi.spyOn(console, "warn");
  const both = layers.bidirectional({ layer: layers.lstm({ units: 128 }) });
  const recurrent = built(both, [null, 2, 1]).getWeights()[4] as tf.Tensor2D;
  expect(tf.matMul(recurrent, recurrent, false, true).dataSync()).toBeAllclose(
    tf.eye(128).dataSync(),
    { atol: 1e-5 },
  );
  expect(warn.mock.calls.flat().filter((line) => /Orthogonal/.test(line))).toEqual([]);
  warn.mockRestore();
});

test("recurrentInitializer 'orthogonal' is the fast one too, any other is yours", () => {
  const warn = vi.spyOn(console, "warn");
  built(layers.gru({ units: 64, recurrentInitializer: "orthogonal" }), [null, 2, 1]);
  expect(warn.mock.calls.flat().filter((line) => /Orthogonal/.test(line))).toEqual([]);
  warn.mockRestore();
  const zeros = built(layers.gru({ units: 2, recurrentInitializer: "zeros" }), [null, 2, 1]);
  expect(
    zeros
      .getWeights()[1]!
      .dataSync()
      .every((x) => x === 0),
  ).toBe(true);
});

test("activation null means none: h′ = x·W + h·U + b", () => {
  const layer = layers.simpleRNN({ units: 1, activation: null, inputShape: [2, 1] });
  layer.apply(tf.zeros([1, 2, 1]));
  layer.setWeights([tf.tensor2d([[3]]), tf.tensor2d([[2]]), tf.tensor1d([10])]);
  // 3·1 + 10 = 13, then 3·5 + 2·13 + 10 = 51.
  expect((layer.apply(tf.tensor3d([1, 5], [1, 2, 1])) as tf.Tensor).dataSync()[0]).toBe(51);
});

test("an option given as undefined is one not given", () => {
  const config = layers
    .lstm({ units: 2, activation: undefined, unitForgetBias: undefined })
    .getConfig();
  expect(config).toMatchObject({ activation: "tanh", unitForgetBias: true });
});

test("dropout: 0 or x / (1 - rate) in training, x otherwise", () => {
  const layer = layers.dropout({ rate: 0.25, seed: 3 });
  const x = tf.ones([100, 100]);
  const dropped = layer.apply(x, { training: true }) as tf.Tensor;
  const kept = dropped.dataSync().filter((v) => v !== 0);
  expect(kept.every((v) => v === Math.fround(1 / 0.75))).toBe(true);
  // 10,000 draws: 5 standard deviations are 5·√(0.25·0.75/10⁴) ≈ 0.022.
  expect(Math.abs(kept.length / 10_000 - 0.75)).toBeLessThan(0.022);
  expect((layer.apply(x) as tf.Tensor).dataSync()).toEqual(x.dataSync());
  expect(
    (layers.dropout({ rate: 1 }).apply(x, { training: true }) as tf.Tensor).dataSync(),
  ).toEqual(tf.zerosLike(x).dataSync());
  expect(() => layers.dropout({ rate: 1.1, name: "drop" })).toThrow(
    "drop: expected rate from 0 to 1, got 1.1",
  );
});

test("a seeded dropout repeats its sequence of masks, and no mask in it", () => {
  const masks = (seed?: number) => {
    const layer = layers.dropout({ rate: 0.5, seed });
    return [0, 1].map(() =>
      (layer.apply(tf.ones([50]), { training: true }) as tf.Tensor).arraySync(),
    );
  };
  const [first, second] = masks(7);
  expect(first).not.toEqual(second);
  expect(masks(7)).toEqual([first, second]);
  expect(masks(8)).not.toEqual([first, second]);
  expect(masks()).not.toEqual(masks());
});

test("the mask of padding passes through dropout", () => {
  const mask = tf.tensor2d([1, 0], [1, 2], "bool");
  expect(layers.dropout({ rate: 0.5 }).computeMask(tf.ones([1, 2]), mask)).toBe(mask);
});
