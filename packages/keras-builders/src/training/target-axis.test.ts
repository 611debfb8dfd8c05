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
import { describe, expect, test } from "vitest";
import { layers, setRandomSeed } from "../index.ts";

const ids = [
  [1, 2, 0, 0],
  [3, 0, 0, 0],
  [1, 1, 1, 2],
];
const x = tf.tensor2d(ids, [3, 4], "int32");
const classes = tf.tensor2d(ids, [3, 4], "float32");
const flags = tf.tensor2d([1, 0, 1, 1, 0, 1, 1, 0, 1, 1, 0, 0], [3, 4]);
const withAxis = (targets: tf.Tensor) => tf.expandDims(targets, -1);

/** One tag, or one number, for each step; *both* has an output for either. */
function tagger(kind: "classes" | "number" | "both", maskZero: boolean): LayersModel {
  setRandomSeed(1);
  const tokens = input({ shape: [4], dtype: "int32" });
  const table = layers.embedding({ inputDim: 5, outputDim: 3, maskZero });
  const lstm = layers.lstm({ units: 4, returnSequences: true });
  const steps = lstm.apply(table.apply(tokens));
  const heads = {
    classes: layers.dense({ units: 4, activation: "softmax", name: "tag" }),
    number: layers.dense({ units: 1, activation: "sigmoid", name: "flag" }),
  };
  const chosen = kind === "both" ? [heads.classes, heads.number] : [heads[kind]];
  const outputs = chosen.map((head) => head.apply(steps) as SymbolicTensor);
  const model = functional({ inputs: tokens, outputs });
  const losses = { tag: "sparse_categorical_crossentropy", flag: "binary_crossentropy" } as const;
  const loss = { classes: losses.tag, number: losses.flag, both: losses }[kind];
  model.compile({ optimizer: "sgd", loss: loss as string, metrics: ["accuracy"] });
  return model;
}

/** One batch an epoch, as tfjs-data would give it. */
const dataset = (targets: tf.Tensor) => ({
  size: 1,
  async iterator() {
    const value = { xs: tf.clone(x), ys: tf.clone(targets) };
    const batches = [{ value, done: false }];
    return { next: async () => batches.pop() ?? { value: null, done: true } };
  },
});

type Targets = tf.Tensor | tf.Tensor[] | { [name: string]: tf.Tensor };

/** Everything that `fit`, `evaluate` and `trainOnBatch` say of the targets. */
async function told(model: LayersModel, y: Targets, weights?: tf.Tensor): Promise<unknown> {
  const sampleWeight = weights && { sampleWeight: weights };
  const fit = { epochs: 2, batchSize: 2, shuffle: false, ...sampleWeight };
  const { history } = await model.fit(x, y, { ...fit, validationData: [x, y as tf.Tensor] });
  const split = await model.fit(x, y, { ...fit, validationSplit: 0.34 });
  const values = [model.evaluate(x, y as tf.Tensor, sampleWeight as object)].flat();
  const evaluated = values.map((value) => value.dataSync()[0]);
  tf.dispose(values);
  const trained = await model.trainOnBatch(x, y);
  return { history, split: split.history, evaluated, trained };
}

describe.each([false, true])("with a mask: %s", (maskZero) => {
  const targets = { classes, number: flags };

  test.each(["classes", "number"] as const)(
    "%s without a last axis are those with one",
    async (kind) => {
      const y = targets[kind];
      expect(await told(tagger(kind, maskZero), y)).toEqual(
        await told(tagger(kind, maskZero), withAxis(y)),
      );
    },
  );

  test("of several outputs, in order or by name", async () => {
    const wanted = await told(tagger("both", maskZero), [classes, flags].map(withAxis));
    expect(await told(tagger("both", maskZero), [classes, flags])).toEqual(wanted);
    expect(await told(tagger("both", maskZero), { tag: classes, flag: flags })).toEqual(wanted);
  });
});

test("weights of the steps count alike", async () => {
  const weights = tf.tensor2d([1, 2, 3, 4, 1, 1, 1, 1, 0.5, 1, 0, 2], [3, 4]);
  expect(await told(tagger("classes", true), classes, weights)).toEqual(
    await told(tagger("classes", true), withAxis(classes), weights),
  );
});

test.each([
  ["classes", classes],
  ["number", flags],
] as const)("%s in the batches of a dataset", async (kind, y) => {
  const [model, same] = [tagger(kind, true), tagger(kind, true)];
  const training = { epochs: 2, verbose: 0 } as const;
  const { history } = await model.fitDataset(dataset(y) as never, training);
  expect(history).toEqual((await same.fitDataset(dataset(withAxis(y)) as never, training)).history);
  const [given, whole] = [
    await model.evaluateDataset(dataset(y) as never, {}),
    same.evaluate(x, y),
  ];
  expect([given].flat().map(String)).toEqual([whole].flat().map(String));
});

test.each([
  ["cosine_similarity", []],
  ["kl_divergence", []],
  ["categorical_hinge", []],
  ["mse", ["mae", "cosine_similarity"]],
  ["mse", { flag: "categorical_accuracy" }],
])("%s and %j read all steps as one vector in Keras: they want the axis", async (loss, metrics) => {
  const model = tagger("number", true);
  model.compile({ optimizer: "sgd", loss, metrics: metrics as string[] });
  const message = /targets of flag: expected \[B, 4, 1\] for [ck]\w+, .*got \[3, 4\]/;
  await expect(model.fit(x, flags)).rejects.toThrow(message);
  await expect(model.trainOnBatch(x, flags)).rejects.toThrow(message);
  expect(() => model.evaluate(x, flags)).toThrow(message);
  const batches = dataset(flags) as never;
  await expect(model.fitDataset(batches, { epochs: 1, verbose: 0 })).rejects.toThrow(message);
  expect([await model.trainOnBatch(x, withAxis(flags))].flat().every(Number.isFinite)).toBe(true);
});

test.each([
  [1, "mse"],
  [1, "binary_crossentropy"],
  [1, "cosine_similarity"],
  [4, "sparse_categorical_crossentropy"],
])(
  "one target an example, of %d outputs and %s, in the batches of a dataset",
  async (units, loss) => {
    const model = sequential();
    model.add(layers.embedding({ inputDim: 5, outputDim: 3, inputLength: 4 }));
    model.add(layers.lstm({ units: 4 }));
    model.add(layers.dense({ units, activation: units > 1 ? "softmax" : "sigmoid" }));
    model.compile({ optimizer: "sgd", loss, metrics: ["accuracy"] });
    const y = tf.tensor1d([1, 0, 1]);
    const given = [await model.evaluateDataset(dataset(y) as never, {})].flat();
    const whole = [model.evaluate(x, withAxis(y))].flat();
    expect(given.map(String)).toEqual(whole.map(String));
  },
);

test("what are no targets is refused as ever", async () => {
  const model = tagger("both", false);
  await expect(model.fit(x, [classes, null] as never)).rejects.toThrow();
  await expect(model.fit(x, { tag: classes })).rejects.toThrow(/flag/);
});

test("no tensor is left, of targets that fit or of some that do not", async () => {
  const model = tagger("classes", true);
  await told(model, classes);
  await expectNoTensorLeak(async () => {
    await told(model, classes);
  });
  const short = tf.slice(classes, [0, 0], [3, 3]);
  await expectNoTensorLeak(async () => {
    await expect(model.fit(x, short)).rejects.toThrow(/3,3,1/);
  });
});
