// Trains a model here, and writes what train.py goes on with: the model, and its examples for NumPy.
//   node train.js                an LSTM that forecasts a noisy sine
//   node train.js sentiment      an LSTM that reads short generated reviews
import { writeFileSync } from "node:fs";
import { selectBackend } from "@rnnkit/backend-select";
import { seededRandom } from "@rnnkit/core-rnn";
import {
  buildSentimentClassifier,
  buildStockForecaster,
  setRandomSeed,
  toTensor,
} from "@rnnkit/keras-builders";
import { saveKerasModel } from "@rnnkit/keras-files";
import { createSequences, generateTimeSeries } from "@rnnkit/preprocess";

await selectBackend();
setRandomSeed(1);

/** A noisy sine: twenty values, and the next. */
function sine() {
  const { x, y } = createSequences(generateTimeSeries({ length: 532, seed: 1 }), 20);
  return { x, y, model: buildStockForecaster(20, { units: 16 }) };
}

/** Reviews of twelve words out of 50: those below 25 praise, the others do not. */
function sentiment() {
  const random = seededRandom(1);
  const x = { data: new Int32Array(512 * 12), shape: [512, 12] };
  const y = { data: new Float32Array(512), shape: [512, 1] };
  for (let word = 0; word < x.data.length; word++) {
    x.data[word] = 1 + Math.floor(random.uniform() * 49);
    y.data[Math.floor(word / 12)] += x.data[word] < 25 ? 1 / 12 : 0;
  }
  y.data.forEach((share, review) => {
    y.data[review] = share > 0.5 ? 1 : 0;
  });
  return { x, y, model: buildSentimentClassifier("lstm", { vocabSize: 50, maxLen: 12 }) };
}

/** The bytes of NumPy's .npy: a line of Python that says type and shape, then the numbers. */
function npy({ data, shape }) {
  const dtype = data instanceof Int32Array ? "<i4" : "<f4";
  const dict = `{'descr': '${dtype}', 'fortran_order': False, 'shape': (${shape.join(", ")},), }`;
  const length = Uint16Array.of(118);
  const head = Buffer.concat([
    Buffer.from("\x93NUMPY\x01\x00", "latin1"),
    Buffer.from(length.buffer),
  ]);
  return Buffer.concat([head, Buffer.from(`${dict.padEnd(117)}\n`), Buffer.from(data.buffer)]);
}

const { x, y, model } = process.argv[2] === "sentiment" ? sentiment() : sine();
const { history } = await model.fit(toTensor(x), toTensor(y), { epochs: 3, shuffle: false });
console.log("losses here:", history.loss.map(Number).join(" "));
await saveKerasModel(model, "model.keras");
writeFileSync("x.npy", npy(x));
writeFileSync("y.npy", npy(y));
