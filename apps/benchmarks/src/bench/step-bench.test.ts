import { selectBackend } from "@rnnkit/backend-select";
import { registerKernels } from "@rnnkit/fused-rnn";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, expect, test } from "vitest";
import { relativeError } from "./agreement.ts";
import { compareSides, copyWeights } from "./step-bench.ts";
import type { SideTimes } from "./step-table.ts";
import { seededExamples, tutorialModels } from "./tutorial-models.ts";

beforeAll(async () => {
  await selectBackend({ require: "wasm" });
  registerKernels();
});

const side = (trainMs: number, predictMs: number): SideTimes => ({
  ...{ trainMs, predictMs, trainP95Ms: trainMs, predictP95Ms: predictMs, fitMs: null },
});

test("the ratio is stock over fused, and times are scaled by the measured peak over 59", () => {
  const { ratio, atGoalPeak } = compareSides(side(10, 4), side(300, 100), 29.5);
  expect(ratio).toEqual({ train: 30, predict: 25 });
  expect(atGoalPeak).toEqual({ trainMs: 5, predictMs: 2 });
});

test("one side alone has no ratio", () => {
  expect(compareSides(side(10, 4), null, 59)).toMatchObject({ ratio: null, stock: null });
  expect(compareSides(null, side(10, 4), 59)).toMatchObject({ ratio: null, atGoalPeak: null });
});

test("stock models have the fused ones' layers, weights, optimizer and loss", () => {
  for (const model of tutorialModels(1)) {
    const [fused, stock] = [model.fused(), model.stock()];
    const classes = (of: typeof fused) => of.layers.map((layer) => layer.getClassName());
    expect([model.name, classes(stock)]).toEqual([model.name, classes(fused)]);
    expect(stock.loss).toEqual(fused.loss);
    expect(stock.metricsNames).toEqual(fused.metricsNames);
    expect(stock.optimizer.getClassName()).toBe(fused.optimizer.getClassName());
    const { learningRate } = fused.optimizer.getConfig();
    expect(stock.optimizer.getConfig().learningRate).toBe(learningRate);
    copyWeights(fused, stock);
    const kernels = (of: typeof fused) =>
      of.getWeights().map((weight) => (weight.rank > 1 ? weight.shape : "bias"));
    const withoutRows = kernels(fused).map((shape) => (shape[0] === 2 ? "bias" : shape));
    expect(kernels(stock)).toEqual(withoutRows);
    fused.dispose();
    stock.dispose();
  }
});

test("from equal weights, small stock models predict what the fused ones do", () => {
  const small = tutorialModels(1).filter(
    ({ name, sameNumbers }) => sameNumbers && !name.startsWith("imdb"),
  );
  expect(small.length).toBeGreaterThanOrEqual(3);
  for (const model of small) {
    const [fused, stock] = [model.fused(), model.stock()];
    copyWeights(fused, stock);
    const { x, y } = seededExamples(model, 4, 3);
    const [ours, theirs] = [fused, stock].map((of) =>
      tf.tidy(() => (of.predict(x) as tf.Tensor).dataSync()),
    );
    expect(relativeError(ours!, theirs!)).toBeLessThan(1e-4);
    tf.dispose([x, y]);
    fused.dispose();
    stock.dispose();
  }
});

test("padding stands in front of the IMDB models' words, in about the share that is asked for", () => {
  for (const padding of [0, 0.55]) {
    const [model] = tutorialModels(1, padding);
    const { x, y } = seededExamples(model!, 64, 3);
    const rows = x.arraySync() as number[][];
    const zeros = rows.map((row) => row.filter((word) => word === 0).length);
    expect(rows.map((row) => row.findIndex((word) => word !== 0))).toEqual(zeros);
    expect(zeros.reduce((sum, n) => sum + n) / x.size).toBeCloseTo(padding, 1);
    tf.dispose([x, y]);
  }
});
