import { tolerances } from "@rnnkit/test-kit/tolerances";
import "@tensorflow/tfjs-backend-wasm";
import { engineMemory } from "@rnnkit/fused-rnn";
import { expectNoTensorLeak } from "@rnnkit/test-kit";
import * as tf from "@tensorflow/tfjs-core";
import {
  input,
  type LayersModel,
  regularizers,
  type SymbolicTensor,
  sequential,
  layers as stock,
  model as stockModel,
} from "@tensorflow/tfjs-layers";
import { beforeAll, expect, test } from "vitest";
import { ownLayerFrom } from "../options/layer-from.ts";
import * as layers from "./layers.ts";

beforeAll(() => tf.setBackend("wasm").then(() => {}));

type Layer = InstanceType<typeof stock.Layer>;
const [B, T, I, H] = [4, 5, 3, 2];
/** 0.5·sin(k·(j + 1)), element j, so that Keras can be given the same. */
const wave = (shape: number[], k: number) =>
  tf.tensor(
    Array.from({ length: tf.util.sizeFromShape(shape) }, (_, j) => 0.5 * Math.sin(k * (j + 1))),
    shape,
  );
const x = () => tf.mul(2, wave([B, T, I], 1.3));
const cost = () => regularizers.l1l2({ l1: 0.1, l2: 0.3 });
const alone = (layer: Layer) => sequential({ layers: [layer] });
const costly = { activityRegularizer: cost(), inputShape: [T, I] };
const of = { units: H, ...costly };

const cases: Record<string, { make: () => LayersModel; x?: () => tf.Tensor; y?: number[] }> = {
  LSTM: { make: () => alone(layers.lstm(of)) },
  "LSTM, all outputs": {
    make: () => alone(layers.lstm({ ...of, returnSequences: true })),
    y: [B, T, H],
  },
  "GRU, its state too": {
    make: () => {
      const inputs = input({ shape: [T, I] });
      const [y] = layers.gru({ ...of, returnState: true }).apply(inputs) as SymbolicTensor[];
      return stockModel({ inputs, outputs: y! });
    },
  },
  RNN: { make: () => alone(layers.rnn({ ...costly, cell: layers.simpleRNNCell({ units: H }) })) },
  SimpleRNN: { make: () => alone(layers.simpleRNN(of)) },
  Bidirectional: {
    make: () => {
      const { inputShape, ...args } = of;
      return alone(layers.bidirectional({ layer: layers.lstm(args), inputShape }));
    },
    y: [B, 2 * H],
  },
  "Bidirectional, its own": {
    make: () => alone(layers.bidirectional({ ...costly, layer: layers.lstm({ units: H }) })),
    y: [B, 2 * H],
  },
  TimeDistributed: {
    make: () => {
      const layer = layers.dense({ units: H, kernelRegularizer: cost() });
      return alone(layers.timeDistributed({ ...costly, layer }));
    },
    y: [B, T, H],
  },
  Embedding: {
    make: () =>
      sequential({
        layers: [
          layers.embedding({ inputDim: 4, outputDim: H, activityRegularizer: cost() }),
          layers.lstm({ units: H, kernelRegularizer: cost() }),
        ],
      }),
    x: () => tf.tensor2d([0, 1, 2, 3, 1, 1, 3, 0], [B, 2], "int32"),
  },
};

/*
 * The losses of Keras 3.15.1 on TensorFlow 2.21: `m.build(x.shape)`, weight j set to wave(0.7 + j/10),
 * `m.compile(SGD(0.1), "mse")`, then m.train_on_batch(x, wave(y, 0.9)) four times; every model as above
 * with activity_regularizer=L1L2(0.1, 0.3). Before the first step evaluate gives the first loss, too.
 * Keras 3.15's SimpleRNN takes the option and forgets it; RNN(SimpleRNNCell) does not.
 */
