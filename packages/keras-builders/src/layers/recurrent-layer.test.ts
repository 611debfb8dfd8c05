import { tolerances } from "@rnnkit/test-kit/tolerances";
import "@tensorflow/tfjs-backend-wasm";
import { seededRandom } from "@rnnkit/core-rnn";
import { engineMemory } from "@rnnkit/fused-rnn";
import { expectNoTensorLeak } from "@rnnkit/test-kit";
import * as tf from "@tensorflow/tfjs-core";
import {
  constraints,
  initializers,
  input,
  regularizers,
  type SymbolicTensor,
  sequential,
  layers as stock,
  model as stockModel,
} from "@tensorflow/tfjs-layers";
import { beforeAll, describe, expect, test } from "vitest";
import type { LstmArgs } from "../cells/cell-options.ts";
import { dropoutMasks } from "../cells/dropout-masks.ts";
import * as layers from "./layers.ts";
import type { RecurrentLayer } from "./recurrent-layer.ts";

beforeAll(async () => {
  await tf.setBackend("wasm");
});

const [B, T, I, H] = [3, 6, 2, 4];
const uniform = (shape: number[], seed: number) => tf.randomUniform(shape, -1, 1, "float32", seed);
const x = () => uniform([B, T, I], 7);
const same = tolerances.layers.calls;
const list = (y: unknown) => [y].flat() as tf.Tensor[];
const close = (got: tf.Tensor, want: tf.Tensor) => {
  expect(got.shape).toEqual(want.shape);
  expect(got.dataSync()).toBeAllclose(want.dataSync(), same);
};

const cells: Record<string, (args: LstmArgs) => RecurrentLayer> = {
  SimpleRNN: layers.simpleRNN,
  LSTM: layers.lstm,
  "GRU reset after": (args) => layers.gru(args),
  "GRU reset before": (args) => layers.gru({ ...args, resetAfter: false }),
};

