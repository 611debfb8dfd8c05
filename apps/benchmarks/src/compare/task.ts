import { createHash } from "node:crypto";
import type { NdArray } from "@rnnkit/preprocess";
import { lastValueForecast } from "../forecasting/baseline.ts";
import type { Series } from "../forecasting/one-series.ts";
import { prepareSeries } from "../forecasting/prepared-series.ts";
import { namedSeries } from "../forecasting/series.ts";
import { prepareReviews } from "../reviews/reviews.ts";
import { rootMeanSquare, standardDeviation } from "../statistics.ts";
import { DEFAULT_SEED } from "../terminal/option-types.ts";
import type { Progress } from "../terminal/progress.ts";
import type { Examples } from "../training.ts";
import type { Task } from "./schema.ts";

/** What tells any machine how to get the examples. A file's series travels in it. */
export type TaskRequest =
  | { kind: "series"; name: Task["name"]; timesteps: number; series?: CarriedSeries }
  | { kind: "reviews"; name: "reviews" | "imdb"; limit: number; maxlen: number; vocab: number };

/** A series as JSON can hold it. */
export type CarriedSeries = Omit<Series, "values"> & { values: number[] };

/** The examples, and what a result says of them. */
export interface LoadedTask {
  task: Task;
  train: Examples;
  /** What every epoch ends with a look at: of a series the test part. */
  validation: Examples;
  test: Examples;
  /** Predictions of a series in its own unit. */
  inOwnUnit(predicted: Float64Array): number[];
}

/** Where the examples come from on this machine, beside what is asked for. */
export interface TaskPlace {
  /** An `imdb.npz`; without it the cache, or a download. */
  imdbPath?: string;
  progress: Progress;
  signal: AbortSignal;
}

/** The series in a request. */
export function carriedSeries({ values, ...about }: Series): CarriedSeries {
  return { ...about, values: Array.from(values) };
}

/**
 * Loads or generates the examples, the same on every machine.
 *
 * @throws UsageError when the series is too short; what reading and downloading throw
 */
export async function loadTask(request: TaskRequest, place: TaskPlace): Promise<LoadedTask> {
  return request.kind === "series" ? loadSeries(request) : loadReviews(request, place);
}

function loadSeries(request: Extract<TaskRequest, { kind: "series" }>): LoadedTask {
  const { name, timesteps } = request;
  const series: Series = request.series
    ? { ...request.series, values: Float64Array.from(request.series.values) }
    : namedSeries(name, DEFAULT_SEED);
  const { scaler, train, test } = prepareSeries(series, timesteps);
  const end = test.firstTarget + rowsOf(test);
  const actual = Array.from(series.values.subarray(test.firstTarget, end));
  return {
    task: {
      name,
      title: series.title,
      kind: "series",
      synthetic: series.synthetic,
      digest: digestOf(train, test),
      examples: { train: rowsOf(train), test: rowsOf(test), steps: timesteps, features: 1 },
      measure: "rmse",
      unit: series.valueLabel,
      lossUnit: scaler.dataRange[0] as number,
      baselines: {
        "last value": rootMeanSquare(
          actual,
          Array.from(lastValueForecast(series.values, test.firstTarget, end)),
        ),
        "own deviation": standardDeviation(actual),
      },
    },
    ...{ train, validation: test, test },
    inOwnUnit: (predicted) =>
      Array.from(scaler.inverseTransform({ data: predicted, shape: [predicted.length, 1] }).data),
  };
}

async function loadReviews(
  request: Extract<TaskRequest, { kind: "reviews" }>,
  { imdbPath, progress, signal }: TaskPlace,
): Promise<LoadedTask> {
  const { name, limit, maxlen, vocab } = request;
  const { data, train, validation, test } = await prepareReviews(
    name === "imdb" ? { kind: "imdb", path: imdbPath } : { kind: "synthetic" },
    { limit, maxlen, vocab, seed: DEFAULT_SEED },
    { progress, signal },
  );
  const positive = Array.from(test.y.data).filter((label) => label === 1).length / rowsOf(test);
  return {
    task: {
      name,
      title: data.title,
      kind: "reviews",
      synthetic: data.synthetic,
      digest: digestOf(train, validation, test),
      examples: {
        ...{ train: rowsOf(train), test: rowsOf(test) },
        ...{ steps: data.maxLen, features: data.vocabSize },
      },
      measure: "accuracy",
      unit: "",
      lossUnit: null,
      baselines: { "the more frequent label": Math.max(positive, 1 - positive) },
    },
    ...{ train, validation, test },
    inOwnUnit: (predicted) => Array.from(predicted),
  };
}

function rowsOf({ x }: Examples): number {
  return x.shape[0] as number;
}

function digestOf(...parts: Examples[]): string {
  const hash = createHash("sha256");
  for (const { data, shape } of parts.flatMap(({ x, y }): NdArray[] => [x, y])) {
    hash.update(JSON.stringify(shape)).update(Float32Array.from(data));
  }
  return hash.digest("hex");
}
