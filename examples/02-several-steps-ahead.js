// Ten steps ahead in two ways: all at once (direct), or one by one from its own forecasts (recursive).
import { selectBackend } from "@rnnkit/backend-select";
import { adam, fromTensor, layers, setRandomSeed, toTensor } from "@rnnkit/keras-builders";
import { generateTimeSeries, prepareData, rootMeanSquaredError } from "@rnnkit/preprocess";
import { sequential } from "@tensorflow/tfjs-layers";

await selectBackend({ prefer: "wasm" });
setRandomSeed(1);

const [past, ahead] = [20, 10];
const series = generateTimeSeries({ length: 800, period: 25, noise: 0.1, seed: 1 }).data;
const train = series.slice(0, 600);
const test = prepareData(series.slice(600), past, ahead); // x [171, 20, 1], y [171, 10]
const cases = test.x.shape[0];

/** A forecaster of so many steps at once. */
async function trained(steps) {
  const { x, y } = prepareData(train, past, steps);
  const model = sequential();
  model.add(layers.lstm({ units: 16, inputShape: [past, 1] }));
  model.add(layers.dense({ units: steps }));
  model.compile({ optimizer: adam({ learningRate: 0.005 }), loss: "mse" });
  await model.fit(toTensor(x), toTensor(y), { epochs: 12, batchSize: 16 });
  return model;
}

// Direct: one model with ten outputs
const direct = fromTensor((await trained(ahead)).predict(toTensor(test.x))).data;

// Recursive: a model of one step, whose forecast becomes the window's newest value
const next = await trained(1);
const recursive = new Float32Array(cases * ahead);
const windows = Float32Array.from(test.x.data);
for (let step = 0; step < ahead; step++) {
  const y = fromTensor(next.predict(toTensor({ data: windows, shape: [cases, past, 1] }))).data;
  windows.copyWithin(0, 1); // every window moves on by one value; its last place is written anew
  for (let i = 0; i < cases; i++) {
    recursive[i * ahead + step] = y[i];
    windows[i * past + past - 1] = y[i];
  }
}

const lastValue = Float32Array.from(test.y.data, (_, i) => {
  const window = Math.floor(i / ahead);
  return test.x.data[window * past + past - 1];
});
const column = (values, step) => Array.from({ length: cases }, (_, i) => values[i * ahead + step]);
for (const step of [0, 4, 9]) {
  const rmse = (values) =>
    rootMeanSquaredError(column(test.y.data, step), column(values, step)).toFixed(3);
  console.log(
    `${step + 1} ahead, RMSE: direct ${rmse(direct)}, recursive ${rmse(recursive)}, last value ${rmse(lastValue)}`,
  );
}
console.log("the noise alone: 0.100");
