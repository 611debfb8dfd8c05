// What `compile`, `fit`, `evaluate`, `predict` and their like take, and what is refused before any work.

import { checkKinds, checkOptions, type OptionKind, optionKinds } from "@rnnkit/core-rnn";
import { CustomCallback, type CustomCallbackArgs } from "@tensorflow/tfjs-layers";

const { count, flag, record, whole } = optionKinds;

const fromZero: OptionKind = {
  expected: "a whole number from 0",
  takes: (value) => whole.takes(value) && (value as number) >= 0,
};
const verbosity: OptionKind = {
  expected: '0, 1, 2 or "auto"',
  takes: (value) => [0, 1, 2, "auto", true, false].includes(value as number),
};
const silent: OptionKind = {
  expected: "0, for nothing is printed",
  takes: (value) => [0, "auto", false].includes(value as number),
};
const object: OptionKind = {
  expected: "an object, or a list of such",
  takes: (value) => [value].flat().every(record.takes),
};
/** One for all outputs of a model, or for each, in order or by name. */
const forOutputs: OptionKind = {
  expected: "a name, a function, a list of such or an object by outputs' names",
  takes(value) {
    const isOne = typeof value === "string" || typeof value === "function";
    return isOne || Array.isArray(value) || record.takes(value);
  },
};

/** What tfjs-layers takes and does nothing with. */
const unread = (why: string): OptionKind => ({
  expected: `left out, for ${why}`,
  takes: () => false,
});

const training: Readonly<Record<string, OptionKind>> = {
  epochs: count,
  verbose: verbosity,
  callbacks: { expected: "a callback, or a list of such", takes: object.takes },
  classWeight: object,
  initialEpoch: fromZero,
  yieldEvery: {
    expected: '"auto", "batch", "epoch", "never" or milliseconds',
    takes: (value) =>
      ["auto", "batch", "epoch", "never"].includes(value as string) || Number.isFinite(value),
  },
};

const known: Readonly<Record<string, Readonly<Record<string, OptionKind | null>>>> = {
  compile: { optimizer: null, loss: forOutputs, metrics: forOutputs },
  fit: {
    batchSize: count,
    ...training,
    validationSplit: {
      expected: "a number from 0 to below 1",
      takes: (value) => Number.isFinite(value) && (value as number) >= 0 && (value as number) < 1,
    },
    validationData: {
      expected: "[x, y] or [x, y, sampleWeight]",
      takes: (value) => Array.isArray(value) && (value.length === 2 || value.length === 3),
    },
    shuffle: { expected: "true or false", takes: (v) => flag.takes(v) || v === "batch" },
    sampleWeight: null,
    stepsPerEpoch: unread("an epoch goes through all examples"),
    validationSteps: unread("validation goes through all examples"),
  },
  fitDataset: {
    batchesPerEpoch: count,
    ...training,
    validationData: {
      expected: "[x, y] or a dataset",
      takes: (value) =>
        (Array.isArray(value) && value.length === 2) ||
        typeof (value as { iterator?: unknown }).iterator === "function",
    },
    validationBatchSize: count,
    validationBatches: count,
  },
  evaluate: { batchSize: count, verbose: silent, sampleWeight: null, steps: count },
  evaluateDataset: { batches: count, verbose: silent },
  predict: { batchSize: count, verbose: silent },
  trainOnBatch: { sampleWeight: null, classWeight: object },
};

/** A function of a model whose options are checked. */
export type TrainingFunction =
  | "compile"
  | "fit"
  | "fitDataset"
  | "evaluate"
  | "evaluateDataset"
  | "predict"
  | "trainOnBatch";

/** What of **args** asks for something; *null* and undefined say nothing, as in Keras. */
export function trainingOptions<Args>(who: TrainingFunction, args: Args): Args {
  const kinds = known[who]!;
  checkOptions(who, args, Object.keys(kinds));
  const asked = Object.entries(args as object).filter(([, value]) => value != null);
  const checked = Object.entries(kinds).flatMap(([name, kind]) => (kind ? [[name, kind]] : []));
  const options = Object.fromEntries(asked) as Args & object;
  checkKinds(who, options, Object.fromEntries(checked));
  return options;
}

const hooks = ["onTrainBegin", "onTrainEnd", "onEpochBegin", "onEpochEnd", "onBatchBegin"];
const callbackNames = [...hooks, "onBatchEnd", "onYield"];

/**
 * The callbacks of `fit` and `fitDataset` as tfjs-layers calls them, objects of functions made into such;
 * tfjs-layers itself takes a list of the ones or of the others.
 *
 * @throws for an object with another name than a callback's, with the nearest.
 */
export function callbacksOf(
  who: string,
  { callbacks, yieldEvery }: { callbacks?: unknown; yieldEvery?: unknown },
): CustomCallback[] {
  return [callbacks ?? {}].flat().map((given: object) => {
    if (typeof (given as { setParams?: unknown }).setParams === "function") {
      return given as CustomCallback;
    }
    const example = "{ onEpochEnd: (epoch, logs) => ... }";
    const isOfClass = callbackNames.some((name) => name in given && !Object.hasOwn(given, name));
    if (!isOfClass) checkOptions(who, given, callbackNames, example, "callbacks");
    return new CustomCallback(given as CustomCallbackArgs, yieldEvery as "auto");
  });
}
