import "@tensorflow/tfjs-backend-cpu";
import { expectNoTensorLeak } from "@rnnkit/test-kit";
import * as tf from "@tensorflow/tfjs-core";
import {
  model as functional,
  input,
  type LayersModel,
  type SymbolicTensor,
  sequential,
} from "@tensorflow/tfjs-layers";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { layers, setRandomSeed } from "../index.ts";

const [B, T, I] = [2, 3, 1];
const inputs = () => tf.tensor3d([0.1, 0.9, -0.4, 0.3, 0.2, 0.7], [B, T, I]);

/** Batches in a row, as tfjs-data would give them; each is made when it is asked for. */
const dataset = (...batches: (() => unknown)[]) => ({
  size: batches.length,
  async iterator() {
    const left = [...batches];
    return {
      async next() {
        const make = left.shift();
        return make ? { value: make(), done: false } : { value: null, done: true };
      },
    };
  },
});

type Loss = string | ((yTrue: tf.Tensor, yPred: tf.Tensor) => tf.Tensor);
function model(units: number, returnSequences: boolean, loss: Loss, steps: number | null = T) {
  const made = sequential({
    layers: [
      layers.lstm({ units: 2, seed: 1, returnSequences, inputShape: [steps as number, I] }),
      layers.dense({ units, activation: "softmax", seed: 2 }),
    ],
  });
  made.compile({ optimizer: "sgd", loss: loss as string });
  return made;
}

/** An output for one number, *p*, and one for a class of three, *q*, from inputs *a* and *b*. */
function double(metrics?: unknown): LayersModel {
  setRandomSeed(3);
  const [a, b] = ["a", "b"].map((name) => input({ shape: [T, I], name }));
  const outputs = [
    layers.dense({ units: 1, name: "p" }).apply(layers.lstm({ units: 2 }).apply(a!)),
    layers
      .dense({ units: 3, activation: "softmax", name: "q" })
      .apply(layers.lstm({ units: 2 }).apply(b!)),
  ] as SymbolicTensor[];
  const made = functional({ inputs: [a!, b!], outputs });
  const losses = { p: "mse", q: "sparse_categorical_crossentropy" };
  made.compile({ optimizer: "sgd", loss: losses as never, metrics: metrics as string[] });
  return made;
}
const pair = () => ({ a: inputs(), b: tf.tidy(() => tf.neg(inputs())) });
const p = () => tf.tensor2d([[0.5], [-1]]);
const q = () => tf.tensor2d([[2], [0]]);

const fit = (trained: LayersModel, data: unknown, options: object = {}) =>
  trained.fitDataset(data as never, { epochs: 1, verbose: 0, ...options });
const numbers = (values: tf.Scalar | tf.Scalar[]) =>
  [values].flat().map((value) => value.dataSync()[0]!);

/** A loss of predictions by hand; undefined for targets that it does not take. */
function lossByHand(loss: string, target: tf.Tensor, predicted: tf.Tensor): number | undefined {
  const [y, all] = [Array.from(target.dataSync()), Array.from(predicted.dataSync())];
  const width = predicted.shape.at(-1)!;
  const isClass = loss === "sparse_categorical_crossentropy";
  const whole = predicted.shape.join();
  const row = predicted.shape.slice(0, -1).join();
  const [given, withAxis] = [target.shape.join(), [...target.shape, 1].join()];
  const ofRows = `${row},1`;
  const taken = isClass
    ? [given, withAxis].includes(ofRows)
    : given === whole || (withAxis === whole && width === 1);
  if (!taken) return undefined;
  const each = isClass
    ? y.map((wanted, r) => {
        const own = all.slice(r * width, (r + 1) * width);
        return -Math.log(own[wanted]! / own.reduce((a, b) => a + b));
      })
    : all.map((value, i) => (loss === "mse" ? (value - y[i]!) ** 2 : Math.abs(value - y[i]!)));
  return each.reduce((a, b) => a + b) / each.length;
}

