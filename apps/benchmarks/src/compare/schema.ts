// The form of the JSON that `compare` writes. The same in JSON Schema's words: comparison.schema.json, at the root of
// this package, which a test holds against what is written.

import type { Epoch, ModelSummary } from "../results.ts";

/** What a file of this form calls itself. */
export const COMPARISON_FORMAT = "rnnkit-comparison";

/** Version of the form. A reader refuses what it does not know; members may be added without a new number. */
export const COMPARISON_VERSION = 1;

/** What can be learnt: series by name, a series of a file, generated reviews, Keras's. */
export const taskNames = [
  "sine",
  "sunspots",
  "co2",
  "temperature",
  "csv",
  "reviews",
  "imdb",
] as const;

export const modelNames = ["single", "stacked"] as const;

export const cellNames = [
  "simple_rnn",
  "lstm",
  "gru",
  "gru_reset_before",
  "bidirectional_lstm",
] as const;

export const implementationNames = ["fused", "stock"] as const;

/** Everything that was measured of one comparison, by one process or many, in one go or several. */
export interface Comparison {
  format: typeof COMPARISON_FORMAT;
  schemaVersion: typeof COMPARISON_VERSION;
  /** *complete* when everything that was **asked** for is in **heats** and **runs**. */
  status: "complete" | "interrupted";
  /** ISO 8601, UTC: when the first measurement was asked for, and the last written. */
  startedAt: string;
  updatedAt: string;
  code: Code;
  task: Task;
  settings: Settings;
  /** All that **asked** has, joined. */
  axes: Axes;
  /** Each command's axes, but for those that another one's contain; without it, **axes** alone. */
  asked?: Axes[];
  /** Where it was measured; heats and runs name theirs by **id**. */
  machines: Machine[];
  /** How fast: one for each model and cell. */
  heats: Heat[];
  /** How good: one for each variant and seed. */
  runs: TrainedRun[];
}

/** What was run. One file holds numbers of one code alone. */
export interface Code {
  /** Of git; null where there is none. */
  commit: string | null;
  /** SHA-256 of the programs that ran, which tells changed files of one commit apart. */
  digest: string;
  /** Package name to version. */
  packages: Record<string, string>;
}

/** What is learnt. Its examples are the same for all seeds. */
export interface Task {
  name: (typeof taskNames)[number];
  title: string;
  kind: "series" | "reviews";
  /** True for generated examples. */
  synthetic: boolean;
  /** SHA-256 of the examples. */
  digest: string;
  /** Training examples, test examples, steps of an example, values (or words of the vocabulary) of a step. */
  examples: { train: number; test: number; steps: number; features: number };
  /** What **quality** is: root mean squared error of the test part in the series' unit, or the share that is right. */
  measure: "rmse" | "accuracy";
  /** The unit of an error; empty for an accuracy. */
  unit: string;
  /** What the root of a run's loss is multiplied by to be an error in **unit**; null for an accuracy. */
  lossUnit: number | null;
  /** The same measure of what has learnt nothing, on the test part, by name. */
  baselines: Record<string, number>;
}

/** What all runs have in common. */
export interface Settings {
  units: number;
  batchSize: number;
  epochs: number;
  learningRate: number;
  optimizer: "adam" | "rmsprop";
  /** Rounds of a heat. */
  rounds: number;
}

/** What is compared; of one command all of it with all of it. */
export interface Axes {
  models: ModelName[];
  cells: CellName[];
  implementations: Implementation[];
  backends: string[];
  /** Of the engine of fused layers; stock layers choose their own. */
  threads: number[];
  seeds: number[];
}

/** *single* is one recurrent layer before a Dense one, *stacked* two. On reviews, an Embedding stands before them. */
export type ModelName = (typeof modelNames)[number];

/** In Keras's words; *gru_reset_before* has `reset_after=False`, the only form that stock layers know. */
export type CellName = (typeof cellNames)[number];

/** Layers of `@rnnkit/keras-builders`, or tfjs-layers' own. */
export type Implementation = (typeof implementationNames)[number];

/** One way to compute a model. */
export interface Variant {
  model: ModelName;
  cell: CellName;
  implementation: Implementation;
  /** As backend-select names it. */
  backend: string;
  /** Null where there is none to choose: of stock layers, and on a GPU. */
  threads: number | null;
}

/**
 * How something ended: *measured*; *cannot*, it does not work there; *wrong*, its numbers are not the reference's, so
 * none was taken; *failed*, it threw. **reason** says why, and is null of what was measured.
 */
export interface Outcome {
  outcome: "measured" | "cannot" | "wrong" | "failed";
  reason: string | null;
}

/** Variants of one model and cell, timed in turn, on one machine. Their times may be divided by each other. */
export interface Heat {
  /** `single/lstm` */
  key: string;
  model: ModelName;
  cell: CellName;
  machine: string;
  startedAt: string;
  seconds: number;
  lanes: Lane[];
}

/** One variant in a heat. */
export interface Lane extends Variant, Outcome {
  /** `single/lstm/fused/wasm/2` */
  key: string;
  /** Null before it could be made. */
  check: Check | null;
  /** A step of `trainOnBatch`. */
  train: StepTimes | null;
  /** `predictOnBatch` of as many examples. */
  predict: StepTimes | null;
}

/** Milliseconds of a step. */
export interface StepTimes {
  /** One a round; the n-th of every lane of a heat were measured one after the other. */
  samplesMs: number[];
  medianMs: number;
  /** The quartiles: half of the rounds lie between them. */
  lowMs: number;
  highMs: number;
}

/** How far a variant is from the reference, from equal weights, as a share of the reference's largest element. */
export interface Check {
  /** What it was held against, in words: *stock layers on cpu*. */
  against: string;
  /** Of some rows, before training. */
  predictions: number;
  loss: number;
  /** Largest of the errors of each weight's gradient. */
  gradients: number;
  /** What is allowed of predictions and loss, and of gradients. */
  allowed: { outputs: number; gradients: number };
}

/** One variant trained once. */
export interface TrainedRun extends Variant, Outcome {
  /** `single/lstm/fused/wasm/2/seed-1` */
  key: string;
  /** Decides the weights and the order of the examples. */
  seed: number;
  machine: string;
  startedAt: string;
  check: Check | null;
  summary: ModelSummary | null;
  /** Each ends with a look at what was not trained on: of a series the test part. Its time contains that. */
  epochs: Epoch[];
  trainSeconds: number;
  quality: Quality | null;
}

/** How good it became; **test** is what `task.measure` says. */
export interface Quality {
  test: number;
  train: number | null;
  /** Of the test part, as it was trained for. */
  testLoss: number | null;
}

/** A machine, without its name: two that are alike are one. */
export interface Machine {
  id: string;
  node: string;
  platform: string;
  cpu: string;
  logicalCores: number;
  memoryGiB: number;
  simd: "none" | "simd128" | "relaxed";
  /** What the WebGPU adapter calls itself, where one was used. */
  adapter: string | null;
}