describe.each(Object.entries(cells))("%s", (_, cell) => {
  const make = (args: Partial<LstmArgs> = {}) =>
    cell({
      units: H,
      seed: 3,
      biasInitializer: initializers.randomUniform({ minval: -1, maxval: 1, seed: 9 }),
      ...args,
    } as LstmArgs);
  const states = (layer: RecurrentLayer) =>
    Array.from({ length: layer.stateCount }, (_, i) => uniform([B, H], 20 + i));
  const time = (t: tf.Tensor, from: number, to: number) =>
    tf.slice(t, [0, from, 0], [-1, to - from, -1]);

  test("no state is the zero state, however the state is given", () => {
    const layer = make();
    const zero = states(layer).map((s) => tf.zerosLike(s));
    const alone = layer.apply(x()) as tf.Tensor;
    close(layer.apply([x(), ...zero]) as tf.Tensor, alone);
    close(layer.apply(x(), { initialState: zero }) as tf.Tensor, alone);
    const given = states(layer);
    const started = layer.apply([x(), ...given]) as tf.Tensor;
    close(layer.apply(x(), { initialState: given }) as tf.Tensor, started);
    expect(started.dataSync()).not.toBeAllclose(alone.dataSync(), { atol: 1e-3 });
  });

  test("the final h is the last output", () => {
    const [whole, h] = list(make({ returnSequences: true, returnState: true }).apply(x()));
    close(tf.reshape(time(whole!, T - 1, T), [B, H]), h!);
  });

  test("a stateful layer carries its state until it is reset, to zero or to one of yours", () => {
    const whole = make({ returnSequences: true }).apply(x()) as tf.Tensor;
    const layer = make({ returnSequences: true, stateful: true });
    const halves = () => [time(x(), 0, 3), time(x(), 3, T)].map((h) => layer.apply(h) as tf.Tensor);
    close(tf.concat(halves(), 1), whole);
    layer.resetStates();
    close(tf.concat(halves(), 1), whole);
    const given = states(layer);
    layer.resetStates(given);
    const plain = make();
    close(
      time(layer.apply(time(x(), 0, 1)) as tf.Tensor, 0, 1),
      tf.expandDims(plain.apply([time(x(), 0, 1), ...given]) as tf.Tensor, 1),
    );
  });

  test("with zeroOutputForMask masked outputs are 0, else the output before, 0 before the first", () => {
    const mask = tf.tile(tf.tensor2d([[0, 1, 0, 1, 1, 0]], [1, T], "bool"), [B, 1]);
    const zeroed = make({ returnSequences: true, zeroOutputForMask: true }).apply(x(), { mask });
    const kept = make({ returnSequences: true }).apply(x(), { mask }) as tf.Tensor;
    close(zeroed as tf.Tensor, tf.mul(kept, tf.reshape(tf.cast(mask, "float32"), [B, T, 1])));
    close(time(kept, 0, 1), tf.zeros([B, 1, H]));
    close(time(kept, 2, 3), time(kept, 1, 2));
    close(time(kept, 5, 6), time(kept, 4, 5));
  });

  test("a symbolic initial state makes a model of several inputs, which a config remakes", () => {
    const layer = make({ returnState: true });
    const inputs = [input({ shape: [T, I] }), ...states(layer).map(() => input({ shape: [H] }))];
    const [sequence, ...initialState] = inputs;
    const outputs = layer.apply(sequence!, { initialState }) as SymbolicTensor[];
    const model = stockModel({ inputs, outputs });
    const given = [x(), ...states(layer)];
    const got = list(model.predict(given));
    for (const [i, y] of list(layer.apply(given)).entries()) close(got[i]!, y);
    expect(JSON.parse(JSON.stringify(model.toJSON(null, false))).config.layers).toHaveLength(
      inputs.length + 1,
    );
  });

  test("its config makes it again", () => {
    const config = make({ dropout: 0.1, recurrentDropout: 0.2, goBackwards: true }).getConfig();
    expect(cell(JSON.parse(JSON.stringify(config))).getConfig()).toEqual(config);
  });

  test("regularizers are part of the loss, and of its gradient", async () => {
    const fitted = async (l2: number) => {
      const layer = make({
        kernelRegularizer: regularizers.l2({ l2 }),
        recurrentRegularizer: regularizers.l2({ l2 }),
        biasRegularizer: regularizers.l2({ l2 }),
        inputShape: [T, I],
      });
      const model = sequential({ layers: [layer] });
      model.compile({ optimizer: tf.train.sgd(0.1), loss: "meanSquaredError" });
      const before = model.getWeights().map((w) => w.clone());
      const loss = (await model.trainOnBatch(x(), tf.zeros([B, H]))) as number;
      return { before, loss, after: model.getWeights() };
    };
    const [free, held] = [await fitted(0), await fitted(0.5)];
    const squares = held.before.map((w) => tf.sum(tf.square(w)).dataSync()[0]!);
    expect(held.loss - free.loss).toBeAllclose(0.5 * squares.reduce((a, b) => a + b), {
      rtol: 1e-5,
    });
    // d(λ‖w‖²)/dw = 2λw, times the step 0.1.
    for (const [i, w] of held.after.entries())
      close(w, tf.sub(free.after[i]!, tf.mul(0.1, held.before[i]!)));
  });

  test("constraints hold after every step of every optimizer; weights that are set stay, as in Keras", async () => {
    for (const optimizer of ["sgd", "adam", "rmsprop"] as const) {
      const layer = make({
        kernelConstraint: "nonNeg",
        recurrentConstraint: constraints.nonNeg(),
        biasConstraint: "nonNeg",
        inputShape: [T, I],
      });
      const model = sequential({ layers: [layer] });
      model.compile({ optimizer, loss: "meanSquaredError" });
      const [input, target] = [x(), tf.fill([B, H], -1)];
      await expectNoTensorLeak(() => model.fit(input, target, { epochs: 2, verbose: 0 }));
      for (const w of model.getWeights()) expect(tf.min(w).dataSync()[0]).toBe(0);
      layer.setWeights(layer.getWeights().map((w) => tf.sub(w, 1)));
      expect(layer.getWeights().every((w) => tf.min(w).dataSync()[0] === -1)).toBe(true);
    }
  });

  test("in training the same seed drops the same, every call something else; inference nothing", () => {
    const dropping = () => make({ dropout: 0.4, recurrentDropout: 0.4 });
    const train = (layer: RecurrentLayer) =>
      (layer.apply(x(), { training: true }) as tf.Tensor).arraySync();
    const [a, b] = [dropping(), dropping()];
    const [first, second] = [train(a), train(a)];
    expect(first).not.toEqual(second);
    expect([train(b), train(b)]).toEqual([first, second]);
    close(a.apply(x()) as tf.Tensor, make().apply(x()) as tf.Tensor);
  });

  test("fit, predict and stateful batches leave nothing behind, in tfjs or in the engine", async () => {
    const options = { batchSize: B, verbose: 0 };
    const data = [x(), tf.zeros([B, H])] as const;
    for (const stateful of [false, true]) {
      const first = make({ stateful, returnSequences: true, batchInputShape: [B, T, I] });
      const model = sequential({ layers: [first, make({ dropout: 0.1, recurrentDropout: 0.1 })] });
      model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
      await expectNoTensorLeak(async () => {
        await model.fit(...data, { ...options, epochs: 5 });
        tf.dispose(model.predict(data[0], { batchSize: B }));
        if (stateful) model.resetStates();
      });
      model.dispose();
    }
    expect(engineMemory()).toEqual({ used: 0, pending: 0 });
  });

  test("disposing a stateful layer frees its states too", () => {
    const before = tf.memory().numTensors;
    tf.tidy(() => {
      const layer = make({ stateful: true });
      layer.apply(x());
      layer.dispose();
    });
    expect(tf.memory().numTensors).toBe(before);
  });
});

