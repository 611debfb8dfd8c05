import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { layers } from "../index.ts";

type Layer = ReturnType<typeof layers.dense>;
const drawn = (layer: Layer, x: tf.Tensor): number[] => [
  ...(layer.apply(x, { training: true }) as tf.Tensor).dataSync(),
];
const makers: Record<string, (seed?: number) => Layer> = {
  spatialDropout1d: (seed) => layers.spatialDropout1d({ rate: 0.5, ...(seed && { seed }) }),
  gaussianNoise: () => layers.gaussianNoise({ stddev: 1 }),
  gaussianDropout: () => layers.gaussianDropout({ rate: 0.5 }),
  alphaDropout: () => layers.alphaDropout({ rate: 0.5 }),
};

test.each(Object.entries(makers))("%s draws anew in every batch, and nothing else", (_, make) => {
  const layer = make(5);
  const x = tf.ones([4, 3, 8]);
  expect(drawn(layer, x)).not.toEqual(drawn(layer, x));
  expect((layer.apply(x) as tf.Tensor).dataSync()).toEqual(x.dataSync());
});

test("a seed fixes the sequence of a spatial dropout, which takes a feature from all steps", () => {
  const [x, one, two] = [
    tf.ones([4, 3, 8]),
    makers.spatialDropout1d!(5),
    makers.spatialDropout1d!(5),
  ];
  for (let batch = 0; batch < 3; batch++) expect(drawn(one, x)).toEqual(drawn(two, x));
  const steps = tf.unstack(two.apply(x, { training: true }) as tf.Tensor, 1);
  for (const step of steps) expect(step.dataSync()).toEqual(steps[0]!.dataSync());
});

test("alphaDropout keeps mean and variance: what is dropped is where selu ends", () => {
  const [rate, low] = [0.3, -1.7580993408473766];
  const scale = ((1 - rate) * (1 + rate * low ** 2)) ** -0.5;
  const layer = layers.alphaDropout({ rate });
  const values = new Set(drawn(layer, tf.zeros([50, 40])).map((value) => value.toFixed(4)));
  const want = [-scale * low * rate, scale * low * (1 - rate)].map((value) => value.toFixed(4));
  expect([...values].sort()).toEqual(want.sort());
  const { mean, variance } = tf.moments(tf.tensor1d(drawn(layer, tf.randomNormal([40_000]))));
  expect(mean.dataSync()[0]).toBeCloseTo(0, 1);
  expect(variance.dataSync()[0]).toBeCloseTo(1, 1);
});
