// Keras's layers that tfjs-layers lacks: their numbers, their masks, and what they refuse.

import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import { input, loadLayersModel, model, type SymbolicTensor } from "@tensorflow/tfjs-layers";
import { describe, expect, test } from "vitest";
import { install } from "./install.ts";
import { inputsOf, madeOwn, ownFactories } from "./layers/factories.fixture.ts";
import * as layers from "./layers/layers.ts";

const x = () => tf.tensor3d([1, 2, 3, 4, 5, 6], [1, 3, 2]);
const run = (layer: { apply(x: never): unknown }, ...given: tf.Tensor[]) =>
  layer.apply((given.length > 1 ? given : given[0]) as never) as tf.Tensor;

test("zeroPadding1d, cropping1D and upSampling1d change the steps", () => {
  expect(run(layers.zeroPadding1d({ padding: [1, 0] }), x()).arraySync()).toEqual([
    [
      [0, 0],
      [1, 2],
      [3, 4],
      [5, 6],
    ],
  ]);
  expect(run(layers.cropping1D({ cropping: [0, 2] }), x()).arraySync()).toEqual([[[1, 2]]]);
  expect(run(layers.upSampling1d(), x()).arraySync()).toEqual([
    [
      [1, 2],
      [1, 2],
      [3, 4],
      [3, 4],
      [5, 6],
      [5, 6],
    ],
  ]);
  const both = [layers.zeroPadding1d({ padding: 2 }), layers.cropping1D({ cropping: 2 })] as const;
  expect(run(both[1], run(both[0], x())).arraySync()).toEqual(x().arraySync());
});

test("subtract, identity and unitNormalization", () => {
  const less = run(layers.subtract(), x(), tf.mul(x(), 3));
  expect([...less.dataSync()]).toEqual([-2, -4, -6, -8, -10, -12]);
  expect(run(layers.subtract(), x(), tf.ones([1, 2])).arraySync()).toEqual([
    [
      [0, 1],
      [2, 3],
      [4, 5],
    ],
  ]);
  expect(run(layers.identity(), x()).arraySync()).toEqual(x().arraySync());
  const unit = run(
    layers.unitNormalization(),
    tf.tensor2d([
      [3, 4],
      [0, 0],
    ]),
  );
  expect([...unit.dataSync()]).toBeAllclose([0.6, 0.8, 0, 0], { atol: 1e-6 });
  const whole = tf.square(run(layers.unitNormalization({ axis: [1, 2] }), x()));
  expect(tf.sum(whole).dataSync()[0]).toBeCloseTo(1, 6);
});

test("attention weighs values by softmax(q·kᵀ)", () => {
  const [q, v] = [tf.tensor3d([0, Math.log(3)], [1, 2, 1]), tf.tensor3d([1, 0], [1, 2, 1])];
  // Scores [0, 0] and [ln 3, 0].
  const got = run(layers.attention(), q, v).dataSync();
  expect([...got]).toBeAllclose([0.5, 0.75], { atol: 1e-6 });
  const keyed = run(layers.attention(), q, v, tf.mul(v, -1)).dataSync();
  expect([...keyed]).toBeAllclose([0.5, 0.25], { atol: 1e-6 });
});

describe("masks", () => {
  const tokens = () => tf.tensor2d([1, 2, 0, 3, 0, 0], [2, 3]);
  const embedding = layers.embedding({ inputDim: 4, outputDim: 2, maskZero: true });
  // A recurrent layer behind shows whether a mask arrives: its last kept output is not its last one.
  const arrives = (layer: { apply(x: never): unknown }) => {
    const behind = layers.simpleRNN({
      ...{ units: 1, zeroOutputForMask: true, returnSequences: true },
      biasInitializer: "ones",
    });
    const y = behind.apply(layer.apply(embedding.apply(tokens()) as never) as never) as tf.Tensor;
    return (y.arraySync() as number[][][])[1]!.some(([value]) => value === 0);
  };

  test("pass identity and unitNormalization, and end where the steps change", () => {
    expect([layers.identity(), layers.unitNormalization()].map(arrives)).toEqual([true, true]);
    const changing = [
      layers.zeroPadding1d(),
      layers.upSampling1d(),
      layers.cropping1D({ cropping: [0, 1] }),
    ];
    expect(changing.map(arrives)).toEqual([false, false, false]);
  });

  test("a step is kept behind subtract where one input keeps it, none where one has no mask", () => {
    const all = layers
      .embedding({ inputDim: 4, outputDim: 2, maskZero: true })
      .apply(tf.ones([2, 3])) as tf.Tensor;
    const minus = (other: tf.Tensor) => ({
      apply: (y: tf.Tensor) => layers.subtract().apply([y, other]),
    });
    expect(arrives(minus(embedding.apply(tokens()) as tf.Tensor) as never)).toBe(true);
    expect(arrives(minus(all) as never)).toBe(false);
    expect(arrives(minus(tf.ones([2, 3, 2])) as never)).toBe(false);
  });
});

test.each(ownFactories)(
  "%s: built, saved by tfjs and loaded after install() is the same",
  async (factory) => {
    install();
    const symbols = inputsOf(factory).map((shape) => input({ shape }));
    const output = madeOwn(factory).apply(
      symbols.length > 1 ? symbols : symbols[0]!,
    ) as SymbolicTensor;
    const built = model({ inputs: symbols, outputs: output });
    let saved: tf.io.ModelArtifacts | undefined;
    await built.save({
      async save(artifacts) {
        saved = artifacts;
        return { modelArtifactsInfo: {} as never };
      },
    });
    const loaded = await loadLayersModel({ load: async () => saved! });
    expect(loaded.layers.at(-1)!.getConfig()).toEqual(built.layers.at(-1)!.getConfig());
    const given = inputsOf(factory).map((shape, i) =>
      tf.randomUniform([2, ...shape], -1, 1, "float32", i),
    );
    const predicted = [built, loaded].map((each) => [
      ...(each.predict(given.length > 1 ? given : given[0]!) as tf.Tensor).dataSync(),
    ]);
    expect(predicted[1]).toEqual(predicted[0]);
  },
);

test.each<[string, () => unknown, RegExp]>([
  ["padding", () => layers.zeroPadding1d({ padding: -1 }), /expected padding to be a whole number/],
  ["cropping", () => layers.cropping1D({ cropping: [1, 2, 3] as never }), /expected cropping/],
  ["no step left", () => run(layers.cropping1D({ cropping: 2 }), x()), /more steps than the 4/],
  ["size", () => layers.upSampling1d({ size: 0 }), /expected size to be a whole number from 1/],
  ["an image", () => run(layers.zeroPadding1d(), tf.ones([1, 2, 2, 2])), /\[B, T, F\]/],
  ["three inputs", () => run(layers.subtract(), x(), x(), x()), /expected two inputs, got 3/],
  ["inputs of two sizes", () => run(layers.subtract(), x(), tf.ones([1, 2, 2])), /fit together/],
  ["axis", () => layers.unitNormalization({ axis: 0.5 }), /expected axis/],
  ["an axis that is not there", () => run(layers.unitNormalization({ axis: 3 }), x()), /within/],
  ["scoreMode", () => layers.attention({ scoreMode: "sum" as never }), /dot or concat/],
  ["dropout", () => layers.additiveAttention({ dropout: 1 }), /expected dropout/],
  ["one input", () => run(layers.attention(), x()), /\[query, value\] or/],
  ["other features", () => run(layers.attention(), x(), tf.ones([1, 3, 4])), /equal features/],
])("refused by name: %s", (_, make, message) => {
  expect(make).toThrow(message);
});
