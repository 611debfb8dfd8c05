// A stream: one measurement at a time, the state carried from call to call, nothing computed twice.
import { selectBackend } from "@rnnkit/backend-select";
import { fromTensor, layers, setRandomSeed, toTensor } from "@rnnkit/keras-builders";
import { generateTimeSeries, rootMeanSquaredError } from "@rnnkit/preprocess";
import * as tf from "@tensorflow/tfjs-core";
import { sequential } from "@tensorflow/tfjs-layers";

await selectBackend({ prefer: "wasm" });
setRandomSeed(1);

/** After each step the next value. Stateful, it reads one step a call, of two streams side by side. */
function forecaster(stateful) {
  const shape = stateful ? { batchInputShape: [2, 1, 1] } : { inputShape: [null, 1] };
  const model = sequential();
  model.add(layers.lstm({ units: 16, returnSequences: true, stateful, ...shape }));
  model.add(layers.dense({ units: 1 }));
  return model;
}

// Trained on whole sequences, each step's target being the step after it
const sequences = toTensor(generateTimeSeries({ batch: 60, length: 61, period: 20, seed: 1 }));
const trained = forecaster(false);
trained.compile({ optimizer: "adam", loss: "mse" });
const [x, y] = [0, 1].map((from) => tf.slice(sequences, [0, from], [60, 60]));
await trained.fit(x, y, { epochs: 80, batchSize: 10 });

// At work step by step, on two new streams at once, with the same weights
const live = forecaster(true);
live.setWeights(trained.getWeights());
const streams = toTensor(generateTimeSeries({ batch: 2, length: 200, period: 20, seed: 2 }));
const values = fromTensor(streams).data; // [2, 200, 1]
const said = new Float32Array(400);
for (let t = 0; t < 200; t++) {
  const now = toTensor({ data: [values[t], values[200 + t]], shape: [2, 1, 1] });
  const next = live.predict(now);
  [said[t], said[200 + t]] = fromTensor(next).data;
  tf.dispose([now, next]);
}
live.resetStates(); // before streams that have nothing to do with these

const whole = fromTensor(trained.predict(streams)).data;
const apart = Math.max(...said.map((value, i) => Math.abs(value - whole[i])));
console.log(`step by step and as a whole, at most apart: ${apart.toExponential(1)}`);

const after = (array, from) => [
  ...array.slice(from, 199 + from),
  ...array.slice(200 + from, 399 + from),
];
const rmse = (guess) => rootMeanSquaredError(after(values, 1), after(guess, 0)).toFixed(3);
console.log(
  `RMSE of the next value: ${rmse(said)}, last value ${rmse(values)}, the noise alone 0.100`,
);
