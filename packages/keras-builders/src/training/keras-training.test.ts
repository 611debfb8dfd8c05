import { tolerances } from "@rnnkit/test-kit/tolerances";
import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-backend-wasm";
import { engineMemory } from "@rnnkit/fused-rnn";
import { expectNoTensorLeak } from "@rnnkit/test-kit";
import * as tf from "@tensorflow/tfjs-core";
import {
  model as functional,
  input,
  type LayersModel,
  type Sequential,
  sequential,
  layers as stock,
} from "@tensorflow/tfjs-layers";
import { beforeAll, describe, expect, test } from "vitest";
import { layers, setWholeSteps, sgd } from "../index.ts";

// All weights 0.1 but biases, which are Keras's; numbers of Keras 3.15.1 on JAX.
function constant<Model extends LayersModel>(model: Model): Model {
  const values = model.weights.map((weight) =>
    weight.originalName.includes("bias") ? weight.read() : tf.fill(weight.shape as number[], 0.1),
  );
  model.setWeights(values);
  return model;
}

const close = tolerances.keras.outputs;
const tokens = () =>
  tf.tensor2d(
    [
      [1, 2, 0, 0],
      [3, 0, 0, 0],
      [1, 1, 1, 2],
    ],
    [3, 4],
    "int32",
  );
const labels = () => tf.tensor3d([1, 0, 1, 1, 0, 1, 1, 0, 1, 1, 0, 0], [3, 4, 1]);

function tagger(metrics: string[] = []): Sequential {
  const model = constant(
    sequential({
      layers: [
        layers.embedding({ inputDim: 5, outputDim: 3, maskZero: true, inputLength: 4 }),
        layers.lstm({ units: 4, returnSequences: true }),
        layers.dense({ units: 1, activation: "sigmoid" }),
      ],
    }),
  );
  model.compile({
    optimizer: sgd({ learningRate: 0.1 }),
    loss: "binaryCrossentropy",
    metrics,
  });
  return model;
}
const numbers = (values: unknown) => ([values].flat() as tf.Scalar[]).map((v) => v.dataSync()[0]!);
const perExample = () => tf.tensor2d([[1], [2], [3]]);
const perStep = () => tf.tensor2d([1, 2, 3, 4, 1, 1, 1, 1, 0.5, 1, 0, 2], [3, 4]);
const twice = (t: tf.Tensor) => tf.concat([t, tf.reverse(t, 0)]);

async function trained(
  model: LayersModel,
  y: tf.Tensor | tf.Tensor[],
  weights: object = {},
  x: tf.Tensor = tokens(),
): Promise<unknown[]> {
  const step = model.trainOnBatch as (...args: unknown[]) => Promise<unknown>;
  return [await step.call(model, x, y, weights), await step.call(model, x, y, weights)];
}

const x = () => tf.reshape(tf.div(tf.range(0, 24), 24), [4, 3, 2]);
const classes = () => tf.tensor2d([[0], [2], [1], [2]]);
function classifier(loss: string): Sequential {
  const bias = { biasInitializer: "zeros" as const };
  const model = sequential({
    layers: [
      layers.gru({ units: 2, inputShape: [3, 2] }),
      layers.dense({ units: 3, activation: "softmax", ...bias }),
    ],
  });
  constant(model);
  model.setWeights([...model.getWeights().slice(0, -1), tf.tensor1d([0.1, 0.2, 0.3])]);
  model.compile({ optimizer: sgd({ learningRate: 0.1 }), loss });
  return model;
}