test("one mask for all gates with dropout, one for each with recurrentDropout, never any other value", () => {
  const shape = { dropout: 0.25, recurrentDropout: 0, B: 40, I: 50, H: 60, G: 4 };
  const one = dropoutMasks(shape, seededRandom(1));
  expect(one.inputDropoutMask?.shape).toEqual([40, 50]);
  expect(one.recurrentDropoutMask).toBeUndefined();
  const each = dropoutMasks({ ...shape, recurrentDropout: 0.5 }, seededRandom(1));
  expect(each.inputDropoutMask?.shape).toEqual([4, 40, 50]);
  expect(each.recurrentDropoutMask?.shape).toEqual([4, 40, 60]);
  const values = each.recurrentDropoutMask!.dataSync<"float32">();
  expect(new Set(values)).toEqual(new Set([0, 2]));
  // 9,600 draws: 5 standard deviations of their mean, 1, are 5/√9600 ≈ 0.051.
  expect(Math.abs(values.reduce((a, b) => a + b) / values.length - 1)).toBeLessThan(0.051);
  const simple = dropoutMasks({ ...shape, G: 1, recurrentDropout: 0.5 }, seededRandom(1));
  expect(simple.recurrentDropoutMask?.shape).toEqual([40, 60]);
});

test("rate 1 drops nothing in a layer with gates and everything in a SimpleRNN, as in Keras", () => {
  const shape = { dropout: 1, recurrentDropout: 1, B: 2, I: 2, H: 2 };
  expect(dropoutMasks({ ...shape, G: 3 }, seededRandom(1))).toEqual({});
  const { inputDropoutMask } = dropoutMasks({ ...shape, G: 1 }, seededRandom(1));
  expect(Array.from(inputDropoutMask!.dataSync())).toEqual([0, 0, 0, 0]);
});

