import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-backend-wasm";
import { expectNoTensorLeak } from "@rnnkit/test-kit";
import * as tf from "@tensorflow/tfjs-core";
import { sequential } from "@tensorflow/tfjs-layers";
import { beforeEach, describe, expect, test } from "vitest";
import * as layers from "./layers.ts";
import { MaskingLayer } from "./masking-layer.ts";

const { POSITIVE_INFINITY: inf, NaN: nan } = Number;

describe.each(["wasm", "cpu"])("on %s", (backend) => {
  beforeEach(() => tf.setBackend(backend).then(() => {}));

  test("a step is masked, and 0, if all its features have the value; one that differs keeps it", () => {
    const layer = layers.masking({ maskValue: 7 });
    const x = tf.tensor3d([7, 7, 1, 7, 0, 0, nan, 7], [1, 4, 2]);
    expect((layer.apply(x) as tf.Tensor).arraySync()).toEqual([
      [
        [0, 0],
        [1, 7],
        [0, 0],
        [nan, 7],
      ],
    ]);
    expect(layer.computeMask(x).arraySync()).toEqual([[0, 1, 1, 1]]);
    const whole = tf.tensor3d([7, 7, 2, 0], [1, 2, 2], "int32");
    expect((layer.apply(whole) as tf.Tensor).dtype).toBe("int32");
    expect(layers.masking().computeMask(x).arraySync()).toEqual([[1, 1, 0, 1]]);
  });

  test("what is masked may be infinite, and its gradient NaN: both become 0", () => {
    const layer = layers.masking({ maskValue: inf });
    const x = tf.tensor3d([inf, inf, 1, inf], [1, 2, 2]);
    expect((layer.apply(x) as tf.Tensor).arraySync()).toEqual([
      [
        [0, 0],
        [1, inf],
      ],
    ]);
    const dy = tf.tensor3d([nan, inf, 3, 4], [1, 2, 2]);
    const dx = tf.grad((given) => layer.apply(given) as tf.Tensor)(x, dy);
    expect(dx.arraySync()).toEqual([
      [
        [0, 0],
        [3, 4],
      ],
    ]);
  });

  test("a model behind it sees a shorter sequence, in training too, and leaves nothing", async () => {
    const [gru, dense] = [layers.gru({ units: 2, seed: 1 }), layers.dense({ units: 1, seed: 2 })];
    const model = sequential({
      layers: [layers.masking({ maskValue: -1, inputShape: [null, 2] }), gru, dense],
    });
    const short = tf.randomUniform([3, 4, 2], 0, 1, "float32", 4);
    const padded = tf.concat([tf.fill([3, 1, 2], -1), short, tf.fill([3, 2, 2], -1)], 1);
    const want = model.predict(short) as tf.Tensor;
    expect((model.predict(padded) as tf.Tensor).dataSync()).toBeAllclose(want.dataSync());
    model.compile({ optimizer: tf.train.sgd(0.1), loss: "meanSquaredError" });
    const y = tf.ones([3, 1]);
    const before = model.getWeights().map((w) => tf.clone(w));
    await expectNoTensorLeak(() => model.fit(padded, y, { verbose: 0 }).then(() => {}));
    model.setWeights(before);
    await model.trainOnBatch(padded, y);
    const trained = model.getWeights().map((w) => tf.clone(w));
    model.setWeights(before);
    await model.trainOnBatch(short, y);
    for (const [i, w] of model.getWeights().entries()) {
      expect(trained[i]!.dataSync()).toBeAllclose(w.dataSync());
    }
  });
});

test("its config is Keras's, and a value that is no number is refused", () => {
  const layer = layers.masking({ maskValue: 2, name: "hide" });
  expect(layer.getConfig()).toEqual({ name: "hide", trainable: true, maskValue: 2 });
  expect(() => layers.masking({ maskValue: "0" as never, name: "hide" })).toThrow(
    'hide: expected maskValue to be a number, got "0"',
  );
});

// As Keras's Masking(nan) becomes in tfjs-layers' own files.
test("a mask value that JSON has lost is refused, not taken for 0", () => {
  const config = layers.masking({ maskValue: nan, name: "hide" }).getConfig();
  const saved = JSON.parse(JSON.stringify(config)) as tf.serialization.ConfigDict;
  expect(() => MaskingLayer.fromConfig(MaskingLayer as never, saved)).toThrow(
    "hide: expected maskValue to be a number, got null",
  );
});
