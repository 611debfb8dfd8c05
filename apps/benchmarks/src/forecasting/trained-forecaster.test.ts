import { selectBackend } from "@rnnkit/backend-select";
import { registerKernels } from "@rnnkit/fused-rnn";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, expect, test } from "vitest";
import { bandSettings } from "./bands.ts";
import { buildOneLayer } from "./forecaster-model.ts";
import { prepareSeries } from "./prepared-series.ts";
import { namedSeries } from "./series.ts";
import { forecastsOf, newForecaster } from "./trained-forecaster.ts";

beforeAll(async () => {
  await selectBackend({ require: "wasm" });
  registerKernels();
});

const prepared = prepareSeries(namedSeries("sine", 1), 5);
const options = { units: 2, learningRate: 0.01, seed: 1, dropout: 0.2 };

for (const bands of [null, bandSettings("dropout", 50), bandSettings("quantile", 0)]) {
  test(`what comes in another task stops forecasts before they are through: bands ${bands?.method ?? "none"}`, async () => {
    const build = (layout: Parameters<typeof buildOneLayer>[1]) =>
      buildOneLayer({ ...options, cell: "lstm" }, layout);
    const before = tf.memory().numTensors;
    const forecaster = newForecaster(prepared, build, bands);
    const { x } = prepared.test;
    // More batches than one turn of the event loop has.
    const many = { data: new Float32Array(2000 * 5), shape: [2000, ...x.shape.slice(1)] };
    const stop = new AbortController();
    setImmediate(() => stop.abort());
    await expect(forecastsOf(forecaster, many, 1, stop.signal)).resolves.toBeNull();
    forecaster.model.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
}

for (const cell of ["simple_rnn", "lstm", "gru", "bidirectional_lstm"] as const) {
  test(`a forecaster of ${cell} that has learnt frees its optimizer with itself`, async () => {
    const before = tf.memory().numTensors;
    const { model } = newForecaster(
      prepared,
      (layout) => buildOneLayer({ ...options, cell }, layout),
      null,
    );
    const [x, y] = [tf.ones([2, 5, 1]), tf.ones([2, 1])];
    await model.fit(x, y, { epochs: 1, verbose: 0 });
    tf.dispose([x, y]);
    model.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
}
