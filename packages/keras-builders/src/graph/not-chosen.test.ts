// What a mask has not chosen gets no gradient, were that of what stands in its place NaN: Keras chooses in both passes.
import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import { sequential, type layers as stock } from "@tensorflow/tfjs-layers";
import { beforeEach, describe, expect, test } from "vitest";
import * as layers from "../layers/layers.ts";

type Layer = InstanceType<typeof stock.Layer>;

const steps = () => tf.randomUniform([1, 3, 2], 0.5, 1, "float32", 1);
const others = () => tf.randomUniform([1, 3, 2], 1.5, 2, "float32", 2);
const mask = (...kept: number[]) => tf.tensor([kept], undefined, "bool");

/** Gradients of inputs where that of the output is NaN at a step, else 1. */
function pulled(layer: Layer, inputs: tf.Tensor[], masks: tf.Tensor[], lost: number): number[][] {
  const given = (tensors: tf.Tensor[]) => (tensors.length > 1 ? tensors : tensors[0]!);
  const call = (...tensors: tf.Tensor[]) =>
    layer.call(given(tensors), { mask: given(masks) }) as tf.Tensor;
  layer.build(inputs.length > 1 ? inputs.map(({ shape }) => shape) : inputs[0]!.shape);
  const dy = tf.tidy(() => {
    const { shape } = call(...inputs);
    const isLost = tf.tensor(
      [0, 1, 2].map((t) => t === lost),
      [1, 3, 1],
      "bool",
    );
    return tf.where(isLost, tf.fill(shape, Number.NaN), tf.ones(shape));
  });
  return tf
    .grads(call)(inputs, dy)
    .map((d) => [...d.dataSync()]);
}

describe.each(["wasm", "cpu"])("on %s", (backend) => {
  beforeEach(() => tf.setBackend(backend).then(() => {}));

  test.each([
    ["multiply", () => layers.multiply()],
    ["maximum", () => layers.maximum()],
    ["minimum", () => layers.minimum()],
  ])("%s: the input that a step leaves out", (_, make) => {
    for (const isFirst of [true, false]) {
      const masks = [mask(1, 0, 1), mask(1, 1, 1)];
      const left = pulled(make(), [steps(), others()], isFirst ? masks : masks.reverse(), 1);
      const out = left[isFirst ? 0 : 1]!;
      expect(out.slice(2, 4)).toEqual([0, 0]);
      expect(out.some(Number.isNaN)).toBe(false);
    }
  });

  test("multiply: a step that no input keeps", () => {
    const masks = [mask(1, 0, 1), mask(1, 0, 1)];
    for (const d of pulled(layers.multiply(), [steps(), others()], masks, 1)) {
      expect(d.slice(2, 4)).toEqual([0, 0]);
      expect(d.some(Number.isNaN)).toBe(false);
    }
  });

  test("softmax: what it left out", () => {
    const [d] = pulled(
      layers.softmax({ axis: 1 }),
      [steps()],
      [tf.reshape(mask(1, 0, 1), [1, 3, 1])],
      1,
    );
    expect(d!.some(Number.isNaN)).toBe(false);
  });

  test("attention: a query that is masked", () => {
    const masks = [mask(1, 0, 1), mask(1, 1, 1)];
    for (const d of pulled(layers.attention(), [steps(), others()], masks, 1))
      expect(d.some(Number.isNaN)).toBe(false);
  });

  // The direction of an output of 0 has no gradient.
  test.each(["tanh", "mish"] as const)(
    "a masked GRU of %s learns before unitNormalization",
    async (activation) => {
      const model = sequential({
        layers: [
          layers.masking({ inputShape: [3, 2] }),
          layers.gru({
            units: 2,
            activation,
            seed: 1,
            returnSequences: true,
            zeroOutputForMask: true,
          }),
          layers.unitNormalization(),
        ],
      });
      model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
      const x = tf.mul(steps(), tf.tensor([0, 1, 0], [1, 3, 1]));
      const before = model.getWeights().map((w) => [...w.dataSync()]);
      await model.fit(x, others(), { epochs: 2 });
      const after = model.getWeights().map((w) => [...w.dataSync()]);
      expect(after).not.toEqual(before);
      expect(after.flat().every(Number.isFinite)).toBe(true);
    },
  );
});
