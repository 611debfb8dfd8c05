// The same models in this project's engine and in onnxruntime: equal predictions, then both timed in turn.
//   node compare.js          two seconds each, on one thread and on two
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { selectBackend } from "@rnnkit/backend-select";
import { seededRandom } from "@rnnkit/core-rnn";
import { setThreads } from "@rnnkit/fused-rnn";
import { buildSentimentClassifier, buildStockForecaster } from "@rnnkit/keras-builders";
import { exportOnnx } from "@rnnkit/keras-files";
import { onnxPredictor, predictorOf } from "./predictors.js";

const seconds = 2; // of each engine, batch size and number of threads
await selectBackend();
const random = seededRandom(1);
const models = {
  "sine, LSTM 50, 20 steps": [buildStockForecaster(20, { seed: 1 }), [20, 1], random.normal],
  "reviews, LSTM 32, 500 words": [
    buildSentimentClassifier("lstm", { vocabSize: 10000, maxLen: 500, seed: 1 }),
    [500],
    () => Math.floor(random.uniform() * 10000),
  ],
};

const folder = await mkdtemp(join(tmpdir(), "serving-"));
for (const [name, [model, shape, draw]] of Object.entries(models)) {
  const file = join(folder, "model.onnx");
  await writeFile(file, await exportOnnx(model));
  for (const threads of [1, 2]) {
    setThreads(threads);
    const here = predictorOf(model);
    const onnx = await onnxPredictor(file, { intraOpNumThreads: threads });
    for (const batch of [1, 32]) {
      const size = shape.reduce((product, n) => product * n, batch);
      const x = { data: Array.from({ length: size }, draw), shape: [batch, ...shape] };
      const [ours, theirs] = [await here(x), await onnx(x)];
      const apart = Math.max(...Array.from(ours.data, (y, i) => Math.abs(y - theirs.data[i])));
      const [ms, onnxMs] = await timed([() => here(x), () => onnx(x)]);
      console.log(
        `${name}, batch ${batch}, ${threads} threads: apart ${apart.toExponential(1)},`,
        `here ${ms.toFixed(2)} ms, onnxruntime ${onnxMs.toFixed(2)} ms, ratio ${(onnxMs / ms).toFixed(2)}`,
      );
    }
  }
}
await rm(folder, { recursive: true });

/** The median milliseconds of a call of each, taken in turn until the time is over. */
async function timed(calls) {
  const times = calls.map(() => []);
  const end = performance.now() + 1000 * seconds * calls.length;
  for (let round = 0; round < 10 || performance.now() < end; round++)
    for (const [i, call] of calls.entries()) {
      const start = performance.now();
      await call();
      if (round >= 5) times[i].push(performance.now() - start); // the first ones warm up
    }
  return times.map((all) => all.sort((a, b) => a - b)[Math.floor(all.length / 2)]);
}
