// Walk-forward evaluation: train on the past, forecast the next stretch, take it into the past, and so on, as one
// would have lived through it. One split alone says how the model did in one season.
import { selectBackend } from "@rnnkit/backend-select";
import { adam, fromTensor, layers, setRandomSeed, toTensor } from "@rnnkit/keras-builders";
import {
  createSequences,
  generateTimeSeries,
  meanAbsoluteError,
  StandardScaler,
  timeSeriesSplit,
} from "@rnnkit/preprocess";
import { sequential } from "@tensorflow/tfjs-layers";

await selectBackend({ prefer: "wasm" });
setRandomSeed(1);

// A yearly cycle of 24 half months, growing from year to year
const period = 24;
const cycle = generateTimeSeries({ length: 480, period, noise: 0.15, seed: 3 }).data;
const series = cycle.map((value, t) => 5 + value * (1 + t / 480));

const window = 24;
const folds = timeSeriesSplit(series, { nSplits: 4, testSize: 60 });
const totals = { model: 0, season: 0, last: 0 };
for (const [past, next] of folds) {
  // Everything is made anew from what was known then, the scaler too
  const scaler = new StandardScaler().fit(past);
  const train = createSequences(scaler.transform(past), window);
  const test = createSequences(scaler.transform([...past.slice(-window), ...next]), window);

  const model = sequential();
  model.add(layers.gru({ units: 16, inputShape: [window, 1] }));
  model.add(layers.dense({ units: 1 }));
  model.compile({ optimizer: adam({ learningRate: 0.01 }), loss: "mse" });
  await model.fit(toTensor(train.x), toTensor(train.y), { epochs: 15, batchSize: 16 });

  // One step ahead each: what came before it is known, to those beside the model as well
  const known = [...past, ...next];
  const forecasts = {
    model: scaler.inverseTransform(fromTensor(model.predict(toTensor(test.x)))).data,
    season: known.slice(past.length - period, -period),
    last: known.slice(past.length - 1, -1),
  };
  const errors = { model: 0, season: 0, last: 0 };
  for (const name of Object.keys(errors)) {
    errors[name] = meanAbsoluteError(next, forecasts[name]);
    totals[name] += errors[name];
  }
  console.log(`from ${past.length}, MAE:`, told(errors));
}
console.log("mean, MAE:", told(totals, folds.length));

function told(errors, count = 1) {
  const { model, season, last } = errors;
  const text = (error) => (error / count).toFixed(3);
  return `model ${text(model)}, last year ${text(season)}, last value ${text(last)}`;
}
