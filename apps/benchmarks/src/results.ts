import type { Strategy } from "./forecasting/layout.ts";
import { median } from "./statistics.ts";

/** Version of the results' form; a reader refuses what it does not know. */
export const SCHEMA_VERSION = 4;

/** How a run or a whole command ended. */
export type Status = "complete" | "interrupted" | "failed";

/** Everything one command measured: what the JSON file holds and the report is made from. */
export interface Results {
  schemaVersion: typeof SCHEMA_VERSION;
  command: string;
  status: Status;
  /** Why, when **status** is *failed*. */
  error: string | null;
  /** ISO 8601, UTC. */
  startedAt: string;
  /** Wall-clock seconds from the start of the first run to the end of the last. */
  seconds: number;
  environment: Environment;
  runs: Run[];
}

/** The machine and the software that the figures belong to. */
export interface Environment {
  node: string;
  platform: string;
  cpu: string;
  logicalCores: number;
  memoryGiB: number;
  backend: {
    /** As backend-select names it: tfjs-node-gpu, webgpu, wasm, tfjs-node, cpu. */
    name: string;
    candidates: { name: string; outcome: string; reason: string }[];
  };
  /** Package name to version. */
  packages: Record<string, string>;
}

/** One model trained once. */
export type Run = ClassicRun | ForecastRun | SentimentRun;

/** A listing of the tutorial, by its part. */
export type Listing = "I" | "III short" | "III full" | "IV short" | "IV full";

/** What every run records. */
export interface BaseRun {
  status: Status;
  /** The tutorial's listing that was run; null where it was none of them. */
  listing: Listing | null;
  model: ModelSummary;
  /** What the run was asked for, defaults spelled out. */
  options: Record<string, number | string>;
  epochs: Epoch[];
  timings: {
    trainSeconds: number;
    /** Prediction (forecast) or test (classic, sentiment). */
    evaluateSeconds: number;
  };
}

export interface ModelSummary {
  /** The builder's name in keras-builders, or the class's in core-rnn. */
  builder: string;
  layers: string[];
  parameters: number;
  loss: string;
  optimizer: string;
}

/** One pass over the training part; cut short when **steps** is less than **plannedSteps**. */
export interface Epoch {
  epoch: number;
  steps: number;
  plannedSteps: number;
  seconds: number;
  /** Mean over the examples; null in a file when it is not finite, for JSON has no other word. */
  loss: number;
  accuracy: number | null;
  validationLoss: number | null;
  validationAccuracy: number | null;
}

/** core-rnn's SimpleRNN on a small task that needs memory. */
export interface ClassicRun extends BaseRun {
  kind: "classic";
  /** [T, H, 1], as the tutorial's columns; core-rnn's own are [T, H]. */
  statesShape: number[];
  data: { sequences: number; steps: number; features: number };
  /** Mean squared errors; those after training null until it has ended. */
  loss: { before: number; after: number | null; unseen: number | null };
}

export interface ForecastRun extends BaseRun {
  kind: "forecast";
  data: {
    name: string;
    title: string;
    source: string;
    synthetic: boolean;
    points: number;
    /** Missing values that were replaced by the value before them. */
    gapsFilled: number;
    /** What was understood, put right or left out when a file was read. */
    notes: string[];
    /** Label of the values' axis, with the unit. */
    valueLabel: string;
    axis: { label: string; kind: "number" | "date" };
    /** The further columns that the model sees the past of; empty for the series alone. */
    features: string[];
  };
  /** Root mean squared errors in the series' own unit, one step ahead; null until the model has predicted. */
  rmse: { train: number; test: number } | null;
  /** The same errors of the forecast "no change since the last value". */
  baselineRmse: { train: number; test: number };
  /** Standard deviation of each part's values: the error of always saying their mean. */
  deviation: { train: number; test: number };
  /** Of the seasonal baseline; null where none was given or found in the training part. */
  season: Season | null;
  train: ForecastPart;
  test: ForecastPart;
  /** How the lower and upper ends were made; null where none were asked for. */
  bands: BandSettings | null;
  /** Errors on the test part, step by step of the horizon; null until the model has predicted. */
  horizon: HorizonErrors | null;
  /** Trained anew on a growing past, judged on the stretch after it; null where it was not asked for. */
  walkForward: WalkForward | null;
  /** Beyond the end of the data, where it was asked for; null until the model has said it. */
  ahead: {
    strategy: Strategy;
    at: (number | string)[];
    values: number[];
    /** As long as **values**; null without bands. */
    lower: number[] | null;
    upper: number[] | null;
  } | null;
}

