import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-backend-wasm";
import { caseIds, type GoldenTensor, loadTrajectory, numbers, truth } from "@rnnkit/fixtures";
import * as tf from "@tensorflow/tfjs-core";
import { type Sequential, sequential } from "@tensorflow/tfjs-layers";
import { describe, expect, test } from "vitest";
import * as layers from "./layers.ts";
import { adam, rmsprop, sgd } from "./optimizers.ts";

/** What Keras's JSON calls its classes, and ours. */
const layerOf: Record<string, (config: never) => ReturnType<typeof layers.dense>> = {
  SimpleRNN: layers.simpleRNN,
  LSTM: layers.lstm,
  GRU: layers.gru,
  Dense: layers.dense,
  Dropout: layers.dropout,
  Embedding: layers.embedding,
};
const optimizerOf = { Adam: adam, RMSprop: rmsprop, SGD: sgd };
const lossOf = {
  mse: "meanSquaredError",
  mae: "meanAbsoluteError",
  binary_crossentropy: "binaryCrossentropy",
  sparse_categorical_crossentropy: "sparseCategoricalCrossentropy",
};

/** The options of Keras's configs that these models use, in our spelling. */
const options: Record<string, string> = {
  units: "units",
  activation: "activation",
  recurrent_activation: "recurrentActivation",
  return_sequences: "returnSequences",
  reset_after: "resetAfter",
  rate: "rate",
  input_dim: "inputDim",
  output_dim: "outputDim",
  mask_zero: "maskZero",
};

// biome-ignore lint/suspicious/noExplicitAny: Keras's configs are open-ended JSON.
type Json = any;

function layerFrom({ class_name, config }: Json, first: object): ReturnType<typeof layers.dense> {
  if (class_name === "Bidirectional") {
    return layers.bidirectional({ layer: layerFrom(config.layer, {}) as never, ...first });
  }
  const known = Object.entries(options).filter(([name]) => name in config);
  const args = Object.fromEntries(known.map(([name, ours]) => [ours, config[name]]));
  return layerOf[class_name]!({ ...args, ...first } as never);
}

function modelFrom(id: string): Sequential {
  const { model, optimizer, loss } = loadTrajectory(id);
  const [input, ...rest] = model.config.layers;
  const batchInputShape = input.config.batch_shape;
  const built = sequential({
    layers: rest.map((layer: Json, i: number) => layerFrom(layer, i ? {} : { batchInputShape })),
  });
  const { beta_1, beta_2, clipnorm, ...config } = optimizer.config;
  built.compile({
    optimizer: optimizerOf[optimizer.class_name as keyof typeof optimizerOf]({
      ...config,
      beta1: beta_1,
      beta2: beta_2,
      clipnorm: clipnorm ?? undefined,
      learningRate: optimizer.learning_rate64,
    }),
    loss: lossOf[loss as keyof typeof lossOf],
  });
  return built;
}

const toTensor = (t: GoldenTensor): tf.Tensor =>
  tf.tensor(Float32Array.from(numbers(t)), t.shape, t.dtype === "int32" ? "int32" : "float32");

const resetAfter = "GRU with reset_after, Keras's default, which tfjs-layers refuses";

/** Waits for the fused layers. */
const notYet: Record<string, string> = {
  traj_bidirectional_sgd_momentum: resetAfter,
  traj_lstm_gru_rmsprop: resetAfter,
  traj_stacked_adam_clipnorm_sparsecce: resetAfter,
};

test("what is not yet Keras's is exactly what needs reset_after", async () => {
  await tf.setBackend("cpu");
  const refused = caseIds("trajectory").filter((id) => {
    try {
      modelFrom(id).dispose();
      return false;
    } catch (error) {
      expect(String(error)).toContain("gru: expected resetAfter false");
      return true;
    }
  });
  expect(refused).toEqual(Object.keys(notYet));
});

describe.each(["wasm", "cpu"])("on %s", (backend) => {
  test.each(caseIds("trajectory").filter((id) => !(id in notYet)))(
    "%s: Keras's losses and weights over 20 steps",
    async (id) => {
      await tf.setBackend(backend);
      const golden = loadTrajectory(id);
      // A gradient of the embedding like any other is in Keras's JAX run; TensorFlow's is not.
      const { losses, losses64, final_weights, final_predictions_batch0 } = golden.dense ?? golden;
      const model = modelFrom(id);
      model.setWeights(golden.initial_weights.map(toTensor));
      const batches = golden.batches.map(({ x, y }) => [toTensor(x), toTensor(y)] as const);

      const got: number[] = [];
      for (const index of golden.order) {
        got.push((await model.trainOnBatch(...batches[index]!)) as number);
      }
      expect(got).toBeAllclose(losses64 ?? losses, { rtol: 0, atol: 5e-6 });
      for (const [i, weight] of model.getWeights().entries()) {
        expect(weight.dataSync()).toBeAllclose(truth(final_weights[i]!), { rtol: 0, atol: 1e-5 });
      }
      const prediction = model.predict(batches[0]![0]) as tf.Tensor;
      expect(prediction.dataSync()).toBeAllclose(truth(final_predictions_batch0), {
        rtol: 0,
        atol: 1e-5,
      });
    },
  );
});
