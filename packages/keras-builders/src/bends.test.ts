// Where a function bends, where numbers are equal and at the edges of a sequence, gradients are Keras's.
import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import {
  input,
  loadLayersModel,
  model as modelOf,
  type SymbolicTensor,
  layers as stock,
} from "@tensorflow/tfjs-layers";
import { beforeEach, describe, expect, test } from "vitest";
import { bentUp, largest, size } from "./bends.ts";
import { install } from "./install.ts";
import * as layers from "./layers/layers.ts";

type Layer = InstanceType<typeof stock.Layer>;

/** Of a layer that hands on what it gets. */
const ones = { units: 1, kernelInitializer: "ones" as const };

const on = (layer: Layer, x: SymbolicTensor): SymbolicTensor => layer.apply(x) as SymbolicTensor;

/** How a GRU behind a Masking is pulled by the largest of its outputs over time. */
function pulled(pool: Layer, steps: number[][]): Float32Array {
  const x = input({ shape: [steps.length, 2] });
  const gru = layers.gru({ units: 3, seed: 1, returnSequences: true });
  const model = modelOf({ inputs: x, outputs: on(pool, on(gru, on(layers.masking(), x))) });
  const { grads } = tf.variableGrads(
    () => tf.sum(model.apply(tf.tensor3d([steps])) as tf.Tensor) as tf.Scalar,
    [gru.weights[0]!.read() as tf.Variable],
  );
  return Object.values(grads)[0]!.dataSync<"float32">();
}