/** One-step-ahead forecasts in the series' own unit, in time order. */
export interface ForecastPart {
  at: (number | string)[];
  actual: number[];
  predicted: number[] | null;
  lastValue: number[];
  /** The value one season before; null without a season, or where the part begins within the first one. */
  seasonal: number[] | null;
  /** Ends of the band around **predicted**; null without bands, and of the training part. */
  lower: number[] | null;
  upper: number[] | null;
}

/** Points in one season, and who says so. */
export interface Season {
  length: number;
  source: "given" | "dates" | "autocorrelation";
}

/** What bands are made of, and how many values should lie in them. */
export interface BandSettings {
  /** *dropout*: quantiles of **samples** predictions with dropout left on; *quantile*: outputs of a pinball loss. */
  method: "dropout" | "quantile";
  /** The shares of values that should lie below the lower and below the upper end. */
  levels: [number, number];
  /** The share that should lie between: the difference of the levels. */
  nominal: number;
  /** Null where none are drawn. */
  samples: number | null;
}

/** Errors of one kind of forecast, in the series' own unit but for **mase**. */
export interface Errors {
  mae: number;
  rmse: number;
  /** mae / the training part's mean |change from one value to the next|; null where it never changes. */
  mase: number | null;
}

/** The model beside its baselines over the same **count** values. */
export interface JudgedForecasts {
  count: number;
  model: Errors;
  lastValue: Errors;
  /** Null without a season. */
  seasonal: Errors | null;
  /** Share of the values within the bands, their ends included, and the mean width; null without bands. */
  coverage: number | null;
  width: number | null;
}

/** From every point of a stretch, so many steps ahead as lie in it. */
export interface HorizonErrors {
  /** The first is one step ahead; fewer than were asked for where the stretch is shorter, or more would take long. */
  steps: JudgedForecasts[];
  all: JudgedForecasts;
}

/** An expanding window: each fold trains on all before its stretch, with a scaler and a season of its own. */
export interface WalkForward {
  /** As many as have ended. */
  folds: Fold[];
  /** All values of all folds; null until the last has ended. A seasonal error only where each fold has a season. */
  together: HorizonErrors | null;
}

export interface Fold {
  /** Points that it trained on: the first so many of the series. */
  trainPoints: number;
  season: Season | null;
  /** One step ahead over its stretch. */
  test: ForecastPart;
  horizon: HorizonErrors;
  seconds: number;
}

export interface SentimentRun extends BaseRun {
  kind: "sentiment";
  cell: string;
  data: {
    name: string;
    title: string;
    synthetic: boolean;
    trainReviews: number;
    validationReviews: number;
    testReviews: number;
    vocabSize: number;
    maxLen: number;
  };
  /** Null until every test review was predicted. */
  test: (JudgedReviews & { loss: number; accuracy: number }) | null;
}

/** What was predicted of the test reviews. */
export interface JudgedReviews {
  confusion: Confusion;
  /** Those whose label got the least probability, the worst first; none where all are right. */
  mostWrong: WrongReview[];
}

/** How many reviews: first what they are, then what they were taken for. A probability above 0.5 is positive. */
export interface Confusion {
  positiveAsPositive: number;
  positiveAsNegative: number;
  negativeAsPositive: number;
  negativeAsNegative: number;
}

/** A review that was taken for the opposite. */
export interface WrongReview {
  /** Its place among the test reviews, from 0. */
  index: number;
  label: "positive" | "negative";
  /** Of being positive, as predicted. */
  probability: number;
  /** What the model read of it, words without punctuation; of real reviews the end alone. Null without a word index. */
  text: string | null;
}

/** The median time of the epochs that were not cut short, or of all where each was. */
export function secondsPerEpoch(epochs: readonly Epoch[]): number {
  const whole = epochs.filter(({ steps, plannedSteps }) => steps === plannedSteps);
  return median((whole.length > 0 ? whole : epochs).map(({ seconds }) => seconds));
}

/**
 * Results as JSON text: indented, with each array of plain values on one line, so that a long
 * series does not fill a line a number.
 */
export function stringifyJson(results: object): string {
  return `${indented(results, "")}\n`;
}

function indented(value: unknown, indent: string): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const inner = `${indent}  `;
  if (Array.isArray(value)) {
    if (value.every((item) => typeof item !== "object" || item === null)) {
      return `[${value.map((item) => JSON.stringify(item)).join(", ")}]`;
    }
    return `[\n${value.map((item) => inner + indented(item, inner)).join(",\n")}\n${indent}]`;
  }
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .map(([key, member]) => `${inner}${JSON.stringify(key)}: ${indented(member, inner)}`);
  return members.length === 0 ? "{}" : `{\n${members.join(",\n")}\n${indent}}`;
}
