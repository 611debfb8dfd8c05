// Where a model that runs as a whole meets what somebody else has changed, shared or replaced: nothing of it is lost.

import "@tensorflow/tfjs-backend-wasm";
import { engineMemory } from "@rnnkit/fused-rnn";
import * as tf from "@tensorflow/tfjs-core";
import {
  LayersModel,
  metrics,
  type Sequential,
  sequential,
  layers as stock,
} from "@tensorflow/tfjs-layers";
import { expect, test } from "vitest";
import { adam, explainSpeed, layers, rmsprop, sgd } from "../index.ts";
import { at, bothWays, I, numbersOf, of, T, useWholeSteps, x, y } from "./whole-step.fixture.ts";

type Layer = InstanceType<typeof stock.Layer>;

useWholeSteps();

interface Compile {
  optimizer?: tf.Optimizer;
  loss?: (yTrue: tf.Tensor, yPred: tf.Tensor) => tf.Tensor;
}

function compiled(all: Layer[], { optimizer = sgd({ learningRate: 0.1 }), loss }: Compile = {}) {
  const model = sequential({ layers: [...all, layers.dense({ units: 1, seed: 5 })] });
  model.compile({ optimizer, loss: loss ?? "meanSquaredError" });
  return model;
}

const predicted = (model: Sequential): number[] => [
  ...(model.predict(x()) as tf.Tensor).dataSync(),
];

test.each([
  ["adam", adam, "optimizer: expected the weights that it began with"],
  ["rmsprop", rmsprop, "optimizer: expected the weights that it began with"],
] as const)(
  "%s on two models of other sizes is refused before anything is written",
  async (_, make, message) => {
    const optimizer = make();
    const [one, two] = [2, 7].map((units) =>
      compiled([layers.lstm({ units, ...at, seed: 1 })], { optimizer }),
    );
    await one!.trainOnBatch(x(), y());
    const before = [numbersOf(one!), numbersOf(two!)];
    await expect(two!.trainOnBatch(x(), y())).rejects.toThrow(message);
    expect([numbersOf(one!), numbersOf(two!)]).toEqual(before);
    await one!.trainOnBatch(x(), y());
    expect(engineMemory()).toEqual({ used: 0, pending: 0 });
  },
);

test.each(["sgd", "adam", "rmsprop"] as const)(
  "a layer that is frozen between two steps stands still, and moves again: %s",
  (name) =>
    bothWays(async () => {
      const optimizer = { sgd: () => sgd({ clipnorm: 1 }), adam, rmsprop }[name]();
      const model = compiled([layers.lstm({ ...of, ...at })], { optimizer });
      const seen: number[] = [];
      for (const trainable of [true, false, true]) {
        model.layers[0]!.trainable = trainable;
        await model.trainOnBatch(x(), y());
        seen.push(...numbersOf(model));
      }
      return seen;
    }),
);

test("a model of which nothing is trained is refused as tfjs refuses it", async () => {
  const model = compiled([layers.lstm({ ...of, ...at })]);
  for (const layer of model.layers) layer.trainable = false;
  await expect(model.trainOnBatch(x(), y())).rejects.toThrow("at least one of the input variables");
});

test("a loss of one's own that reads weights has their gradient", () =>
  bothWays(async () => {
    let model: Sequential | undefined;
    const loss = (a: tf.Tensor, b: tf.Tensor) => {
      const cost = tf.sum(tf.square(model!.layers[0]!.weights[0]!.read()));
      return tf.add(metrics.meanSquaredError(a, b), tf.mul(0.1, cost));
    };
    model = compiled([layers.lstm({ ...of, ...at })], { loss });
    await model.trainOnBatch(x(), y());
    return numbersOf(model);
  }));

test("a Flatten of channels first, and a Dense that is used twice, run the usual way", async () => {
  const sequences = layers.lstm({ ...of, ...at, returnSequences: true });
  const flat = layers.flatten({ dataFormat: "channelsFirst", name: "flat" });
  expect(explainSpeed(compiled([sequences, flat])).reason).toBe(
    "flat: its dataFormat is channelsFirst",
  );
  await bothWays(async () => {
    const layer = layers.dense({ units: I, seed: 2, name: "twice" });
    const twice = [layers.timeDistributed({ layer, ...at }), layers.timeDistributed({ layer })];
    const model = compiled([...twice, layers.lstm(of)]);
    expect(explainSpeed(model).trains).toBe(false);
    await model.trainOnBatch(x(), y());
    return numbersOf(model);
  });
});

