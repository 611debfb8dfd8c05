// @ts-check
// A whole script of ours for `bench fit`: import, build, compile, fit, predict; says the last loss.
// `node whole-script.mjs FOLDER EPOCHS THREADS`; the folders are those of src/bench/model-folder.ts.
import "@tensorflow/tfjs-backend-wasm";
import process from "node:process";
import { getThreads, setThreads } from "@rnnkit/fused-rnn";
import * as tf from "@tensorflow/tfjs-core";
import { openFolder } from "./own-folder.mjs";

await tf.ready();
const [folder = "", epochs, threads] = process.argv.slice(2);
if (Number(threads) !== getThreads()) setThreads(Number(threads));
const { model, x, y, batchSize } = openFolder(folder);
const { history } = await model.fit(x, y, { batchSize, epochs: Number(epochs), verbose: 0 });
const predicted = /** @type {tf.Tensor} */ (model.predict(x));
await predicted.data();
console.log(JSON.stringify({ loss: history.loss?.at(-1), predicted: predicted.shape[0] }));
