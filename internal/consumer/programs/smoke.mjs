// What every runtime must do: select a backend, train two models, predict, save one and open it again. The first
// argument is the options of the selection, the second the file to write; the last line has all that came out.
import { describeBackend, selectBackend } from "@rnnkit/backend-select";
import { getThreads, lstm, setThreads } from "@rnnkit/fused-rnn";
import { registerWebGPUKernels } from "@rnnkit/fused-rnn/webgpu";
import { buildLstmForecaster, buildSentimentClassifier, toTensor } from "@rnnkit/keras-builders";
import { loadKerasModel, saveKerasModel } from "@rnnkit/keras-files";
import { createSequences, generateTimeSeries, padSequences } from "@rnnkit/preprocess";
import * as tf from "@tensorflow/tfjs-core";

const [options, path] = process.argv.slice(2);
registerWebGPUKernels();
const selection = await selectBackend(JSON.parse(options));
const fit = { epochs: 3, batchSize: 16, shuffle: false, verbose: 0 };

async function trained(model, x, y) {
  const losses = [];
  const tensors = [];
  for (let epoch = 0; epoch < 3; epoch++) {
    const { history } = await model.fit(x, y, { ...fit, epochs: 1 });
    losses.push(...history.loss);
    tensors.push(tf.memory().numTensors);
  }
  return { losses, predicted: await predicted(model, x), tensors };
}

async function predicted(model, x) {
  const y = model.predict(x);
  const numbers = [...(await y.data())];
  y.dispose();
  return numbers;
}

const waves = createSequences(generateTimeSeries({ length: 76, period: 20, seed: 1 }), 12);
const [x, y] = [toTensor(waves.x), toTensor(waves.y)];
const learningRate = 0.01;
const forecaster = buildLstmForecaster(12, 1, 1, { units: [8, 8], seed: 1, learningRate });
const forecast = await trained(forecaster, x, y);

// Reviews of 3 to 12 words; in good ones most are below 10.
const good = (i) => i % 2;
const word = (i, t) => 1 + ((i * 7 + t * t * 3) % 9) + ((i + t) % 4 === 0 || good(i) ? 0 : 9);
const reviews = Array.from({ length: 64 }, (_, i) =>
  Array.from({ length: 3 + (i % 10) }, (_, t) => word(i, t)),
);
const classifier = buildSentimentClassifier("gru", {
  ...{ vocabSize: 20, maxLen: 12, embeddingDim: 8, units: 8, maskZero: true },
  ...{ seed: 2, learningRate },
});
const tokens = toTensor(padSequences(reviews, { maxLen: 12 }));
const sentiment = await trained(classifier, tokens, tf.tensor2d(reviews.map((_, i) => [good(i)])));

await saveKerasModel(classifier, path);
const reopened = await predicted(await loadKerasModel(path), tokens);

// Large enough for a second thread, which must not keep the process alive.
async function onThreads() {
  setThreads(2);
  const ones = tf.ones([64, 100, 32]);
  const weights = { kernel: tf.fill([32, 128], 0.01), recurrentKernel: tf.fill([32, 128], -0.01) };
  const { outputs } = lstm(ones, weights, { returnSequences: false });
  return { threads: getThreads(), outputs: [...(await outputs.data())].slice(0, 64) };
}
const large = selection.name === "webgpu" ? undefined : await onThreads();

const { name, candidates } = selection;
const line = describeBackend(selection);
console.log(JSON.stringify({ name, line, candidates, forecast, sentiment, reopened, large }));
