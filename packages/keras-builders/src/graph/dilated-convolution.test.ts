// Convolutions over steps that lie apart: what they give, and that they train.

import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import { sequential } from "@tensorflow/tfjs-layers";
import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { adam, layers, setRandomSeed } from "../index.ts";

const normal = (shape: number[], seed: number) => tf.randomNormal(shape, 0, 1, "float32", seed);

describe.each(["wasm", "cpu"])("on %s", (backend) => {
  test("conv1d with a dilationRate is one whose kernel has zeros between its steps, and so is its gradient", async () => {
    await tf.setBackend(backend);
    const size = (min: number, max: number) => fc.integer({ min, max });
    const drawn = fc
      .record({
        ...{ B: size(1, 3), T: size(1, 9), I: size(1, 3), filters: size(1, 3), k: size(1, 3) },
        ...{ d: size(2, 3), useBias: fc.boolean(), seed: fc.nat() },
        padding: fc.constantFrom("valid" as const, "same" as const, "causal" as const),
        activation: fc.constantFrom(undefined, "tanh" as const),
      })
      .filter(({ T, k, d, padding }) => padding !== "valid" || T > (k - 1) * d);
    fc.assert(
      fc.property(drawn, ({ B, T, I, filters, k, d, seed, ...options }) => {
        tf.tidy(() => {
          const spread = (k - 1) * d + 1;
          const dilated = layers.conv1d({ filters, kernelSize: k, dilationRate: d, ...options });
          const full = layers.conv1d({ filters, kernelSize: spread, ...options });
          const x = normal([B, T, I], seed);
          const on = (layer: typeof full) => (given: tf.Tensor) => layer.apply(given) as tf.Tensor;
          for (const layer of [dilated, full]) on(layer)(x);
          const bias = options.useBias ? [normal([filters], seed + 1)] : [];
          const kernel = normal([k, I, filters], seed + 2);
          const each = tf.reshape(kernel, [k, 1, I, filters]);
          const between = tf.pad(each, [
            [0, 0],
            [0, d - 1],
            [0, 0],
            [0, 0],
          ]);
          const stuffed = tf.slice(tf.reshape(between, [k * d, I, filters]), 0, spread);
          dilated.setWeights([kernel, ...bias]);
          full.setWeights([stuffed, ...bias]);
          const near = { rtol: 1e-4, atol: 1e-5 };
          const [got, want] = [dilated, full].map((layer) => on(layer)(x));
          expect(got!.shape).toEqual(want!.shape);
          expect(dilated.computeOutputShape([B, T, I])).toEqual(want!.shape);
          expect(got!.dataSync()).toBeAllclose(want!.dataSync(), near);
          const dy = normal(want!.shape, seed + 3);
          const [dx, wanted] = [dilated, full].map((layer) => tf.grad(on(layer))(x, dy));
          expect(dx!.dataSync()).toBeAllclose(wanted!.dataSync(), near);
          const [slope, all] = [dilated, full].map((layer) => {
            const variable = layer.weights[0]!.read() as tf.Variable;
            const cost = () => tf.sum(tf.mul(on(layer)(x), dy)) as tf.Scalar;
            return tf.variableGrads(cost, [variable]).grads[variable.name]!;
          });
          const kept = tf.gather(all!, tf.mul(tf.range(0, k, 1, "int32"), tf.scalar(d, "int32")));
          expect(slope!.dataSync()).toBeAllclose(kept.dataSync(), near);
        });
      }),
    );
  });

  test("a conv1d with a dilationRate is hooked and costs what it gives, and with strides is refused", async () => {
    await tf.setBackend(backend);
    const args = { filters: 2, kernelSize: 2, dilationRate: 2, activityRegularizer: "l2" } as const;
    const layer = layers.conv1d(args);
    const hook = vi.fn();
    layer.setCallHook(hook);
    const x = normal([2, 5, 3], 1);
    let y = tf.zeros([0]);
    const { value } = tf.valueAndGrad((given: tf.Tensor) => {
      y = tf.keep(layer.apply(given) as tf.Tensor);
      return tf.addN(layer.calculateLosses()) as tf.Scalar;
    })(x);
    expect(hook).toHaveBeenCalledTimes(1);
    // Keras's l2 of 0.01, over the batch.
    const cost = tf.div(tf.mul(0.01, tf.sum(tf.square(y))), 2);
    expect(value.dataSync()).toBeAllclose(cost.dataSync(), { rtol: 1e-5, atol: 0 });
    const strided = layers.conv1d({ ...args, strides: 2 });
    expect(() => strided.apply(x)).toThrow(/stride/i);
  });

  test("a stack of causal convolutions, each twice as far apart, trains", async () => {
    await tf.setBackend(backend);
    setRandomSeed(1);
    const model = sequential({
      layers: [1, 2, 4].map((dilationRate, k) =>
        layers.conv1d({
          ...{ filters: 4, kernelSize: 2, padding: "causal", dilationRate, activation: "tanh" },
          ...(k === 0 ? { inputShape: [16, 1] } : {}),
        }),
      ),
    });
    model.add(layers.dense({ units: 1 }));
    model.compile({ optimizer: adam({ learningRate: 0.02 }), loss: "meanSquaredError" });
    const x = normal([32, 16, 1], 1);
    // What came five steps before.
    const y = tf.concat([tf.zeros([32, 5, 1]), tf.slice(x, [0, 0, 0], [32, 11, 1])], 1);
    const { history } = await model.fit(x, y, { epochs: 60, verbose: 0, shuffle: false });
    const [first, last] = [history.loss!.at(0) as number, history.loss!.at(-1) as number];
    expect(last).toBeLessThan(first / 2);
  });
});