const losses: Record<string, number[]> = {
  LSTM: [0.1808369755744934, 0.17709311842918396, 0.17355521023273468, 0.1702115386724472],
  "LSTM, all outputs": [
    0.4452981948852539, 0.4236624538898468, 0.40299713611602783, 0.38381266593933105,
  ],
  "GRU, its state too": [
    0.5614942312240601, 0.4346255362033844, 0.3417973816394806, 0.2771691083908081,
  ],
  RNN: [0.5866495966911316, 0.44876691699028015, 0.37506669759750366, 0.33338892459869385],
  SimpleRNN: [0.3587244153022766, 0.3209136128425598, 0.291757196187973, 0.26890838146209717],
  Bidirectional: [0.2858312427997589, 0.2777083218097687, 0.2697226107120514, 0.2618711590766907],
  "Bidirectional, its own": [
    0.2858312427997589, 0.2777083218097687, 0.2697226107120514, 0.2618711590766907,
  ],
  TimeDistributed: [
    3.3235809803009033, 1.1753252744674683, 0.45734649896621704, 0.21984374523162842,
  ],
  Embedding: [1.6048305034637451, 1.4256091117858887, 1.2672061920166016, 1.12794828414917],
};

function ready(make: () => LayersModel): LayersModel {
  const model = make();
  model.setWeights(model.getWeights().map(({ shape }, j) => wave(shape, 0.7 + 0.1 * j)));
  model.compile({ optimizer: tf.train.sgd(0.1), loss: "meanSquaredError" });
  return model;
}

test.each(Object.keys(cases))("%s: Keras's losses over four steps", async (name) => {
  const { make, x: given = x, y = [B, H] } = cases[name]!;
  const model = ready(make);
  const got: number[] = [];
  for (let step = 0; step < 4; step++) {
    got.push((await model.trainOnBatch(given(), wave(y, 0.9))) as number);
    // Neither a prediction nor a call by hand counts in the next step.
    tf.dispose(model.predict(given()));
    model.apply(given(), { training: true });
  }
  expect(got).toBeAllclose(losses[name]!, tolerances.keras.regularizedLosses);
});

test("a layer that stands twice in a model counts each output once, as in Keras", async () => {
  const model = ready(() => {
    const inputs = [input({ shape: [T, I] }), input({ shape: [T, I] })];
    const layer = layers.lstm({ units: H, activityRegularizer: cost() });
    const both = inputs.map((each) => layer.apply(each) as SymbolicTensor);
    return stockModel({ inputs, outputs: stock.add().apply(both) as SymbolicTensor });
  });
  const got: number[] = [];
  for (let step = 0; step < 4; step++) {
    got.push((await model.trainOnBatch([x(), tf.reverse(x(), 1)], wave([B, H], 0.9))) as number);
  }
  // Keras, as above, of Add()([l(a), l(b)]) for one LSTM l.
  const want = [0.396054744720459, 0.365214467048645, 0.3374737799167633, 0.3136201500892639];
  expect(got).toBeAllclose(want, tolerances.keras.regularizedLosses);
});

test("what counts in a TimeDistributed: its own, a model's in it step by step, its layer's never", () => {
  const own = (args: object = {}) => layers.dense({ units: H, seed: 1, ...args });
  const total = (layer: Layer, given: tf.Tensor) => {
    const outputs = layer.apply(given) as tf.Tensor;
    // Costs are told where a gradient is taken.
    const { value } = tf.variableGrads(() => {
      layer.apply(given);
      const l2 = tf.sum(tf.square(layer.trainableWeights[0]!.read()));
      return tf.addN([tf.mul(0, l2), ...layer.calculateLosses()]) as tf.Scalar;
    });
    return [value.dataSync()[0]!, tf.div(cost().apply(outputs), B).dataSync()[0]!] as const;
  };
  const [mine, wanted] = total(layers.timeDistributed({ ...costly, layer: own() }), x());
  expect(mine).toBeAllclose(wanted);
  const sequences = wave([B, T, 6, I], 1.1);
  const inner = layers.gru({ units: H, activityRegularizer: cost() });
  expect(total(layers.timeDistributed({ layer: inner }), sequences)[0]).toBe(0);
  const nested = alone(layers.gru({ ...of, inputShape: [6, I] }));
  const [inIt, whole] = total(layers.timeDistributed({ layer: nested }), sequences);
  expect(inIt).toBeAllclose(whole);
});