test("the mask of an Embedding reaches every recurrent layer until one ends it, and none behind", () => {
  const tokens = tf.tensor2d([[0, 3, 1, 2, 0, 0]], [1, 6], "int32");
  const short = tf.tensor2d([[3, 1, 2]], [1, 3], "int32");
  const model = sequential({
    layers: [
      layers.embedding({ inputDim: 4, outputDim: 2, maskZero: true }),
      layers.gru({ units: 3, returnSequences: true }),
      layers.lstm({ units: 3 }),
      // Six steps again, but none of the tokens'.
      stock.repeatVector({ n: 6 }),
      layers.simpleRNN({ units: 2, returnSequences: true }),
    ],
  });
  const [whole, cut] = [tokens, short].map((t) => model.predict(t) as tf.Tensor);
  close(whole!, cut!);
  const last = tf.slice(whole!, [0, 4, 0], [1, 1, 2]).dataSync();
  expect(tf.slice(whole!, [0, 5, 0], [1, 1, 2]).dataSync()).not.toEqual(last);
});

test("whole numbers are taken for features, and a mask of any type", () => {
  const layer = layers.lstm({ units: H });
  const counts = tf.tensor3d([1, 2, 3, 4], [1, 2, 2], "int32");
  close(layer.apply(counts) as tf.Tensor, layer.apply(tf.cast(counts, "float32")) as tf.Tensor);
  const [bool, float] = (["bool", "float32"] as const).map((dtype) =>
    layer.apply(counts, { mask: tf.tensor2d([[1, 0]], [1, 2], dtype) }),
  ) as tf.Tensor[];
  close(float!, bool!);
});

test("bad options, inputs and states are refused by name, and the next call works", () => {
  const at = { name: "cell" };
  const layer = layers.lstm({ units: H, ...at });
  const good = layer.apply(x()) as tf.Tensor;
  const state = tf.zeros([B, H]);
  const before = tf.memory().numTensors;
  const refusals: [() => unknown, string][] = [
    [
      () => layers.lstm({ units: 0, ...at }),
      "cell: expected units to be a whole number from 1, got 0",
    ],
    [
      () => layers.gru({ units: 1, dropout: 1.5, ...at }),
      "cell: expected dropout from 0 to 1, got 1.5",
    ],
    [
      () => layers.gru({ units: 1, activation: "softmaxx" as never, ...at }),
      "cell: expected activation to be one of tanh, ",
    ],
    [() => layer.apply(tf.zeros([B, I])), "cell: expected an input of shape [B, T, 2], got [3, 2]"],
    [
      () => layer.apply(tf.zeros([B, T, 5])),
      "cell: expected an input of shape [B, T, 2], got [3, 6, 5]",
    ],
    [() => layer.apply([x(), state]), "cell: expected 2 states (h, c), got 1"],
    [
      () => layer.apply([x(), state, tf.zeros([B, 1])]),
      "cell: expected a state c of shape [3, 4], got [3, 1]",
    ],
    [() => layer.resetStates(), "cell: expected a stateful layer to reset"],
    [
      () =>
        layers.lstm({ units: 1, stateful: true, inputShape: [T, I], ...at }).build([null, T, I]),
      "cell: expected a batch size for a stateful layer",
    ],
  ];
  for (const [call, message] of refusals)
    expect(() => tf.tidy(call as never), message).toThrow(message);
  const stateful = layers.gru({ units: H, stateful: true, ...at });
  stateful.apply(x());
  expect(() => stateful.apply(tf.zeros([B + 1, T, I]))).toThrow("shape [3, T, 2], got [4, 6, 2]");
  expect(() => stateful.resetStates(tf.zeros([1, H]))).toThrow(
    "state h of shape [3, 4], got [1, 4]",
  );
  expect(tf.memory().numTensors - before).toBeLessThan(12);
  close(layer.apply(x()) as tf.Tensor, good);
});
