import { selectBackend } from "@rnnkit/backend-select";
import { registerKernels } from "@rnnkit/fused-rnn";
import fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import { bandSettings } from "./bands.ts";
import { buildForecaster } from "./forecaster-model.ts";
import type { Series } from "./one-series.ts";
import { namedSeries } from "./series.ts";
import {
  type FoldStep,
  planFolds,
  plannedWork,
  type WalkForwardJob,
  walkForward,
} from "./walk-forward.ts";

beforeAll(async () => {
  await selectBackend({ require: "wasm" });
  registerKernels();
});

const plan = { folds: 3, timesteps: 4, outputs: 2, allColumns: false };

function seriesOf(values: readonly number[], feature: readonly number[]): Series {
  const features = [{ name: "f", values: Float64Array.from(feature) }];
  const at = values.map((_, t) => t);
  return { ...namedSeries("sine", 1), values: Float64Array.from(values), at, features };
}

const wave = Array.from({ length: 80 }, (_, t) => Math.sin(t / 2) + ((t * 7) % 5) / 10);
const other = Array.from({ length: 80 }, (_, t) => Math.cos(t / 3));

test("the folds are equal stretches behind a growing past, and each has all points before it", () => {
  const folds = planFolds(seriesOf(wave, other), plan);
  expect(folds.map(({ trainPoints, end }) => [trainPoints, end])).toEqual([
    [20, 40],
    [40, 60],
    [60, 80],
  ]);
  for (const { trainPoints, end, windows, prepare } of folds) {
    const { train, test: stretch, fit, scaler } = prepare();
    expect(fit!.x.shape).toEqual([windows, 4, 2]);
    expect([windows, fit!.y.shape[1]]).toEqual([trainPoints - 5, 2]);
    expect(train.x.shape).toEqual([trainPoints - 4, 4, 2]);
    expect([stretch.firstTarget, stretch.x.shape[0]]).toEqual([trainPoints, end - trainPoints]);
    expect(scaler.dataMax[0]).toBe(Math.max(...wave.slice(0, trainPoints)));
  }
});

test("whatever comes after a fold's end changes nothing of it: windows, targets, scaler, season", () => {
  const values = fc.array(fc.double({ noNaN: true, min: -1e6, max: 1e6 }), {
    minLength: 40,
    maxLength: 40,
  });
  const told = (series: Series) => {
    const [fold] = planFolds(series, plan);
    const { prepare, ...others } = fold!;
    return JSON.stringify([prepare(), others]);
  };
  const before = told(seriesOf(wave, other));
  fc.assert(
    fc.property(values, values, (later, laterFeature) => {
      const changed = seriesOf(
        [...wave.slice(0, 40), ...later],
        [...other.slice(0, 40), ...laterFeature],
      );
      expect(told(changed)).toBe(before);
    }),
    { numRuns: 25 },
  );
  // And the stretch itself changes neither what its model learns from nor the scaler.
  const learnt = (series: Series) => {
    const { fit, scaler } = planFolds(series, plan)[0]!.prepare();
    return JSON.stringify([fit, scaler]);
  };
  const same = [...wave.slice(0, 20), ...wave.slice(20).map((x) => x * 3 + 1)];
  expect(learnt(seriesOf(same, other))).toBe(learnt(seriesOf(wave, other)));
});

function jobOf(series: Series, { signal }: AbortController): WalkForwardJob {
  const options = { model: "stock", units: 3, learningRate: 0.02, seed: 5 } as const;
  return {
    series,
    folds: planFolds(series, plan),
    build: (layout) => buildForecaster(options, layout),
    training: { epochs: 2, batchSize: 16, seed: 5 },
    ...{ ahead: 2, bands: null, signal },
  };
}

for (const bands of [null, bandSettings("dropout", 30), bandSettings("quantile", 0)]) {
  test(`every batch moves an evaluation on, to the end of what was planned: bands ${bands?.method ?? "none"}`, async () => {
    const told: FoldStep[] = [];
    const job: WalkForwardJob = {
      ...jobOf(seriesOf(wave, other), new AbortController()),
      ...{ bands, onStep: (step) => told.push(step) },
    };
    await walkForward(job);
    const total = plannedWork(job);
    expect(told.at(-1)).toEqual({ fold: 2, stage: "judging", loss: null, done: total, total });
    const before = [0, ...told.map(({ done }) => done)];
    // What a fold's judgement begins with is no batch yet.
    const still = told.filter(({ done }, i) => done === before[i]);
    expect(still.map(({ fold, stage }) => [fold, stage])).toEqual(
      [0, 1, 2].map((fold) => [fold, "judging"]),
    );
    expect(told.every(({ done }, i) => done >= before[i]!)).toBe(true);
    const judged = told.filter(({ fold, stage }) => fold === 2 && stage === "judging");
    // Two steps ahead of 20 windows at once; 600 more rows of them in batches of 256 where samples are drawn.
    expect(judged.length - 1).toBe(bands?.method === "dropout" ? 4 : 1);
    expect(told.every(({ stage, loss }) => (stage === "training") === (loss !== null))).toBe(true);
  });
}

test("folds that ended before an interruption are kept, and nothing is said of all together", async () => {
  const stop = new AbortController();
  const job = { ...jobOf(seriesOf(wave, other), stop), onFold: () => stop.abort() };
  const { folds, together } = await walkForward(job);
  expect([folds.map(({ trainPoints }) => trainPoints), together]).toEqual([[20], null]);
});

test("trained folds have the same bits whatever comes later, and the errors of what they predict", async () => {
  const judged = (series: Series) => walkForward(jobOf(series, new AbortController()));
  const { folds, together } = await judged(seriesOf(wave, other));
  const later = await judged(seriesOf([...wave.slice(0, 60), ...other.slice(60)], other));
  const timeless = (all: typeof folds) => all.map((fold) => ({ ...fold, seconds: 0 }));
  expect(timeless(later.folds).slice(0, 2)).toEqual(timeless(folds).slice(0, 2));
  expect(later.folds[2]!.test.actual).not.toEqual(folds[2]!.test.actual);

  const errors = folds.flatMap(({ test: { actual, predicted } }) =>
    actual.map((value, i) => Math.abs(value - predicted![i]!)),
  );
  expect(together!.steps.map(({ count }) => count)).toEqual([60, 57]);
  expect(together!.steps[0]!.model.mae).toBeAllclose(errors.reduce((a, b) => a + b) / 60);
  for (const { horizon } of folds) {
    const [first, second] = horizon.steps;
    expect(horizon.all.model.mae).toBeAllclose(
      (first!.model.mae * 20 + second!.model.mae * 19) / 39,
    );
  }
});

test("folds without room for a window or a given season are refused before any training", () => {
  const series = seriesOf(wave, other);
  expect(() => planFolds(series, { ...plan, folds: 19 })).toThrow(
    "expected at least 6 points to train on in the first fold of --walk-forward for --timesteps 4 and --ahead 2, got 4",
  );
  expect(() => planFolds(series, { ...plan, folds: 80 })).toThrow("at most 79 folds of 80 points");
  expect(() => planFolds(series, { ...plan, season: 21 })).toThrow(
    "--season: expected at most the 20 points that the first fold of --walk-forward trains on, got 21",
  );
});
