// All the work: `fit` blocks its thread for a batch at a time, which here is nobody's.
import { describeBackend, selectBackend } from "@rnnkit/backend-select";
import { getThreads } from "@rnnkit/fused-rnn";
import { buildLstmForecaster } from "@rnnkit/keras-builders";
import { createSequences, generateTimeSeries, MinMaxScaler } from "@rnnkit/preprocess";
import vanilla from "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm?url";
import simd from "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url";
import threaded from "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-threaded-simd.wasm?url";
import { tensor } from "@tensorflow/tfjs-core";

const steps = 24;
const wasmPaths = {
  "tfjs-backend-wasm.wasm": vanilla,
  "tfjs-backend-wasm-simd.wasm": simd,
  "tfjs-backend-wasm-threaded-simd.wasm": threaded,
};

addEventListener("message", async ({ data: { epochs } }) => {
  const selection = await selectBackend({ wasmPaths });
  postMessage({ backend: describeBackend(selection), threads: getThreads() });

  const scaler = new MinMaxScaler();
  const series = scaler.fitTransform(generateTimeSeries({ length: 1000, seed: 1 }));
  const { x, y } = createSequences(series, steps);
  const model = buildLstmForecaster(steps, 1, 1, { units: [32, 32], seed: 1 });
  await model.fit(tensor(x.data, x.shape), tensor(y.data, y.shape), {
    epochs,
    callbacks: { onEpochEnd: (epoch, { loss }) => postMessage({ epoch, loss }) },
  });

  const last = tensor(series.data.slice(-steps), [1, steps, 1]);
  const scaled = await model.predict(last).data();
  const [forecast] = scaler.inverseTransform({ data: scaled, shape: [1, 1] }).data;
  postMessage({ forecast });
});

// What goes wrong in an async function is the page's worker.onerror's too.
addEventListener("unhandledrejection", ({ reason }) => {
  throw reason;
});
