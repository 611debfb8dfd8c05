// The fused LSTM as an operation in a layer of one's own: attention looks over its outputs for the step that matters.
import { selectBackend } from "@rnnkit/backend-select";
import { seededRandom } from "@rnnkit/core-rnn";
import { lstm } from "@rnnkit/fused-rnn";
import { adam, fromTensor, layers, setRandomSeed, toTensor } from "@rnnkit/keras-builders";
import * as tf from "@tensorflow/tfjs-core";
import { initializers, sequential, layers as stock } from "@tensorflow/tfjs-layers";

await selectBackend({ prefer: "wasm" });
setRandomSeed(1);

/** [B, T, I] to [B, H]: an LSTM's outputs, averaged with weights that are learnt from them. */
class AttentiveLstm extends stock.Layer {
  static className = "AttentiveLstm";
  units = 16;
  build([, , features]) {
    const add = (name, shape) =>
      this.addWeight(name, shape, "float32", initializers.randomNormal({ stddev: 0.2, seed: 1 }));
    add("kernel", [features, 4 * this.units]);
    add("recurrent_kernel", [this.units, 4 * this.units]);
    add("query", [this.units]);
    this.built = true;
  }
  computeOutputShape([batch]) {
    return [batch, this.units];
  }
  /** The outputs [B, T, H], and how much each step counts [B, T]: a row adds up to 1. */
  attend(x) {
    const [kernel, recurrentKernel, query] = this.getWeights();
    const { outputs } = lstm(x, { kernel, recurrentKernel });
    return [outputs, tf.softmax(tf.sum(tf.mul(outputs, query), 2))];
  }
  call(inputs) {
    return tf.tidy(() => {
      const [outputs, attention] = this.attend([inputs].flat()[0]);
      return tf.sum(tf.mul(outputs, tf.expandDims(attention, 2)), 1);
    });
  }
}

// 20 steps of a number and a flag; the flag marks one step, whose number is the answer
const random = seededRandom(1);
const [cases, steps] = [1200, 20];
const x = new Float32Array(cases * steps * 2).map((_, i) => (i % 2 ? 0 : random.normal()));
const marked = Array.from({ length: cases }, () => Math.floor(random.uniform() * steps));
const y = marked.map((step, i) => {
  x[2 * (i * steps + step) + 1] = 1;
  return x[2 * (i * steps + step)];
});
const [trainX, testX] = tf.split(toTensor({ data: x, shape: [cases, steps, 2] }), [1000, 200]);
const [trainY, testY] = tf.split(toTensor({ data: y, shape: [cases, 1] }), [1000, 200]);

const attentive = new AttentiveLstm({ inputShape: [steps, 2] });
const model = sequential({ layers: [attentive, layers.dense({ units: 1 })] });
model.compile({ optimizer: adam({ learningRate: 0.01 }), loss: "mse" });
await model.fit(trainX, trainY, { epochs: 8, batchSize: 25 });
const loss = fromTensor(model.evaluate(testX, testY)).data[0];
console.log(
  `mean squared error: ${loss.toFixed(3)}, of saying 0: ${mean(y.slice(1000).map((v) => v * v)).toFixed(3)}`,
);

const weights = fromTensor(attentive.attend(testX)[1]).data; // [200, 20]
console.log(
  `attention at the marked step: ${mean(marked.slice(1000).map((step, i) => weights[i * steps + step])).toFixed(2)} of 1, of chance: ${1 / steps}`,
);

function mean(values) {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
