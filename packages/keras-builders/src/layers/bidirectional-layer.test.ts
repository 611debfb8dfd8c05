import { tolerances } from "@rnnkit/test-kit/tolerances";
import "@tensorflow/tfjs-backend-wasm";
import { expectNoTensorLeak } from "@rnnkit/test-kit";
import * as tf from "@tensorflow/tfjs-core";
import {
  initializers,
  input,
  regularizers,
  type SymbolicTensor,
  sequential,
  model as stockModel,
} from "@tensorflow/tfjs-layers";
import { beforeAll, expect, test } from "vitest";
import type { LstmArgs } from "../cells/cell-options.ts";
import type { BidirectionalMergeMode } from "./bidirectional-layer.ts";
import * as layers from "./layers.ts";
import type { RecurrentLayer } from "./recurrent-layer.ts";

beforeAll(async () => {
  await tf.setBackend("wasm");
});

const [B, T, I, H] = [2, 5, 3, 4];
const x = () => tf.randomUniform([B, T, I], -1, 1, "float32", 5);
const list = (y: unknown) => [y].flat() as tf.Tensor[];
const close = (got: tf.Tensor, want: tf.Tensor) => {
  expect(got.shape).toEqual(want.shape);
  expect(got.dataSync()).toBeAllclose(want.dataSync(), tolerances.layers.calls);
};
const biasInitializer = initializers.randomUniform({ minval: -1, maxval: 1, seed: 9 });
/** Seeded, so that both copies in a Bidirectional have these weights too. */
const lstm = (args: Partial<LstmArgs> = {}) =>
  layers.lstm({ units: H, seed: 1, biasInitializer, ...args });

const merges: [BidirectionalMergeMode, (y: tf.Tensor, z: tf.Tensor) => tf.Tensor[]][] = [
  ["concat", (y, z) => [tf.concat([y, z], -1)]],
  ["sum", (y, z) => [tf.add(y, z)]],
  ["mul", (y, z) => [tf.mul(y, z)]],
  ["ave", (y, z) => [tf.mul(0.5, tf.add(y, z))]],
  [null, (y, z) => [y, z]],
];

test.each(merges)("mergeMode %s joins a forward and a backward layer", (mergeMode, merge) => {
  for (const returnSequences of [false, true]) {
    const both = layers.bidirectional({ layer: lstm({ returnSequences }), mergeMode });
    const y = lstm({ returnSequences }).apply(x()) as tf.Tensor;
    const z = lstm({ returnSequences, goBackwards: true }).apply(x()) as tf.Tensor;
    const want = merge(y, returnSequences ? tf.reverse(z, 1) : z);
    const got = list(both.apply(x()));
    expect(got).toHaveLength(want.length);
    for (const [i, w] of want.entries()) close(got[i]!, w);
    const shapes = [both.computeOutputShape([null, T, I])].flat(mergeMode === null ? 1 : 0);
    expect(shapes.map((shape) => (shape as number[]).slice(1))).toEqual(
      want.map(({ shape }) => shape.slice(1)),
    );
  }
});

test("read backwards, a bidirectional layer is itself with its halves exchanged", () => {
  const both = layers.bidirectional({ layer: lstm({ returnSequences: true }) });
  const [y, z] = tf.split(both.apply(x()) as tf.Tensor, 2, 2);
  const turned = both.apply(tf.reverse(x(), 1)) as tf.Tensor;
  close(tf.reverse(turned, 1), tf.concat([z!, y!], 2));
});

test("states go in and come out forward's first, symbolic ones too", () => {
  const given = [0, 1, 2, 3].map((i) => tf.randomUniform([B, H], -1, 1, "float32", i));
  const both = layers.bidirectional({ layer: lstm({ returnState: true }) });
  const [y, ...forward] = list(lstm({ returnState: true }).apply([x(), ...given.slice(0, 2)]));
  const [z, ...backward] = list(
    lstm({ returnState: true, goBackwards: true }).apply([x(), ...given.slice(2)]),
  );
  const want = [tf.concat([y!, z!], 1), ...forward, ...backward];
  for (const [i, got] of list(both.apply(x(), { initialState: given })).entries()) {
    close(got, want[i]!);
  }
  const inputs = [input({ shape: [T, I] }), ...given.map(() => input({ shape: [H] }))];
  const model = stockModel({ inputs, outputs: both.apply(inputs) as SymbolicTensor[] });
  for (const [i, got] of list(model.predict([x(), ...given])).entries()) close(got, want[i]!);
});

test("masked steps put out 0 and count for nothing; without sequences they are not there", () => {
  const mask = tf.tensor2d([1, 1, 1, 0, 0, 1, 1, 1, 0, 0], [B, T], "bool");
  const short = tf.slice(x(), [0, 0, 0], [B, 3, I]);
  for (const returnSequences of [false, true]) {
    const both = layers.bidirectional({ layer: lstm({ returnSequences }) });
    const want = both.apply(short) as tf.Tensor;
    const padded = returnSequences
      ? tf.pad(want, [
          [0, 0],
          [0, 2],
          [0, 0],
        ])
      : want;
    close(both.apply(x(), { mask }) as tf.Tensor, padded);
  }
});

