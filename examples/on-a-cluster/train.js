// Trains a model here, and writes what train.py goes on with: the model, and its examples for NumPy.
//   node train.js                an LSTM that forecasts a noisy sine
//   node train.js sentiment      an LSTM that judges reviews
import { writeFileSync } from "node:fs";
import { selectBackend } from "@rnnkit/backend-select";
import { toTensor } from "@rnnkit/keras-builders";
import { saveKerasModel } from "@rnnkit/keras-files";
import { task } from "./task.js";

await selectBackend({ prefer: "wasm" });
const { x, y } = task;
const model = task.build();
const { history } = await model.fit(toTensor(x), toTensor(y), { epochs: 3 });
console.log("losses:", ...history.loss);
await saveKerasModel(model, "model.keras");
writeFileSync("x.npy", npy(x));
writeFileSync("y.npy", npy(y));

/** NumPy's .npy: a line of Python that says type and shape, as long as says the number before it; then the numbers. */
function npy({ data, shape }) {
  const type = data instanceof Int32Array ? "<i4" : "<f4";
  const line = `{'descr': '${type}', 'fortran_order': False, 'shape': (${shape.join(", ")},), }`;
  const head = Buffer.from(`\x93NUMPY\x01\x00\x76\x00${line.padEnd(117)}\n`, "latin1");
  return Buffer.concat([head, Buffer.from(data.buffer, data.byteOffset, data.byteLength)]);
}
