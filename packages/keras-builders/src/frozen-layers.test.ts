import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import { regularizers, sequential, type layers as stock } from "@tensorflow/tfjs-layers";
import { expect, test } from "vitest";
import * as layers from "./layers/layers.ts";
import { sgd } from "./optimizers/optimizers.ts";

type Layer = InstanceType<typeof stock.Layer>;
type Of = (args: { trainable: boolean; batchInputShape?: number[] }) => Layer;

const cost = () => regularizers.l2({ l2: 10 });
const lstm = () => layers.lstm({ units: 2, kernelRegularizer: cost() });
const frozen: Record<string, Of> = {
  lstm: (args) => layers.lstm({ ...args, units: 2, kernelRegularizer: cost() }),
  rnn: (args) =>
    layers.rnn({ ...args, cell: [layers.gruCell({ units: 2, recurrentRegularizer: cost() })] }),
  bidirectional: (args) => layers.bidirectional({ ...args, layer: lstm() }),
};
const x = tf.ones([2, 3, 2]);

test.each(Object.entries(frozen))(
  "a frozen %s has no cost of its weights, as Keras's",
  async (_, of) => {
    const layer = of({ trainable: false, batchInputShape: [2, 3, 2] });
    const model = sequential({ layers: [layer, layers.dense({ units: 1 })] });
    model.compile({ optimizer: sgd({ learningRate: 1e-9 }), loss: "meanSquaredError" });
    const y = model.predict(x) as tf.Tensor;
    expect([await model.trainOnBatch(x, y)]).toBeAllclose([0]);
    layer.trainable = true;
    model.compile({ optimizer: sgd({ learningRate: 1e-9 }), loss: "meanSquaredError" });
    expect((await model.trainOnBatch(x, y)) as number).toBeGreaterThan(0.1);
  },
);

test("a frozen Embedding costs what it puts out, and not what it holds", async () => {
  const embedding = layers.embedding({
    ...{ inputDim: 3, outputDim: 2, inputLength: 1, trainable: false, weights: tf.ones([3, 2]) },
    ...{ embeddingsRegularizer: cost(), activityRegularizer: regularizers.l2({ l2: 1 }) },
  });
  const head = layers.dense({ units: 1, useBias: false, kernelInitializer: "zeros" });
  const model = sequential({ layers: [embedding, head] });
  model.compile({ optimizer: sgd(), loss: "meanSquaredError" });
  // 1² + 1² for the one token of each row
  const loss = await model.trainOnBatch(tf.zeros([2, 1]), tf.zeros([2, 1, 1]));
  expect([loss as number]).toBeAllclose([2]);
});
