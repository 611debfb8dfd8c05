// What the page and its worker say to each other.

import type { BackendCandidate } from "@rnnkit/backend-select";
import type { Epoch, Errors, JudgedForecasts } from "@rnnkit/benchmarks/results";
import type { Backend, Bands, Cell, Settings } from "../app/settings.ts";

/** Files that a visitor has given, for the tasks that need one. */
export interface GivenFiles {
  csv: { name: string; bytes: Uint8Array } | null;
  imdb: File | null;
  /** Keras's imdb_word_index.json. */
  words: File | null;
}

/** The backend that computes, and why not the others. */
export interface BackendReport {
  wish: Backend;
  /** backend-select's one line. */
  line: string;
  name: string;
  candidates: readonly BackendCandidate[];
}

/** A position in time: a number, or a date in ISO 8601. */
export type Place = number | string;

/** A series as it is drawn. */
export interface SeriesData {
  kind: "series";
  /** *sine* and *sunspots* have words of the page's own. */
  name: string;
  title: string;
  source: string;
  isSynthetic: boolean;
  valueLabel: string;
  axis: { label: string; kind: "number" | "date" };
  /** Columns whose past the model sees besides. */
  features: string[];
  at: Place[];
  values: number[];
  /** Index of the first value of the test part. */
  testFrom: number;
  notes: string[];
  /** Missing values that are now the one before them. */
  gapsFilled: number;
  /** Values in a season; null where none was found. */
  season: number | null;
}

/** Reviews as they are told of. */
export interface ReviewsData {
  kind: "reviews";
  isSynthetic: boolean;
  train: number;
  validation: number;
  test: number;
  maxLen: number;
  vocabulary: number;
  /** What had to be understood to read the file. */
  notes: string[];
}

/** Forecasts of the test part, one step ahead, and their errors beside those of forecasts that learn nothing. */
export interface Predictions {
  values: number[];
  /** The ends of their bands; null without. */
  lower: number[] | null;
  upper: number[] | null;
  /** The share of values within. */
  coverage: number | null;
  model: Errors;
  lastValue: Errors;
  seasonal: Errors | null;
}

/** Mean absolute errors of the test part, 1, 2, 3 ... steps ahead. */
export interface Horizon {
  model: number[];
  lastValue: number[];
  seasonal: number[] | null;
}

/** Values beyond the end. */
export interface Ahead {
  at: Place[];
  values: number[];
  /** The ends of their bands; null without. */
  lower: number[] | null;
  upper: number[] | null;
}

/** A model as a visitor hears of it. */
export interface ModelAbout {
  kind: "forecaster" | "classifier";
  layers: string[];
  parameters: number;
  /** Of its first recurrent layer; null where that is none of the page's. */
  cell: Cell | null;
  units: number;
  /** Values or words in a window. */
  window: number;
  /** Columns in a window of a forecaster. */
  features: number;
  bands: Bands;
  /** Whether its step size follows a schedule of its own, not the settings. */
  hasSchedule: boolean;
  /** Whether typed words can be understood. */
  hasWords: boolean;
  /** Whether there are reviews of its own test part to show. */
  hasExamples: boolean;
}

/** A review read word by word: [words, units] and a probability a word. */
export interface Reading {
  words: { text: string; isKnown: boolean }[];
  /** Before the first word, then after each. */
  probabilities: number[];
  states: Float32Array;
  units: number;
  /** Words that no longer fit in the model's window when the last one is read. */
  forgotten: number;
}

/** One fold of a walk-forward evaluation: its stretch, first to last value, forecast one step ahead. */
export interface JudgedFold extends JudgedForecasts {
  from: Place;
  to: Place;
}

/** How much of some work is done, in a measure of its own. */
export interface Share {
  done: number;
  total: number;
}

/** Where an evaluation stands, of all folds' work. */
export interface WalkStep extends Share {
  /** From 1. */
  fold: number;
  stage: "training" | "judging";
}

/** What became of an evaluation. */
export interface WalkOutcome {
  ending: "complete" | "stopped";
  /** All folds' values one step ahead; null unless all have ended. */
  together: JudgedForecasts | null;
  /** And as many steps ahead as were judged; null where that is one. */
  farthest: (JudgedForecasts & { steps: number }) | null;
}

/** A batch of a training. */
export interface TrainingStep {
  done: number;
  total: number;
  epoch: number;
  /** As many as the training has, whatever the settings say by now. */
  epochs: number;
  loss: number;
  accuracy: number | null;
}

/** What the worker tells unasked; *anew* where a model takes the place of the one before, not earlier. */
export type WorkerEvent =
  | { event: "backend"; report: BackendReport }
  | { event: "stage"; stage: "backend" | "data" | "training" | "testing" }
  | { event: "anew" }
  | { event: "data"; data: SeriesData | ReviewsData }
  | { event: "model"; model: ModelAbout }
  | ({ event: "step" } & TrainingStep)
  | { event: "epoch"; epoch: Epoch }
  | { event: "predictions"; predictions: Predictions | null }
  | { event: "horizon"; horizon: Horizon | null }
  | ({ event: "judged" } & Share)
  | { event: "walkStep"; step: WalkStep }
  | { event: "fold"; fold: JudgedFold };

/** What became of a training. */
export interface Outcome {
  ending: "complete" | "stopped";
  /** Without those that it was paused. */
  seconds: number;
  /** Of a classifier that was trained and tested to the end; a model out of a file may measure no accuracy. */
  test: { loss: number; accuracy: number | null } | null;
}

/** A classifier that has fewer ids than the reviews need, and has learnt nothing. */
export interface Unfit {
  ending: "unfit";
  needed: number;
  has: number;
}

/** What an opened file turned out to be. */
export interface Opened {
  /** The page's, as the model has them. */
  settings: Settings;
  /** What had to be assumed, and what was left out, a key and its argument. */
  notes: OpenNote[];
}

export type OpenNote =
  | { note: "noScaler" }
  | { note: "otherSeries"; column: string }
  | { note: "noWords" }
  | { note: "warning"; text: string };

/** What the page asks of its worker. */
export interface WorkerCalls {
  backend(wish: Backend): BackendReport;
  columns(csv: { name: string; bytes: Uint8Array }): string[];
  train(settings: Settings, files: GivenFiles): Outcome;
  /** Trains the model that there is, of its own sizes, on what the settings choose; where that fails it is as before. */
  trainOn(settings: Settings, files: GivenFiles): Outcome | Unfit;
  /** Tells of predictions and errors of the forecaster that there is, as far ahead as the settings say. */
  judge(settings: Settings): void;
  /** Trains a model a fold and forgets it; the one that is there stays. */
  walkForward(settings: Settings, files: GivenFiles, folds: number): WalkOutcome;
  pause(): void;
  resume(): void;
  stop(): void;
  /** Null where another model, or another question, came between. */
  ahead(count: number): Ahead | null;
  read(text: string): Reading;
  example(): { text: string; isPositive: boolean };
  words(file: File | null): boolean;
  save(): { bytes: Uint8Array; name: string };
  open(model: File, companion: File | null, settings: Settings, files: GivenFiles): Opened;
}

/** A call on its way. */
export interface Call {
  id: number;
  name: keyof WorkerCalls;
  args: unknown[];
}

/** Its answer. */
export type Reply = { id: number; done: unknown } | { id: number; failed: string };
