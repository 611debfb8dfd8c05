// Tomorrow's price from a CSV file, beside the answer that costs nothing: the price of today.
import { readFileSync } from "node:fs";
import { selectBackend } from "@rnnkit/backend-select";
import { fromTensor, layers, setRandomSeed, toTensor } from "@rnnkit/keras-builders";
import { createSequences, rootMeanSquaredError, StandardScaler } from "@rnnkit/preprocess";
import { sequential } from "@tensorflow/tfjs-layers";

await selectBackend({ prefer: "wasm" });
setRandomSeed(1);

// Prices wander wherever they like; their daily changes stay in one range, so those are what is learnt
const [, ...lines] = readFileSync(new URL("data/prices.csv", import.meta.url), "utf8")
  .trim()
  .split("\n");
const prices = lines.map((line) => Number(line.split(",")[1]));
const changes = prices.slice(1).map((price, day) => Math.log(price / prices[day]));

// The last fifth is the future: neither the model nor the scaler sees it
const days = 10;
const future = Math.floor(changes.length * 0.8);
const scaler = new StandardScaler().fit(changes.slice(0, future));
const train = createSequences(scaler.transform(changes.slice(0, future)), days);
const test = createSequences(scaler.transform(changes.slice(future - days)), days);

const model = sequential();
model.add(layers.gru({ units: 8, inputShape: [days, 1] }));
model.add(layers.dense({ units: 1 }));
model.compile({ optimizer: "adam", loss: "mse" });
await model.fit(toTensor(train.x), toTensor(train.y), { epochs: 30, batchSize: 32 });

// prices[future + i] is the last one known when change future + i comes
const predicted = scaler.inverseTransform(fromTensor(model.predict(toTensor(test.x)))).data;
const today = prices.slice(future, -1);
const tomorrow = prices.slice(future + 1);
const forecast = today.map((price, i) => price * Math.exp(predicted[i]));
console.log(
  `${tomorrow.length} days, RMSE of the model: ${rootMeanSquaredError(tomorrow, forecast).toFixed(3)}`,
);
console.log(`RMSE of today's price: ${rootMeanSquaredError(tomorrow, today).toFixed(3)}`);