test("a mask that an input carries counts", () =>
  bothWays(async () => {
    const tokens = tf.tensor2d([[1, 2, 0, 0, 0]], [1, T], "int32");
    const given = layers.embedding({ inputDim: 4, outputDim: I, maskZero: true, seed: 1 });
    const model = compiled([layers.lstm({ ...of, ...at })]);
    const vectors = given.apply(tokens) as tf.Tensor;
    return [(await model.trainOnBatch(vectors, tf.ones([1, 1]))) as number];
  }));

test("what is set on a layer between two calls counts in the next", () =>
  bothWays(() => {
    const masking = layers.masking({ ...at });
    const dense = layers.dense({ units: 4, seed: 2 });
    const model = compiled([masking, layers.lstm(of), dense]);
    const seen = predicted(model);
    const inside = { masking, dense } as unknown as Record<string, Record<string, unknown>>;
    inside.masking!.maskValue = x().dataSync()[0];
    seen.push(...predicted(model));
    inside.dense!.activation = stock.activation({ activation: "tanh" }).activation;
    seen.push(...predicted(model));
    return seen;
  }));

test("a cost that is added to a layer later counts", () =>
  bothWays(async () => {
    const layer = layers.lstm({ ...of, ...at });
    const model = compiled([layer]);
    await model.trainOnBatch(x(), y());
    model.layers[1]!.addLoss(() => tf.scalar(3));
    return [(await model.trainOnBatch(x(), y())) as number];
  }));

test("a training that is stopped before an epoch's first batch does that batch, as tfjs-layers", async () => {
  const model = compiled([layers.lstm({ ...of, ...at })]);
  const onEpochBegin = () => {
    model.stopTraining = true;
  };
  const options = { batchSize: 1, epochs: 3, verbose: 0 as const, callbacks: { onEpochBegin } };
  const { epoch, history } = await model.fit(x(), y(), options);
  expect([epoch, history.loss]).toEqual([[0], [expect.any(Number)]]);
});

test("a model's call of one's own is called", async () => {
  const model = compiled([layers.lstm({ ...of, ...at })]);
  const { model: inner } = model as unknown as { model: LayersModel };
  let calls = 0;
  inner.call = (inputs, kwargs) => {
    calls++;
    return LayersModel.prototype.call.call(inner, inputs, kwargs);
  };
  await model.trainOnBatch(x(), y());
  expect(calls).toBe(1);
});

test("an optimizer's class that extends ours applies its gradients itself", async () => {
  let calls = 0;
  const Adam = adam().constructor as new (...numbers: number[]) => tf.AdamOptimizer;
  class Counted extends Adam {
    override applyGradients(gradients: Parameters<tf.AdamOptimizer["applyGradients"]>[0]): void {
      calls++;
      super.applyGradients(gradients);
    }
  }
  const model = compiled([layers.lstm({ ...of, ...at })], {
    optimizer: new Counted(0.01, 0.9, 0.999, 1e-7),
  });
  await model.trainOnBatch(x(), y());
  expect(calls).toBe(1);
});

test("a weight that no layer uses stands still", () =>
  bothWays(async () => {
    const model = compiled([layers.lstm({ ...of, ...at })]);
    const dense = model.layers[1]! as unknown as { addWeight(...args: unknown[]): unknown };
    const { initializer } = { initializer: { apply: (shape: number[]) => tf.ones(shape) } };
    dense.addWeight("extra", [2], "float32", initializer);
    model.compile({ optimizer: adam(), loss: "meanSquaredError" });
    await model.trainOnBatch(x(), y());
    return numbersOf(model);
  }));

test.each([adam, rmsprop, sgd])(
  "a rate is asked for once a step, and one that throws leaves nothing",
  async (make) => {
    const asked: number[] = [];
    const learningRate = (step: number): number => {
      asked.push(step);
      if (asked.length === 3) throw new Error("no rate");
      return 0.1;
    };
    const model = compiled([layers.lstm({ ...of, ...at })], { optimizer: make({ learningRate }) });
    const [a, b] = [x(), y()];
    await model.trainOnBatch(a, b);
    const count = () => (tf.backend() as unknown as { numDataIds(): number }).numDataIds();
    const before = count();
    await expect(model.trainOnBatch(a, b)).rejects.toThrow("no rate");
    // Asked of the first step when it was made.
    expect(asked).toEqual([0, 0, 1]);
    expect(count()).toBe(before);
    await model.trainOnBatch(a, b);
  },
);
