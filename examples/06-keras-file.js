// Out to a .keras file and in again, in the middle of training: Keras could have opened it in between.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { selectBackend } from "@rnnkit/backend-select";
import { buildStockForecaster, fromTensor, setRandomSeed, toTensor } from "@rnnkit/keras-builders";
import { loadKerasModel, saveKerasModel } from "@rnnkit/keras-files";
import { createSequences, generateTimeSeries } from "@rnnkit/preprocess";

await selectBackend({ prefer: "wasm" });
setRandomSeed(1);

const { x, y } = createSequences(generateTimeSeries({ length: 500, seed: 1 }), 20);
const [xs, ys] = [toTensor(x), toTensor(y)];
const inOrder = { batchSize: 32, shuffle: false };
const model = buildStockForecaster(20, { units: 16 });
await model.fit(xs, ys, { ...inOrder, epochs: 5 });

// In Python: model = keras.saving.load_model("model.keras"); model.fit(...); model.save("model.keras")
const folder = mkdtempSync(join(tmpdir(), "keras-file-"));
const file = join(folder, "model.keras");
await saveKerasModel(model, file);
const opened = await loadKerasModel(file);
rmSync(folder, { recursive: true });

const [before, after] = [model, opened].map((one) => fromTensor(one.predict(xs)).data);
console.log(
  `predictions at most apart: ${Math.max(...before.map((v, i) => Math.abs(v - after[i])))}`,
);

// The optimizer's moments are in the file: the one that was opened goes on as if it had never been away
const losses = async (one) => (await one.fit(xs, ys, { ...inOrder, epochs: 5 })).history.loss;
const [here, there] = [await losses(model), await losses(opened)];
console.log(
  `losses at most apart: ${Math.max(...here.map((loss, i) => Math.abs(loss - there[i])))}`,
);
const mean = y.data.reduce((sum, value) => sum + value, 0) / y.data.length;
const variance = y.data.reduce((sum, value) => sum + (value - mean) ** 2, 0) / y.data.length;
console.log(`loss: ${there.at(-1).toFixed(4)}, of the mean: ${variance.toFixed(4)}`);
