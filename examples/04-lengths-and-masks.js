// Sequences of different lengths: padded to one, with a mask that hides the padding from the network.
import { selectBackend } from "@rnnkit/backend-select";
import { seededRandom } from "@rnnkit/core-rnn";
import { adam, fromTensor, layers, setRandomSeed, toTensor } from "@rnnkit/keras-builders";
import { padSequences } from "@rnnkit/preprocess";
import * as tf from "@tensorflow/tfjs-core";
import { sequential } from "@tensorflow/tfjs-layers";

await selectBackend({ prefer: "wasm" });
setRandomSeed(1);

// Sequences of 3 to 20 digits from 1 to 9; the question: is the first digit larger than the last?
const random = seededRandom(1);
const digits = Array.from({ length: 900 }, () =>
  Array.from(
    { length: 3 + Math.floor(random.uniform() * 18) },
    () => 1 + Math.floor(random.uniform() * 9),
  ),
);
const answers = digits.map((sequence) => (sequence[0] > sequence[sequence.length - 1] ? 1 : 0));

// Padding behind, so that without a mask the last digit is followed by up to 17 zeros
const x = toTensor(padSequences(digits, { padding: "post" }));
const y = toTensor({ data: answers, shape: [answers.length, 1] });
const [trainX, testX] = tf.split(x, [700, 200]);
const [trainY, testY] = tf.split(y, [700, 200]);

// The same network with and without a mask: trained, its accuracy, and how far the prediction of a sequence among
// padding is from that of the sequence alone. Under a mask the padding is not there
for (const maskZero of [true, false]) {
  const model = sequential();
  model.add(layers.embedding({ inputDim: 10, outputDim: 8, maskZero, inputLength: null }));
  model.add(layers.gru({ units: 16 }));
  model.add(layers.dense({ units: 1, activation: "sigmoid" }));
  const optimizer = adam({ learningRate: 0.02 });
  model.compile({ optimizer, loss: "binary_crossentropy", metrics: ["acc"] });
  await model.fit(trainX, trainY, { epochs: 9, batchSize: 16 });
  const [, accuracy] = [model.evaluate(testX, testY)].flat();

  const padded = fromTensor(model.predict(testX)).data;
  const apart = digits.slice(700, 720).map((sequence, i) => {
    const alone = toTensor({ data: sequence, shape: [1, sequence.length] });
    return Math.abs(fromTensor(model.predict(alone)).data[0] - padded[i]);
  });
  console.log(
    `${maskZero ? "with" : "without"} a mask: accuracy ${accuracy.dataSync()[0].toFixed(3)},`,
    `alone and padded at most ${Math.max(...apart).toFixed(3)} apart`,
  );
}
const ones = answers.slice(700).filter((answer) => answer === 1).length / 200;
console.log(`the more frequent answer: ${Math.max(ones, 1 - ones).toFixed(3)}`);