test("a backwardLayer of its own reads backwards, with its own units, activation and name", () => {
  const backwardLayer = layers.gru({ units: 2, seed: 4, goBackwards: true, name: "back" });
  const both = layers.bidirectional({ layer: lstm(), backwardLayer, name: "both" });
  const z = layers.gru({ units: 2, seed: 4, goBackwards: true }).apply(x()) as tf.Tensor;
  close(both.apply(x()) as tf.Tensor, tf.concat([lstm().apply(x()) as tf.Tensor, z], 1));
  const [h, c, g] = [tf.ones([B, H]), tf.zeros([B, H]), tf.ones([B, 2])];
  const started = (layer: RecurrentLayer, state: tf.Tensor[]) =>
    layer.apply([x(), ...state]) as tf.Tensor;
  const back = layers.gru({ units: 2, seed: 4, goBackwards: true });
  close(
    both.apply([x(), h, c, g]) as tf.Tensor,
    tf.concat([started(lstm(), [h, c]), started(back, [g])], 1),
  );
  expect(both.getConfig()).toMatchObject({
    backwardLayer: { className: "GRU", config: { name: "back", units: 2 } },
  });
  expect(both.weights.map(({ originalName }) => originalName)).toContain("both/back/kernel");
});

test("a stateful one carries and resets both directions", () => {
  const both = layers.bidirectional({ layer: lstm({ stateful: true }) });
  const first = both.apply(x()) as tf.Tensor;
  expect((both.apply(x()) as tf.Tensor).dataSync()).not.toBeAllclose(first.dataSync());
  both.resetStates();
  close(both.apply(x()) as tf.Tensor, first);
});

test("trainable, regularizers and disposal reach both directions, and training leaves nothing", async () => {
  const kernelRegularizer = regularizers.l2({ l2: 1 });
  const layer = lstm({ kernelRegularizer });
  const both = layers.bidirectional({ layer, inputShape: [T, I] });
  const before = tf.memory().numTensors;
  const model = sequential({ layers: [both] });
  model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
  expect(both.losses).toHaveLength(2);
  const y = tf.zeros([B, 2 * H]);
  await expectNoTensorLeak(() => model.fit(x(), y, { epochs: 2, verbose: 0 }).then(() => {}), 0);
  both.trainable = false;
  expect([both.trainableWeights.length, both.nonTrainableWeights.length]).toEqual([0, 6]);
  both.trainable = true;
  expect(both.trainableWeights).toHaveLength(6);
  model.dispose();
  y.dispose();
  expect(tf.memory().numTensors).toBeLessThan(before + 3);
});

test("what does not fit together is refused", () => {
  const refused = (args: object, message: string) =>
    expect(() => layers.bidirectional({ layer: lstm(), name: "both", ...args })).toThrow(message);
  refused(
    { mergeMode: "max" },
    'both: expected mergeMode to be one of concat, sum, mul, ave, null, got "max"',
  );
  refused({ backwardLayer: lstm() }, "both: expected backwardLayer of another goBackwards");
  refused(
    { backwardLayer: lstm({ goBackwards: true, returnSequences: true }) },
    "both: expected backwardLayer of returnSequences false as layer, got true",
  );
  refused(
    { layer: layers.dense({ units: 1 }) },
    "both: expected layer to be a SimpleRNN, LSTM, GRU or RNN",
  );
  const both = layers.bidirectional({ layer: lstm(), name: "both" });
  expect(() => both.apply([x(), tf.zeros([B, H]), tf.zeros([B, H])])).toThrow(
    "both: expected 4 states, forward's and backward's, got 2",
  );
});

test.each([
  ["LSTM", () => layers.lstm({ units: 3, returnSequences: true })],
  ["GRU", () => layers.gru({ units: 3, resetAfter: false })],
  ["SimpleRNN", () => layers.simpleRNN({ units: 3, dropout: 0.5, recurrentDropout: 0.5 })],
  ["RNN of an LSTM cell", () => layers.rnn({ cell: layers.lstmCell({ units: 3 }) })],
] as const)(
  "both directions of %s are one operation, masked and in training too",
  async (_, make) => {
    const layer = layers.bidirectional({ layer: make() });
    const x = tf.randomNormal([2, 4, 3]);
    layer.apply(x);
    for (const kwargs of [{}, { training: true }, { mask: tf.ones([2, 4], "bool") }]) {
      const { kernelNames } = await tf.profile(() => layer.apply(x, kwargs) as tf.Tensor);
      expect(kernelNames.filter((name) => name.startsWith("Fused"))).toEqual([
        "FusedBidirectional",
      ]);
    }
  },
);

test("directions of two kinds are two operations", async () => {
  const layer = layers.bidirectional({
    layer: layers.lstm({ units: 3 }),
    backwardLayer: layers.gru({ units: 3, goBackwards: true }),
  });
  const x = tf.randomNormal([2, 4, 3]);
  layer.apply(x);
  const { kernelNames } = await tf.profile(() => layer.apply(x) as tf.Tensor);
  expect(kernelNames.filter((name) => name.startsWith("Fused"))).toEqual(["FusedLSTM", "FusedGRU"]);
});
