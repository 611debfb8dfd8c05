import "@tensorflow/tfjs-backend-cpu";
import { buildForecaster } from "@rnnkit/benchmarks/forecasting/forecaster-model";
import type { Series } from "@rnnkit/benchmarks/forecasting/one-series";
import { planFolds, walkForward } from "@rnnkit/benchmarks/forecasting/walk-forward";
import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { bandKinds, cells, defaults, type Settings } from "../app/settings.ts";
import type { JudgedFold, WalkStep } from "./messages.ts";
import { chosenSeries } from "./series-source.ts";
import { evaluateForward, type WalkListener } from "./walk-forward.ts";

const settings: Settings = {
  ...{ ...defaults.csv, column: "value", units: 3, window: 4, epochs: 2 },
  ...{ batch: 16, rate: 0.02, seed: 5, ahead: 3 },
};
const wave = Array.from({ length: 80 }, (_, t) => Math.sin(t / 2) + ((t * 7) % 5) / 10);

function seriesOf(values: readonly number[], chosen = settings): Series {
  const rows = values.map((value, t) => `${value},${value * Math.cos(t / 3)}`);
  const bytes = new TextEncoder().encode(["value,other", ...rows].join("\n"));
  return chosenSeries(chosen, { csv: { name: "wave.csv", bytes }, imdb: null, words: null });
}

async function judged(
  values: readonly number[],
  change: Partial<Settings> = {},
  listener: Partial<WalkListener> = {},
) {
  const folds: JudgedFold[] = [];
  const steps: WalkStep[] = [];
  const chosen = { ...settings, ...change };
  const outcome = await evaluateForward(seriesOf(values, chosen), chosen, 3, {
    signal: listener.signal ?? new AbortController().signal,
    onStep(step) {
      steps.push(step);
      listener.onStep?.(step);
    },
    onFold: (fold) => folds.push(fold),
  });
  return { folds, steps, outcome };
}

test("the page's folds of an LSTM are the command line's to the last bit, of all folds together too", async () => {
  const series = seriesOf(wave);
  const { units, rate: learningRate, seed, epochs, batch: batchSize, ahead } = settings;
  const plan = { folds: 3, timesteps: settings.window, outputs: 1, allColumns: false };
  const wanted = await walkForward({
    ...{ series, ahead, bands: null, signal: new AbortController().signal },
    folds: planFolds(series, plan),
    build: (layout) => buildForecaster({ model: "stock", units, learningRate, seed }, layout),
    training: { epochs, batchSize, seed },
  });
  const { folds, steps, outcome } = await judged(wave);
  expect(folds).toEqual(
    wanted.folds.map(({ test, horizon }) => ({
      ...horizon.steps[0],
      from: test.at[0],
      to: test.at.at(-1),
    })),
  );
  expect(outcome).toEqual({
    ending: "complete",
    together: wanted.together!.steps[0],
    farthest: { ...wanted.together!.steps[2], steps: 3 },
  });
  // 16, 36 and 56 windows in batches of 16, twice; then 20 windows three times, a step ahead each.
  const stages = steps.map(({ fold, stage }) => `${fold} ${stage}`);
  const counts = [...new Set(stages)].map((at) => stages.filter((stage) => stage === at).length);
  expect(counts).toEqual([2, 4, 6, 4, 8, 4]);
  const total = 3 * 2 * (16 + 36 + 56) + 3 * 3 * 20;
  expect(steps.at(-1)).toEqual({ fold: 3, stage: "judging", done: total, total });
});

const kinds: Pick<Settings, "cell" | "bands" | "features">[] = [
  ...cells.map((cell) => ({ cell, bands: "none" as const, features: "" })),
  ...bandKinds.map((bands) => ({ cell: "gru" as const, bands, features: "other" })),
];
for (const kind of kinds) {
  const { cell, bands, features } = kind;
  test(`whatever comes after a fold's end changes nothing of it: ${cell}, bands ${bands}${features && ", two columns"}`, async () => {
    const change = { ...kind, epochs: 1 };
    const later = [...wave.slice(0, 40), ...wave.slice(40).map((value) => 5 - 3 * value)];
    const [before, after] = [await judged(wave, change), await judged(later, change)];
    expect(after.folds[0]).toEqual(before.folds[0]);
    expect(after.folds[1]).not.toEqual(before.folds[1]);
    expect(before.folds[0]!.coverage !== null).toBe(bands !== "none");
  });
}

test("stopped, it keeps the folds that ended, says nothing of all together, and no tensor is left", async () => {
  const before = tf.memory().numTensors;
  const stop = new AbortController();
  const { folds, steps, outcome } = await judged(
    wave,
    {},
    {
      signal: stop.signal,
      onStep: ({ fold }) => fold === 2 && stop.abort(),
    },
  );
  expect([folds.length, steps.at(-1)!.fold]).toEqual([1, 2]);
  expect(steps.filter(({ fold }) => fold === 2)).toHaveLength(1);
  expect(outcome).toEqual({ ending: "stopped", together: null, farthest: null });
  expect(tf.memory().numTensors).toBe(before);
});

test("what cannot be cut is refused before any training, and a model that diverges ends it", async () => {
  const steps: WalkStep[] = [];
  const listener = { onStep: (step: WalkStep) => steps.push(step) };
  await expect(judged(wave, { window: 20 }, listener)).rejects.toThrow(
    "expected at least 21 points to train on in the first fold of --walk-forward",
  );
  expect(steps).toEqual([]);
  await expect(judged(wave, { rate: 1e30 })).rejects.toThrow(
    /the model of fold 1 diverged, its loss is (Infinity|NaN): a smaller learning rate may help/,
  );
});
