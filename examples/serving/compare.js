// The same models in this project's engine and in onnxruntime: equal predictions, and then both timed in turn.
import { selectBackend } from "@rnnkit/backend-select";
import { seededRandom } from "@rnnkit/core-rnn";
import { setThreads } from "@rnnkit/fused-rnn";
import { buildSentimentClassifier, buildStockForecaster } from "@rnnkit/keras-builders";
import { exportOnnx } from "@rnnkit/keras-files";
import { kerasPredictor, onnxPredictor } from "./predictors.js";

const seconds = 2; // for each engine, batch size and number of threads
await selectBackend({ prefer: "wasm" });
const random = seededRandom(1);
const models = [
  {
    name: "sine, LSTM 50, 20 steps",
    model: buildStockForecaster(20, { seed: 1 }),
    shape: [20, 1],
    draw: random.normal,
  },
  {
    name: "reviews, LSTM 32, 500 words",
    model: buildSentimentClassifier("lstm", { vocabSize: 10000, maxLen: 500, seed: 1 }),
    shape: [500],
    draw: () => Math.floor(random.uniform() * 10000),
  },
];

for (const { name, model, shape, draw } of models) {
  const file = await exportOnnx(model);
  for (const threads of [1, 2]) {
    setThreads(threads);
    const here = kerasPredictor(model);
    const onnx = await onnxPredictor(file, { intraOpNumThreads: threads });
    for (const batch of [1, 32]) {
      const size = shape.reduce((product, n) => product * n, batch);
      const x = { data: Array.from({ length: size }, draw), shape: [batch, ...shape] };
      const [ours, theirs] = [await here(x), await onnx(x)];
      const apart = Math.max(...theirs.data.map((y, i) => Math.abs(y - Number(ours.data[i]))));
      const [ms, onnxMs] = await timed([() => here(x), () => onnx(x)]);
      console.log(
        `${name}, batch ${batch}, ${threads} threads: at most apart ${apart.toExponential(1)};`,
        `here ${ms.toFixed(2)} ms, onnxruntime ${onnxMs.toFixed(2)} ms, ratio ${(ms / onnxMs).toFixed(2)}`,
      );
    }
  }
}

/** The median milliseconds of a call of each, taken in turn until the time is over. */
async function timed(calls) {
  const times = calls.map(() => []);
  const warmUp = 5;
  const end = performance.now() + 1000 * seconds * calls.length;
  for (let round = 0; round <= warmUp || performance.now() < end; round++)
    for (const [i, call] of calls.entries()) {
      const start = performance.now();
      await call();
      if (round >= warmUp) times[i].push(performance.now() - start);
    }
  return times.map((all) => all.sort((a, b) => a - b)[Math.floor(all.length / 2)]);
}