describe.each(["cpu", "wasm"])("on %s", (backend) => {
  beforeAll(async () => {
    await tf.setBackend(backend);
  });

  test("a recurrent layer behind Dense and Masking trains", async () => {
    const model = constant(
      sequential({
        layers: [
          layers.dense({ units: 2, activation: "relu", inputShape: [3, 2] }),
          layers.masking(),
          layers.lstm({ units: 2 }),
          layers.dense({ units: 1 }),
        ],
      }),
    );
    model.compile({ optimizer: sgd({ learningRate: 0.1 }), loss: "meanSquaredError" });
    const x = tf.tensor3d([1, 2, -3, -1, 2, 0, -1, -1, 0, 3, 1, 1], [2, 3, 2]);
    const y = tf.tensor2d([[1], [0]]);
    const losses = [await model.trainOnBatch(x, y), await model.trainOnBatch(x, y)];
    expect(losses).toBeAllclose([0.495441, 0.406537], tolerances.keras.predictions);
  });

  test("losses and metrics are of the steps that a mask keeps, whatever the batches", () => {
    const want = [0.6941937804222107, 0.4285714328289032, 0.25052326917648315];
    const model = tagger(["accuracy", "mse"]);
    expect(numbers(model.evaluate(tokens(), labels()))).toBeAllclose(want, close);
    const halves = numbers(model.evaluate(tokens(), labels(), { batchSize: 2 }));
    expect(halves).toBeAllclose([0.6941542625427246, ...want.slice(1)], close);
  });

  test("sampleWeight weighs examples and steps in training and evaluation, under masks too", async () => {
    expect(await trained(tagger(), labels())).toBeAllclose([0.6941937804, 0.6936345696], close);
    expect(await trained(tagger(), labels(), { sampleWeight: perExample() })).toBeAllclose(
      [1.5868808031, 1.5845938921],
      close,
    );
    expect(await trained(tagger(), labels(), { sampleWeight: perStep() })).toBeAllclose(
      [0.7443560958, 0.741060257],
      close,
    );
    const model = tagger(["accuracy", "mse"]);
    const sampleWeight = perStep();
    const got = numbers(model.evaluate(tokens(), labels(), { sampleWeight }));
    expect(got).toBeAllclose([0.7443560958, 0.4285714328, 0.2505232692], close);
  });

  test("fit's history is Keras's, validation weighted by its own weights", async () => {
    const { history } = await tagger(["accuracy"]).fit(tokens(), labels(), {
      ...{ batchSize: 2, epochs: 3, shuffle: false, verbose: 0, sampleWeight: perStep() },
      validationData: [tokens(), labels(), perExample()],
    });
    expect(history.loss).toBeAllclose([0.8193760514, 0.8099568486, 0.8014810681], close);
    // On TensorFlow; on JAX Keras loses the mask in training, between the step and its metrics.
    expect(history.acc).toBeAllclose([0.4285714328, 0.571428597, 0.571428597], close);
    expect(history.val_loss).toBeAllclose([1.3027172089, 1.2952263355, 1.2887610197], close);
    expect(history.val_acc).toBeAllclose([0.571428597, 0.571428597, 0.571428597], close);
  });

  test("validationSplit takes the last examples' weights with them", async () => {
    const weights = tf.concat([perStep(), tf.mul(2, perStep())]) as tf.Tensor;
    const { history } = await tagger(["accuracy"]).fit(twice(tokens()), twice(labels()), {
      ...{ batchSize: 2, epochs: 2, shuffle: false, verbose: 0, sampleWeight: weights },
      validationSplit: 0.4,
    });
    expect(history.loss).toBeAllclose([0.8193760514, 0.8099568486], close);
    expect(history.val_loss).toBeAllclose([2.3576233387, 2.3307824135], close);
    expect(history.val_acc).toBeAllclose([0.571428597, 0.571428597], close);
  });

  test("classWeight weighs class numbers and one-hot rows, a class that it does not name by 1", async () => {
    const classWeight = { 0: 1, 2: 3 };
    const want = [2.0788855553, 1.9913606644];
    const sparse = classifier("sparseCategoricalCrossentropy");
    expect(await trained(sparse, classes(), { classWeight }, x())).toBeAllclose(want, close);
    const rows = tf.oneHot(tf.cast(tf.squeeze(classes(), [1]), "int32"), 3);
    const oneHot = classifier("categoricalCrossentropy");
    expect(await trained(oneHot, rows, { classWeight }, x())).toBeAllclose(want, close);
    const { history } = await classifier("sparseCategoricalCrossentropy").fit(x(), classes(), {
      ...{ batchSize: 2, epochs: 2, shuffle: false, verbose: 0, classWeight },
      validationData: [x(), classes()],
    });
    expect(history.loss).toBeAllclose([2.0418481827, 1.890532136], close);
    expect(history.val_loss).toBeAllclose([1.0521700382, 1.0407700539], close);
  });

  test("each output's loss is under its own mask; states carry none", async () => {
    const source = input({ shape: [3, 2] });
    const masked = layers.masking().apply(source) as never;
    const sequence = layers.gru({ units: 2, returnSequences: true }).apply(masked) as never;
    const a = layers.dense({ units: 1, name: "a" }).apply(sequence) as never;
    const pooled = stock.globalAveragePooling1d().apply(sequence) as never;
    const b = layers.dense({ units: 2, name: "b" }).apply(pooled) as never;
    const model = constant(functional({ inputs: source, outputs: [a, b] }));
    model.compile({ optimizer: sgd({ learningRate: 0.1 }), loss: "meanSquaredError" });
    const kept = tf.tensor3d([1, 1, 1, 1, 1, 0, 1, 0, 0, 1, 1, 1], [4, 3, 1]);
    const given = tf.mul(x(), kept);
    const y = [tf.ones([4, 3, 1]), tf.fill([4, 2], 0.3)];
    const want = [1.061461091, 0.9777139425, 0.0837472007];
    expect(numbers(model.evaluate(given, y))).toBeAllclose(want, close);
    const [first, second] = (await trained(model, y, {}, given)) as number[][];
    expect(first).toBeAllclose(want, close);
    expect(second).toBeAllclose([0.6836889982, 0.6176763773, 0.0660126656], close);
  });

  test("evaluate adds regularizers, of weights and of outputs, as training does", async () => {
    const model = constant(
      sequential({
        layers: [
          layers.gru({ units: 2, activityRegularizer: "l2", inputShape: [3, 2] }),
          layers.dense({ units: 1 }),
        ],
      }),
    );
    model.compile({ optimizer: sgd({ learningRate: 0.1 }), loss: "meanSquaredError" });
    const loss = [0.9644837975];
    expect(numbers(model.evaluate(x(), tf.ones([4, 1])))).toBeAllclose(loss, close);
    expect([await model.trainOnBatch(x(), tf.ones([4, 1]))]).toBeAllclose(loss, close);
  });

  test("training under masks and weights leaves nothing behind", async () => {
    const model = tagger(["accuracy"]);
    const [x, y, w] = [tokens(), labels(), tf.tensor1d([1, 2, 3])];
    const all = { batchSize: 2, epochs: 2, verbose: 0 as const, validationSplit: 0.4 };
    await expectNoTensorLeak(async () => {
      await model.fit(x, y, { ...all, sampleWeight: w });
      await model.fit(x, y, { ...all, validationSplit: 0, validationData: [x, y, w] });
      tf.dispose(model.evaluate(x, y, { sampleWeight: w }));
      await model.trainOnBatch(x, y);
    });
    expect(engineMemory()).toEqual({ used: 0, pending: 0 });
  });
});

