// @ts-check
// This project's own side of `bench peers` and `bench fit`: what peer.py is of another system, question by
// question. `node own-peer.mjs THREADS`.
import "@tensorflow/tfjs-backend-wasm";
import process from "node:process";
import { createInterface } from "node:readline";
import { getThreads, setThreads } from "@rnnkit/fused-rnn";
import * as tf from "@tensorflow/tfjs-core";
import { openFolder } from "./own-folder.mjs";

/** @typedef {{ do: string, folder: string, steps: number, epochs: number }} Request */

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const answer = (/** @type {unknown} */ value) => {
  process.stdout.write(`${JSON.stringify(value)}\n`);
};

await tf.ready();
const threads = Number(process.argv[2]);
if (threads !== getThreads()) setThreads(threads);
answer({ version: "rnnkit" });

/** @type {import("./own-folder.mjs").Opened | undefined} */
let opened;

/** @type {Record<string, (request: Request) => Promise<unknown> | unknown>} */
const answers = {
  async open({ folder }) {
    opened?.dispose();
    opened = openFolder(folder);
    return {};
  },
  predictions: () => Array.from(predict(current())),
  async loss() {
    const { model, batch } = current();
    return [await model.trainOnBatch(batch.x, batch.y)].flat()[0];
  },
  async losses({ epochs }) {
    const { model, x, y, batchSize } = current();
    const { history } = await model.fit(x, y, { batchSize, epochs, shuffle: false, verbose: 0 });
    return history.loss;
  },
  async steps({ steps }) {
    const { model, batch } = current();
    /** @type {{ train: number[], predict: number[] }} */
    const times = { train: [], predict: [] };
    for (let i = 0; i < steps; i++) {
      const startedAt = performance.now();
      await model.trainOnBatch(batch.x, batch.y);
      times.train.push(performance.now() - startedAt);
    }
    for (let i = 0; i < steps; i++) {
      const startedAt = performance.now();
      predict(current());
      times.predict.push(performance.now() - startedAt);
    }
    return times;
  },
  async fit({ epochs }) {
    const { model, x, y, batchSize } = current();
    let startedAt = performance.now();
    /** @param {number} _ @param {import("@tensorflow/tfjs-layers").Logs | undefined} logs */
    const onEpochEnd = async (_, logs) => {
      answer({ ms: performance.now() - startedAt, loss: logs?.loss });
      await lines.next();
      startedAt = performance.now();
    };
    await model.fit(x, y, { batchSize, epochs, verbose: 0, callbacks: { onEpochEnd } });
    return { ms: performance.now() - startedAt };
  },
};

for (let line = await lines.next(); !line.done; line = await lines.next()) {
  /** @type {Request} */
  const request = JSON.parse(line.value);
  answer(await answers[request.do]?.(request));
}
process.exit(0);

function current() {
  if (!opened) throw new Error("expected an opened model, got none");
  return opened;
}

/** @param {import("./own-folder.mjs").Opened} opened */
function predict({ model, batch }) {
  return tf.tidy(() => /** @type {tf.Tensor} */ (model.predictOnBatch(batch.x)).dataSync());
}
