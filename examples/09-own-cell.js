// A cell of one's own: running averages whose rates are learnt. The data hide two rates, which training finds.
import { selectBackend } from "@rnnkit/backend-select";
import { adam, fromTensor, layers, RecurrentCell, setRandomSeed } from "@rnnkit/keras-builders";
import * as tf from "@tensorflow/tfjs-core";
import { initializers, sequential } from "@tensorflow/tfjs-layers";

await selectBackend({ prefer: "wasm" });
setRandomSeed(1);

/** s' = a·s + (1 − a)·x, with a in (0, 1) for each of the units. */
class Averages extends RecurrentCell {
  static className = "Averages";
  stateSize = 2;
  build() {
    this.addWeight("rate", [2], "float32", initializers.zeros());
    this.built = true;
  }
  call([x, state]) {
    const a = tf.sigmoid(this.getWeights()[0]);
    const next = tf.add(tf.mul(a, state), tf.mul(tf.sub(1, a), x));
    return [next, next];
  }
}

// The answer: one average of rate 0.5 of the first number, and one of rate 0.9 of the second
const [cases, steps] = [256, 16];
const x = tf.randomNormal([cases, steps, 2], 0, 1, "float32", 1);
const weightOf = (rate) =>
  Array.from({ length: steps }, (_, t) => (1 - rate) * rate ** (steps - 1 - t));
const weights = tf.stack([weightOf(0.5), weightOf(0.9)], 1); // [steps, 2]
const y = tf.sum(tf.mul(x, weights), 1);

const cell = new Averages({});
const model = sequential({ layers: [layers.rnn({ cell, inputShape: [steps, 2] })] });
model.compile({ optimizer: adam({ learningRate: 0.1 }), loss: "mse" });
const before = fromTensor(model.evaluate(x, y)).data[0];
await model.fit(x, y, { epochs: 12, batchSize: 32 });
const after = fromTensor(model.evaluate(x, y)).data[0];
console.log(`loss before: ${before.toExponential(1)}, after: ${after.toExponential(1)}`);
const found = [...fromTensor(tf.sigmoid(cell.getWeights()[0])).data];
console.log(
  `rates found: ${found.map((rate) => rate.toFixed(3)).join(" and ")}, hidden: 0.5 and 0.9`,
);