describe.each(["wasm", "cpu"])("on %s", (backend) => {
  beforeEach(async () => {
    await tf.setBackend(backend);
  });

  test("|x| has no slope at 0, and is no number where x is none", () => {
    const x = tf.tensor1d([-2, 0, 3, Number.NaN]);
    expect([...size(x).dataSync()]).toEqual([2, 0, 3, Number.NaN]);
    expect(tf.grad(size)(x).dataSync().slice(0, 3)).toBeAllclose([-1, 0, 1], { rtol: 0, atol: 0 });
  });

  test("max(x, 0) rises at 0 already", () => {
    const x = tf.tensor1d([-2, 0, 3]);
    expect([...bentUp(x).dataSync()]).toEqual([0, 0, 3]);
    expect([...tf.grad(bentUp)(x).dataSync()]).toEqual([0, 1, 1]);
  });

  test("equal largest ones have the gradient together", () => {
    const x = tf.tensor3d([1, 5, 3, 5, 3, 2, 0, 5, 3, 1, 1, 1], [2, 3, 2]);
    expect([...largest(x, 1).dataSync()]).toEqual([3, 5, 3, 5]);
    const dy = tf.tensor3d([6, 4, 8, 2], [2, 1, 2]);
    const dx = tf.grad((given) => largest(given, 1))(x, dy);
    expect([...dx.dataSync()]).toEqual([0, 2, 3, 2, 3, 0, 0, 2, 8, 0, 0, 0]);
    const all = tf.grad((given) => largest(given, [0, 1, 2]))(x);
    expect(all.dataSync()).toBeAllclose([0, 1, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0].map((n) => n / 3));
  });

  test.each([
    ["", layers],
    ["tf.layers' ", stock],
  ] as const)(
    "%sglobalMaxPooling1d: outputs that masked steps repeat pull no harder",
    (_, from) => {
      const steps = [
        [0.4, -0.2],
        [0.9, 0.7],
      ];
      const masked = [...steps, [0, 0], [0, 0], [0, 0]];
      const want = pulled(from.globalMaxPooling1d(), steps);
      expect(pulled(from.globalMaxPooling1d(), masked)).toBeAllclose(want, {
        rtol: 1e-5,
        atol: 1e-6,
      });
    },
  );

  test.each<[string, () => Layer]>([
    ["activation", () => layers.activation({ activation: "selu" })],
    ["dense", () => layers.dense({ ...ones, activation: "selu" })],
    ["simpleRNN", () => layers.simpleRNN({ ...ones, activation: "selu", returnSequences: true })],
    ["tf.layers' activation", () => stock.activation({ activation: "selu" })],
    ["tf.layers' dense", () => stock.dense({ ...ones, activation: "selu" })],
    [
      "timeDistributed, tf.layers' dense",
      () => stock.timeDistributed({ layer: stock.dense({ ...ones, activation: "selu" }) }),
    ],
  ])(
    "%s: selu's slope at 0 is that of above, in a model and in the model that its file gives",
    async (_, make) => {
      install();
      const given = input({ shape: [2, 1] });
      // Joined to a layer of ours.
      const made = modelOf({
        inputs: given,
        outputs: on(make(), on(layers.masking({ maskValue: 9 }), given)),
      });
      let file: tf.io.ModelArtifacts = {};
      const save = async (all: tf.io.ModelArtifacts) => {
        file = all;
        return { modelArtifactsInfo: {} as never };
      };
      await made.save({ save });
      const loaded = await loadLayersModel({ load: async () => file });
      for (const model of [made, loaded]) {
        const slope = tf.grad((x) => tf.sum(model.apply(x) as tf.Tensor))(tf.zeros([1, 2, 1]));
        expect(slope.dataSync().at(-1)).toBeCloseTo(1.0507009873554805, 6);
      }
    },
  );

  // Keras 3.15.1 on TensorFlow and on JAX, of windows that give 1, 2, 3, … times their largest.
  test.each([
    [2, 1, "same", [1, 2, 0, 7, 5, 0, 13, 8, 9]],
    [2, 2, "same", [1, 0, 0, 2, 3, 0, 4, 0, 5]],
    [2, 1, "valid", [1, 2, 0, 7, 5, 0, 13, 8, 0]],
    [3, 2, "same", [1, 0, 0, 5, 0, 0, 4, 5, 0]],
    [2, 2, "valid", [1, 0, 0, 2, 3, 0, 4, 0, 0]],
  ] as const)(
    "maxPooling1d of %i by %i, %s: the first of equal ones has the gradient, below 0 too",
    (poolSize, strides, padding, want) => {
      const pool = layers.maxPooling1d({ poolSize, strides, padding });
      const x = tf.tensor3d([1, 1, 1, 2, 2, 0, 2, -1, -1], [1, 9, 1]);
      const dx = tf.grad((given) => {
        const y = tf.reshape(pool.apply(given) as tf.Tensor, [-1]);
        return tf.sum(tf.mul(y, tf.range(1, y.size + 1)));
      })(x);
      expect([...dx.dataSync()]).toEqual(want);
    },
  );

  test("globalMaxPooling2d: equal ones of either order of axes pull together", () => {
    const x = tf.tensor4d([1, 2, 7, 3, 7, 0, 7, 4], [1, 2, 2, 2]);
    const pull = (pool: Layer, given: tf.Tensor) =>
      tf.grad((y) => tf.sum(pool.apply(y) as tf.Tensor))(given);
    const want = [0, 0, 1 / 3, 0, 1 / 3, 0, 1 / 3, 1];
    const last = pull(layers.globalMaxPooling2d({ dataFormat: "channelsLast" }), x);
    expect(last.dataSync()).toBeAllclose(want);
    const first = pull(
      layers.globalMaxPooling2d({ dataFormat: "channelsFirst" }),
      tf.transpose(x, [0, 3, 1, 2]),
    );
    expect(tf.transpose(first, [0, 2, 3, 1]).dataSync()).toBeAllclose(want);
  });

  test.each([
    [5, 2, 1],
    [5, 3, 2],
    [4, 4, 1],
    [3, 2, 2],
  ])(
    "averagePooling1d of %i steps by %i, every %i, padded: its gradient is that of its numbers",
    (T, poolSize, strides) => {
      const pool = layers.averagePooling1d({ poolSize, strides, padding: "same" });
      const run = (x: tf.Tensor) => pool.apply(x) as tf.Tensor;
      // Linear: a column of the gradient is what a step alone gives.
      const each = run(tf.reshape(tf.eye(T), [T, T, 1]));
      const dy = tf.sin(tf.range(0, each.shape[1]!));
      const dx = tf.grad((x) => tf.sum(tf.mul(tf.reshape(run(x), [-1]), dy)))(tf.ones([1, T, 1]));
      const want = tf.dot(tf.reshape(each, [T, -1]), dy);
      expect(dx.dataSync()).toBeAllclose(want.dataSync());
    },
  );

  test.each(["channelsLast", "channelsFirst"] as const)(
    "averagePooling2d, padded, %s: the same",
    (dataFormat) => {
      const pool = layers.averagePooling2d({
        ...{ poolSize: [2, 3], strides: [1, 2], padding: "same", dataFormat },
      });
      const shape = dataFormat === "channelsLast" ? [3, 4, 1] : [1, 3, 4];
      const run = (x: tf.Tensor) => pool.apply(x) as tf.Tensor;
      const each = run(tf.reshape(tf.eye(12), [12, ...shape]));
      const dy = tf.sin(tf.range(0, each.size / 12));
      const dx = tf.grad((x) => tf.sum(tf.mul(tf.reshape(run(x), [-1]), dy)))(
        tf.ones([1, ...shape]),
      );
      const want = tf.dot(tf.reshape(each, [12, -1]), dy);
      expect(dx.dataSync()).toBeAllclose(want.dataSync());
    },
  );
});