test("targets of any shape beside outputs of any other have Keras's loss, or are refused", async () => {
  const shapes = fc.tuple(
    fc.constantFrom(1, 3),
    fc.boolean(),
    fc.constantFrom("mse", "mae", "sparse_categorical_crossentropy"),
    fc.array(fc.constantFrom(1, 2, 3), { minLength: 0, maxLength: 3 }),
    fc.constantFrom(T, null),
  );
  await fc.assert(
    fc.asyncProperty(shapes, async ([units, isSequence, loss, rest, steps]) => {
      const tested = model(units, isSequence, loss, steps);
      const size = rest.reduce((a, b) => a * b, B);
      const values = Array.from({ length: size }, (_, i) => (i * 7) % units);
      const target = () => tf.tensor(values, [B, ...rest]);
      const predicted = tested.predict(inputs()) as tf.Tensor;
      const expected = lossByHand(loss, target(), predicted);
      const batches = dataset(() => ({ xs: inputs(), ys: target() }));
      if (expected === undefined) {
        const kept = tested.getWeights().map((weight) => weight.dataSync().join());
        for (const run of [fit(tested, batches), tested.evaluateDataset(batches as never, {})]) {
          await expect(run).rejects.toThrow(/expected targets of .*, got \[2/);
        }
        await expect((async () => tested.evaluate(inputs(), target()))()).rejects.toThrow();
        expect(tested.getWeights().map((weight) => weight.dataSync().join())).toEqual(kept);
      } else {
        const got = [await tested.evaluateDataset(batches as never, {})].flat();
        expect(numbers(got)[0]).toBeCloseTo(expected, 5);
        expect((await fit(tested, batches)).history.loss![0]).toBeCloseTo(expected, 5);
      }
    }),
    { numRuns: 40 },
  );
});

test("a loss of one's own takes targets of any shape", async () => {
  const own = (yTrue: tf.Tensor, yPred: tf.Tensor) => tf.add(tf.sum(yTrue), tf.mul(0, yPred));
  const { history } = await fit(
    model(3, false, own),
    dataset(() => ({ xs: inputs(), ys: tf.ones([B, 5]) })),
  );
  expect(history.loss).toEqual([10]);
});

test("beside a loss of one's own accuracy is of class numbers where the targets are some", async () => {
  const accuracy = async (loss: Loss, ys: () => tf.Tensor) => {
    const tested = model(3, true, loss);
    tested.compile({ optimizer: "sgd", loss: loss as string, metrics: ["accuracy"] });
    const data = dataset(() => ({ xs: inputs(), ys: ys() })) as never;
    return numbers(await tested.evaluateDataset(data, {}))[1];
  };
  const own = (_: tf.Tensor, yPred: tf.Tensor) => tf.mean(yPred, -1);
  const classes = () => tf.tensor2d([2, 1, 0, 1, 1, 2], [B, T]);
  const expected = await accuracy("sparse_categorical_crossentropy", classes);
  expect(expected).not.toBe(
    await accuracy("sparse_categorical_crossentropy", () => tf.zeros([B, T])),
  );
  expect(await accuracy(own, classes)).toBe(expected);
  expect(await accuracy(own, () => tf.expandDims(classes(), -1))).toBe(expected);
  expect(await accuracy(own, () => tf.oneHot(tf.cast(classes(), "int32"), 3))).toBe(expected);
});

describe("what a batch is, it has to be whole:", () => {
  const one = () => model(3, false, "mse");
  const ys = () => tf.ones([B, 3]);
  test.each<[string, () => LayersModel, () => unknown, string]>([
    [
      "other steps",
      one,
      () => ({ xs: tf.ones([B, 5, I]), ys: ys() }),
      "of shape [B, 3, 1], got [2, 5, 1]",
    ],
    ["other columns", one, () => ({ xs: tf.ones([B, T, 2]), ys: ys() }), "got [2, 3, 2]"],
    [
      "fewer targets",
      one,
      () => ({ xs: inputs(), ys: tf.ones([1, 3]) }),
      "expected 2 examples in xs and ys, got [1, 3]",
    ],
    [
      "no examples",
      one,
      () => ({ xs: tf.ones([0, T, I]), ys: tf.ones([0, 3]) }),
      "expected at least one example",
    ],
    [
      "a part that is none",
      one,
      () => ({ xs: inputs(), ys: ys(), sampleWeights: tf.ones([B]) }),
      "did you mean sampleWeight?",
    ],
    ["no targets", one, () => ({ xs: inputs() }), "expected ys to be a tensor of"],
    ["a pair", one, () => [inputs(), ys()], "such as { xs, ys } or { xs, ys, sampleWeight }"],
    [
      "one target more",
      double,
      () => ({ xs: pair(), ys: { p: p(), q: q(), r: p() } }),
      "one tensor for each of p, q, got r",
    ],
    [
      "an input more",
      double,
      () => ({ xs: { ...pair(), c: inputs() }, ys: [p(), q()] }),
      "for each of a, b, got c",
    ],
    [
      "a misspelt name",
      double,
      () => ({ xs: pair(), ys: { P: p(), q: q() } }),
      "got P; did you mean p?",
    ],
    ["a name less", double, () => ({ xs: pair(), ys: { q: q() } }), "got none of p"],
    ["one tensor for two", double, () => ({ xs: pair(), ys: p() }), "one tensor for each of p, q"],
    [
      "targets in each other's place",
      double,
      () => ({ xs: pair(), ys: [tf.ones([B, 3]), q()] }),
      "targets of p to be of shape [B, 1]",
    ],
    [
      "weights of others",
      one,
      () => ({ xs: inputs(), ys: ys(), sampleWeight: tf.ones([3]) }),
      "sampleWeight of 2 numbers",
    ],
  ])("%s", async (_, make, batch, message) => {
    const made = make();
    await expectNoTensorLeak(async () => {
      await expect(fit(made, dataset(batch))).rejects.toThrow(message);
      const evaluated = made.evaluateDataset(dataset(batch) as never, {});
      await expect(evaluated).rejects.toThrow(message);
    });
  });
});

test("data to validate on that do not fit are refused before the first step", async () => {
  const trained = model(3, false, "mse");
  const batches = dataset(() => ({ xs: inputs(), ys: tf.ones([B, 3]) }));
  const kept = trained.getWeights().map((weight) => weight.dataSync().join());
  const strange = () => ({ xs: inputs(), ys: tf.ones([B, 1]) });
  for (const validationData of [dataset(strange), [inputs(), tf.ones([B, 1])], dataset()]) {
    await expect(fit(trained, batches, { validationData })).rejects.toThrow(
      /expected|same shape|shape \[3\]/,
    );
  }
  expect(trained.getWeights().map((weight) => weight.dataSync().join())).toEqual(kept);
});

test("a dataset to validate on that can be read once gives all its batches", async () => {
  const trained = model(3, false, "mse");
  trained.compile({ optimizer: tf.train.sgd(0), loss: "mse" });
  const batch = (scale: number) => () => ({ xs: inputs(), ys: tf.mul(scale, tf.ones([B, 3])) });
  const once = await dataset(batch(1), batch(3)).iterator();
  const validationData = { iterator: async () => once };
  const { history } = await fit(trained, dataset(batch(0)), { validationData });
  const whole = await trained.evaluateDataset(dataset(batch(1), batch(3)) as never, {});
  expect(history.val_loss).toEqual(numbers(whole));
});

test("weights in batches are those of fit, of trainOnBatch and of evaluate", async () => {
  const weights = () => tf.tensor1d([3, 0.5]);
  const [one, other] = [double(), double()];
  const batch = () => ({ xs: pair(), ys: { p: p(), q: q() }, sampleWeight: weights() });
  const [xs, ys] = [Object.values(pair()), [p(), q()]];
  const before = one.evaluate(xs, ys, { sampleWeight: weights() } as never);
  const evaluated = await one.evaluateDataset(dataset(batch) as never, {});
  expect(numbers(evaluated)).toEqual(numbers(before));
  const { history } = await fit(one, dataset(batch, batch));
  const options = { sampleWeight: weights(), shuffle: false, epochs: 2 };
  const epochs = (await other.fit(xs, ys, options as never)).history.loss as number[];
  expect(history.loss![0]).toBeCloseTo((epochs[0]! + epochs[1]!) / 2, 6);
  await expectNoTensorLeak(async () => void (await fit(one, dataset(batch))));
});

test("weights of classes, of steps too, are those of fit", async () => {
  const classWeight = { 0: 4, 2: 0.5 };
  const make = () => model(3, true, "sparse_categorical_crossentropy");
  const steps = () => tf.tensor2d([2, 0, 1, 0, 0, 2], [B, T]);
  const batch = () => ({ xs: inputs(), ys: steps() });
  const expected = await make().fit(inputs(), steps(), { classWeight, epochs: 1 });
  const { history } = await fit(make(), dataset(batch), { classWeight });
  expect(history).toEqual(expected.history);
  const wrong = { classWeight: { Q: classWeight } };
  const doubled = () => ({ xs: pair(), ys: [p(), q()] });
  await expect(fit(double(), dataset(doubled), wrong)).rejects.toThrow("got Q");
});

test("a dataset without batches, without an end or that is none is refused", async () => {
  const trained = model(3, false, "mse");
  const batch = () => ({ xs: inputs(), ys: tf.ones([B, 3]) });
  const endless = { ...dataset(batch), size: Infinity };
  const evaluate = (data: unknown) => trained.evaluateDataset(data as never, {});
  for (const run of [fit(trained, dataset()), evaluate(dataset())]) {
    await expect(run).rejects.toThrow("expected a dataset of batches, got none");
  }
  await expect(fit(trained, endless)).rejects.toThrow("fitDataset: expected batchesPerEpoch");
  await expect(evaluate(endless)).rejects.toThrow("evaluateDataset: expected batches");
  const validationData = endless;
  const validated = fit(trained, dataset(batch), { validationData });
  await expect(validated).rejects.toThrow("expected validationBatches");
  await expect(fit(trained, [inputs()])).rejects.toThrow("expected a dataset");
  const { history } = await fit(trained, endless, { batchesPerEpoch: 1 });
  expect(history.loss).toHaveLength(1);
});

test.each([
  [
    { validationBatches: 1, validationData: [inputs(), tf.ones([B, 3])] },
    "validationBatches beside a dataset",
  ],
  [{ validationBatchSize: 1 }, "validationBatchSize beside [x, y]"],
])("what would say nothing is refused: %j", async (options, message) => {
  const batches = dataset(() => ({ xs: inputs(), ys: tf.ones([B, 3]) }));
  await expect(fit(model(3, false, "mse"), batches, options)).rejects.toThrow(message);
});

test("tensors by names that are none, no examples and steps of an epoch are refused", async () => {
  const both = double();
  const ys = [p(), q()];
  const more = { ...pair(), c: inputs() } as never;
  await expect(both.fit(more, ys)).rejects.toThrow("one tensor for each of a, b, got c");
  expect(() => both.evaluate(more, ys)).toThrow("got c");
  expect(() => both.predict(more)).toThrow("predict: expected x to be one tensor for each of a, b");
  const named = both.predict(pair() as never) as tf.Tensor[];
  const listed = both.predict(Object.values(pair())) as tf.Tensor[];
  expect(named.map(String)).toEqual(listed.map(String));

  const one = model(3, false, "mse");
  const [none, y] = [tf.ones([0, T, I]), tf.ones([B, 3])];
  await expect(one.fit(none, tf.ones([0, 3]))).rejects.toThrow("at least one example");
  expect(() => one.predict(none)).toThrow("predict: expected at least one example");
  await expect(one.fit(inputs(), y, { validationSplit: 0.9 })).rejects.toThrow("got 0 and 2");
  const steps = { stepsPerEpoch: 1 } as never;
  await expect(one.fit(inputs(), y, steps)).rejects.toThrow("stepsPerEpoch to be left out");
});

test("an output without a loss is refused, and lists of metrics are one for each output", () => {
  const lists = double([["mae"], ["accuracy", "mse"]]);
  expect(lists.metricsNames).toEqual(double({ p: ["mae"], q: ["accuracy", "mse"] }).metricsNames);
  expect(() => double([["mae"]])).toThrow("metrics to be one list for each of p, q");
  const compile = () => lists.compile({ optimizer: "sgd", loss: { p: "mse" } });
  expect(compile).toThrow("expected a loss for each of p, q, got none for q");
  const misspelt = () => lists.compile({ optimizer: "sgd", loss: { p: "mse", r: "mse" } });
  expect(misspelt).toThrow("expected losses of p, q, got r");
});

test("weights of data to validate on count for several outputs, in a list or by name", async () => {
  const both = double();
  both.compile({ optimizer: tf.train.sgd(0), loss: ["mse", "sparse_categorical_crossentropy"] });
  const [xs, ys] = [Object.values(pair()), [p(), q()]];
  const sampleWeight = [tf.tensor1d([2, 0.5]), tf.tensor1d([0, 3])];
  const evaluated = numbers(both.evaluate(xs, ys, { sampleWeight } as never));
  for (const validated of [ys, { p: p(), q: q() }]) {
    const validationData = [xs, validated, sampleWeight] as never;
    const { history } = await both.fit(xs, ys, { validationData, epochs: 1 });
    expect([history.val_loss, history.val_p_loss, history.val_q_loss].flat()).toEqual(evaluated);
  }
});