test.each([
  ["masking", () => layers.masking(costly)],
  ["dropout", () => layers.dropout({ rate: 0.5, ...costly })],
  ["identity", () => layers.identity(costly)],
  ["unitNormalization", () => layers.unitNormalization(costly)],
  ["zeroPadding1d", () => layers.zeroPadding1d(costly)],
  ["activation", () => layers.activation({ activation: "tanh", ...costly } as never)],
  ["globalMaxPooling1d", () => layers.globalMaxPooling1d(costly as never)],
] as [string, () => Layer][])(
  "outputs of %s cost what they cost, once, and its config says so",
  (_, make) => {
    const layer = make();
    const total = (of: Layer): number => {
      const model = alone(of);
      model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
      const y = model.predict(x()) as tf.Tensor;
      const [loss] = (model.evaluate(x(), y) as tf.Scalar).dataSync();
      expect(loss).toBeAllclose(tf.div(cost().apply(y), B).dataSync()[0]!);
      return loss!;
    };
    const loss = total(layer);
    const again = ownLayerFrom(layer.getClassName(), layer.getConfig(), {});
    if (again) expect(total(again)).toBe(loss);
    else
      expect(layer.getConfig().activityRegularizer).toEqual({
        className: "L1L2",
        config: { l1: 0.1, l2: 0.3 },
      });
  },
);

test("fit leaves nothing behind, in tfjs or in the engine, and needs no call in between", async () => {
  for (const name of Object.keys(cases)) {
    const { make, x: given = x, y = [B, H] } = cases[name]!;
    const model = ready(make);
    const data = [given(), wave(y, 0.9)] as const;
    await expectNoTensorLeak(async () => {
      await model.fit(...data, { epochs: 2, batchSize: 3, verbose: 0 });
      tf.dispose(model.predict(data[0]));
      tf.dispose(model.evaluate(...data));
    });
  }
  expect(engineMemory()).toEqual({ used: 0, pending: 0 });
});

test("a cost that nobody asks for goes with its pass, and costs nothing after it", () => {
  const model = ready(cases.LSTM!.make);
  const given = x();
  const before = tf.memory().numTensors;
  const kwargs = { training: true };
  for (let pass = 0; pass < 3; pass++) {
    const { value, grads } = tf.variableGrads(
      () => tf.sum(model.apply(given, kwargs) as tf.Tensor) as tf.Scalar,
    );
    tf.dispose([value, grads]);
    expect(tf.memory().numTensors).toBe(before);
  }
  const [cost] = model.layers[0]!.calculateLosses();
  expect(cost!.dataSync()[0]).toBe(0);
  cost!.dispose();
  const weights = model.weights.length;
  model.dispose();
  expect(tf.memory().numTensors).toBe(before - weights);
});

test("regularizers go by Keras's names and configs, and come back as Keras's", () => {
  const l2 = { className: "L1L2", config: { l1: 0, l2: 0.01 } };
  const l1 = { className: "L1L2", config: { l1: 0.5, l2: 0 } };
  const given = (activityRegularizer: unknown) =>
    layers.gru({ units: 1, activityRegularizer } as never).getConfig().activityRegularizer;
  expect(given("l2")).toEqual(l2);
  expect(given("L2")).toEqual(l2);
  expect(given({ className: "L1", config: { l1: 0.5 } })).toEqual(l1);
  expect(given(regularizers.l1({ l1: 0.5 }))).toEqual(l1);
  expect(given(null)).toBeNull();
  expect(() => given("l3")).toThrow("Unknown regularizer: l3");
});
