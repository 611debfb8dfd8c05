// @ts-check
// Builds a model on wasm in a process that has just begun, trains it for a few steps and says what each part took:
// `bench start`. Of the model and the seed on the command line.
import "@tensorflow/tfjs-backend-wasm";
import * as builders from "@rnnkit/keras-builders";
import * as tf from "@tensorflow/tfjs-core";

const STEPS = 30;
const [model = "", seedText] = process.argv.slice(2);
const seed = Number(seedText);
const importMs = performance.now();
await tf.ready();

/** @type {Record<string, () => [model: import("@tensorflow/tfjs-layers").LayersModel, x: tf.Tensor, y: tf.Tensor]>} */
const cases = {
  simple_rnn: () => [
    builders.buildSimpleRnnModel([10, 1], 1, { seed }),
    tf.randomUniform([32, 10, 1], 0, 1, "float32", seed),
    tf.randomUniform([32, 1], 0, 1, "float32", seed),
  ],
  lstm_forecaster: () => [
    builders.buildLstmForecaster(50, 1, 1, { units: [50, 50], seed }),
    tf.randomUniform([32, 50, 1], 0, 1, "float32", seed),
    tf.randomUniform([32, 1], 0, 1, "float32", seed),
  ],
  imdb_lstm: () => [
    builders.buildSentimentClassifier("lstm", { vocabSize: 10_000, maxLen: 500, seed }),
    tf.randomUniform([32, 500], 0, 10_000, "int32", seed),
    tf.cast(tf.greater(tf.randomUniform([32, 1], 0, 1, "float32", seed), 0.5), "float32"),
  ],
};

const readyAt = performance.now();
const make = cases[model];
if (!make) throw new Error(`first-step: expected one of ${Object.keys(cases)}, got ${model}`);
const [net, x, y] = make();
const builtAt = performance.now();
/** @type {number[]} */
const stepMs = [];
for (let step = 0; step < STEPS; step++) {
  const begun = performance.now();
  await net.trainOnBatch(x, y);
  stepMs.push(performance.now() - begun);
}
console.log(JSON.stringify({ importMs, buildMs: builtAt - readyAt, stepMs }));
// The engine's threads need not be waited for.
process.exit();
