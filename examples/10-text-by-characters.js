// Text, character by character: learnt from three sonnets of Shakespeare, judged on a fourth, then written anew.
import { readFileSync } from "node:fs";
import { selectBackend } from "@rnnkit/backend-select";
import { seededRandom } from "@rnnkit/core-rnn";
import { adam, fromTensor, layers, setRandomSeed, toTensor } from "@rnnkit/keras-builders";
import { slidingWindows } from "@rnnkit/preprocess";
import * as tf from "@tensorflow/tfjs-core";
import { sequential } from "@tensorflow/tfjs-layers";

await selectBackend({ prefer: "wasm" });
setRandomSeed(1);

const text = readFileSync(new URL("data/sonnets.txt", import.meta.url), "utf8").toLowerCase();
const characters = [...new Set(text)].sort();
const ids = (some) => Int32Array.from(some, (character) => characters.indexOf(character));
const fourth = text.lastIndexOf("\n\n") + 2;
const [read, unread] = [text.slice(0, fourth), text.slice(fourth)];

/** Stretches of 40 characters, and for each character the one that follows. */
function examples(some, stride) {
  const { x } = slidingWindows(ids(some), { windowLength: 41, stride });
  const [count] = x.shape;
  const all = toTensor(x);
  return [0, 1].map((from) => tf.slice(all, [0, from], [count, 40]));
}

/** Stateful, it reads one character a call. */
function network(stateful) {
  const shape = stateful ? { batchInputShape: [1, 1] } : { inputShape: [null] };
  const model = sequential();
  model.add(layers.embedding({ inputDim: characters.length, outputDim: 16, ...shape }));
  model.add(layers.lstm({ units: 64, returnSequences: true, stateful }));
  model.add(layers.dense({ units: characters.length, activation: "softmax" }));
  return model;
}

const model = network(false);
model.compile({ optimizer: adam({ learningRate: 0.01 }), loss: "sparse_categorical_crossentropy" });
const [x, y] = examples(read, 10);
await model.fit(x, y, { epochs: 8, batchSize: 16 });

// In bits a character. The naive answer knows how frequent each character is, and no more
const [unreadX, unreadY] = examples(unread, 40);
const bits = (fromTensor(model.evaluate(unreadX, unreadY)).data[0] / Math.LN2).toFixed(2);
const share = (character) => (1 + read.split(character).length) / (read.length + characters.length);
const naive =
  [...unread].reduce((sum, character) => sum - Math.log2(share(character)), 0) / unread.length;
console.log(
  `the unread sonnet, bits a character: ${bits}, by frequency alone: ${naive.toFixed(2)}`,
);

// Writing: one character a call, the state carried on; below 1 the temperature prefers what is likely
const writer = network(true);
writer.setWeights(model.getWeights());
const random = seededRandom(1);
for (const temperature of [0.3, 1]) {
  writer.resetStates();
  let written = "shall i ";
  let next;
  for (const character of written) next = after(character);
  while (written.length < 160) {
    written += sampled(next, temperature);
    next = after(written.at(-1));
  }
  console.log(`temperature ${temperature}: ${JSON.stringify(written)}`);
}

function after(character) {
  return fromTensor(writer.predict(toTensor({ data: ids(character), shape: [1, 1] }))).data;
}

/** Drawn from p^(1 / temperature), scaled to add up to 1. */
function sampled(probabilities, temperature) {
  const weights = Array.from(probabilities, (p) => p ** (1 / temperature));
  let left = random.uniform() * weights.reduce((sum, weight) => sum + weight);
  let id = 0;
  while (id < characters.length - 1 && left >= weights[id]) left -= weights[id++];
  return characters[id];
}