describe.each([true, false])("as a whole: %s", (isWhole) => {
  test("a stateful layer goes on from batch to batch, through validation and into the next epoch", async () => {
    setWholeSteps(isWhole);
    const all = { stateful: true, seed: 1, batchInputShape: [2, 3, 2] };
    const lstm = layers.lstm({ units: 3, ...all });
    const model = sequential({ layers: [lstm, layers.dense({ units: 1, seed: 1 })] });
    // So small that all batches see the same weights.
    model.compile({ optimizer: sgd({ learningRate: 1e-9 }), loss: "hinge" });
    const [trained, validated] = [tf.randomNormal([4, 3, 2]), tf.randomNormal([4, 3, 2])];
    const states = () => lstm.getStates().map((state) => [...state.dataSync()]);
    for (const x of [trained, validated, trained, validated]) model.predict(x, { batchSize: 2 });
    const wanted = states();
    model.resetStates();
    await model.fit(trained, tf.ones([4, 1]), {
      ...{ batchSize: 2, epochs: 2, shuffle: false, verbose: 0 },
      validationData: [validated, tf.zeros([4, 1])],
    });
    for (const [i, state] of states().entries()) expect(state).toBeAllclose(wanted[i]!, close);
    tf.dispose(model.evaluate(trained, tf.ones([4, 1]), { batchSize: 2 }));
    expect(states()[0]).not.toEqual(wanted[0]);
    setWholeSteps(true);
  });
});

test("weights of other shapes, names of other options and both kinds of weights are refused", async () => {
  const model = tagger();
  const fit = (args: object) => model.fit(tokens(), labels(), { verbose: 0, ...args });
  const sampleWeight = tf.ones([3]);
  await expect(fit({ batch_size: 2 })).rejects.toThrow("fit: expected options batchSize");
  await expect(fit({ batch_size: 2 })).rejects.toThrow("did you mean batchSize?");
  await expect(fit({ sampleWeight: tf.ones([4]) })).rejects.toThrow("of 3 numbers");
  await expect(fit({ sampleWeight: tf.ones([3, 2]) })).rejects.toThrow(
    "expected sampleWeight to go with losses of shape [3, 4], got [3, 2]",
  );
  await expect(fit({ sampleWeight, classWeight: { 0: 1 } })).rejects.toThrow("got both");
  await expect(fit({ classWeight: { good: 2 } })).rejects.toThrow("expected classWeight to be");
  expect(() =>
    model.evaluate(tokens(), labels(), { sample_weight: sampleWeight } as object),
  ).toThrow("did you mean sampleWeight?");
  expect(await trained(model, labels())).toBeAllclose([0.6941937804, 0.6936345696], close);
});

test("a model of tfjs-layers' own layers alone is tfjs-layers' own in training, too", async () => {
  const model = sequential({ layers: [stock.dense({ units: 1, inputShape: [2] })] });
  model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
  const call = { sampleWeight: tf.ones([1]), verbose: 0 as const };
  await expect(model.fit(tf.ones([1, 2]), tf.ones([1, 1]), call)).rejects.toThrow(
    "sample weight is not supported yet",
  );
});
