// Walk-forward evaluation: train on the past, forecast the next stretch, take it into the past, and so on, as one
// would have lived through it. One split alone says how the model did in one season.
import { selectBackend } from "@rnnkit/backend-select";
import { adam, fromTensor, layers, setRandomSeed, toTensor } from "@rnnkit/keras-builders";
import {
  createSequences,
  generateTimeSeries,
  meanAbsoluteError,
  StandardScaler,
} from "@rnnkit/preprocess";
import { sequential } from "@tensorflow/tfjs-layers";

await selectBackend({ prefer: "wasm" });
setRandomSeed(1);

// A yearly cycle of 24 half months, growing from year to year
const period = 24;
const cycle = generateTimeSeries({ length: 480, period, noise: 0.15, seed: 3 }).data;
const series = cycle.map((value, t) => 5 + value * (1 + t / 480));

const window = 24;
const stretch = 60;
const totals = { model: 0, season: 0, last: 0 };
let folds = 0;
for (let now = 240; now + stretch <= series.length; now += stretch, folds++) {
  // Everything is made anew from what was known then, the scaler too
  const scaler = new StandardScaler().fit(series.slice(0, now));
  const past = createSequences(scaler.transform(series.slice(0, now)), window);
  const next = createSequences(scaler.transform(series.slice(now - window, now + stretch)), window);

  const model = sequential();
  model.add(layers.gru({ units: 16, inputShape: [window, 1] }));
  model.add(layers.dense({ units: 1 }));
  model.compile({ optimizer: adam({ learningRate: 0.01 }), loss: "mse" });
  await model.fit(toTensor(past.x), toTensor(past.y), { epochs: 15, batchSize: 16 });

  const actual = series.slice(now, now + stretch);
  const forecast = scaler.inverseTransform(fromTensor(model.predict(toTensor(next.x)))).data;
  const errors = {
    model: meanAbsoluteError(actual, forecast),
    season: meanAbsoluteError(actual, series.slice(now - period, now - period + stretch)),
    last: meanAbsoluteError(actual, series.slice(now - 1, now - 1 + stretch)),
  };
  for (const name of Object.keys(totals)) totals[name] += errors[name];
  console.log(`from ${now}, MAE:`, told(errors));
}
console.log("mean, MAE:", told(totals, folds));

function told(errors, count = 1) {
  const { model, season, last } = errors;
  const text = (error) => (error / count).toFixed(3);
  return `model ${text(model)}, last year ${text(season)}, last value ${text(last)}`;
}
