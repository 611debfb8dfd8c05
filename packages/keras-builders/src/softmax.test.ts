import { tolerances } from "@rnnkit/test-kit/tolerances";
import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-backend-wasm";
import { readFixture } from "@rnnkit/fixtures";
import * as tf from "@tensorflow/tfjs-core";
import { loadLayersModel, sequential } from "@tensorflow/tfjs-layers";
import { describe, expect, test } from "vitest";
import { wave } from "./keras-case.fixture.ts";
import { type Json, layerFrom, ours } from "./keras-json.fixture.ts";
import { gru, lstm, simpleRNN } from "./layers/layers.ts";

/** Of softmax.py, whose waves these are. */
const cases = readFixture("softmax.json") as {
  layer: Json;
  outputs: number[];
  gradients: number[][];
}[];
const [B, T, I, H] = [2, 3, 2, 3];
const { outputs: near, gradients: nearGradient } = tolerances.keras;

describe.each(["wasm", "cpu"])("on %s", (backend) => {
  test.each(
    cases.map((each) => [each.layer.class_name, JSON.stringify(each.layer.config), each] as const),
  )(
    "%s %s: Keras's outputs and gradients, under a mask",
    async (_, __, { layer: json, outputs, gradients }) => {
      await tf.setBackend(backend);
      const layer = layerFrom(ours, json);
      layer.build([B, T, I]);
      layer.setWeights(
        layer.weights.map(({ shape }, j) => tf.mul(2, wave(shape as number[], 0.7 + j / 10))),
      );
      const x = tf.variable(tf.mul(2, wave([B, T, I], 1.3)));
      const mask = tf.tensor([1, 0, 1, 0, 1, 1], [B, T], "bool");
      const weights = layer.trainableWeights.map((weight) => weight.read() as tf.Variable);
      let got: tf.Tensor | undefined;
      const { grads } = tf.variableGrads(() => {
        got = tf.keep([layer.call(x, { mask })].flat()[0]!);
        return tf.sum(tf.mul(got, tf.mul(2, wave([B, T, H], 0.9)))) as tf.Scalar;
      }, [x, ...weights]);
      expect(got!.dataSync()).toBeAllclose(outputs, near);
      for (const [i, { name }] of [x, ...weights].entries()) {
        expect(grads[name]!.dataSync()).toBeAllclose(gradients[i]!, nearGradient);
      }
    },
  );
});

test.each([
  ["simpleRNN", () => simpleRNN({ units: 3, activation: "softmax", inputShape: [4, 2] })],
  ["lstm", () => lstm({ units: 3, recurrentActivation: "log_softmax", inputShape: [4, 2] })],
  [
    "gru, which tfjs loads",
    () => gru({ units: 3, activation: "logSoftmax", resetAfter: false, inputShape: [4, 2] }),
  ],
])(
  "%s: a saved model names it as tfjs does, and tfjs's own layers give its numbers",
  async (_, make) => {
    const model = sequential({ layers: [make()] });
    const stock = await loadLayersModel(
      {
        load: async () => ({
          modelTopology: model.toJSON(undefined, false) as object,
          weightSpecs: [],
          weightData: new ArrayBuffer(0),
        }),
      },
      { strict: false },
    );
    stock.setWeights(model.getWeights());
    const x = wave([2, 4, 2], 1.1);
    const [got, expected] = [model, stock].map((each) => (each.predict(x) as tf.Tensor).dataSync());
    expect(got).toBeAllclose(expected!, { atol: 1e-6 });
  },
);
