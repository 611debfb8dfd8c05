import { testOptions } from "@rnnkit/test-kit/options";
import { expect, test } from "vitest";
import * as preprocess from "./index.ts";

const { MinMaxScaler, StandardScaler, TextVectorization } = preprocess;
const series = [1, 2, 3, 4, 5];
const windows = ["stride", "samplingRate", "targetColumns", "startIndex", "endIndex", "dtype"];
const regression = ["sampleWeight", "multioutput"];

testOptions(preprocess, {
  MinMaxScaler: {
    who: "minMaxScaler",
    names: ["featureRange", "clip"],
    call: (options) => new MinMaxScaler(options),
  },
  StandardScaler: {
    who: "standardScaler",
    names: ["withMean", "withStd"],
    call: (options) => new StandardScaler(options),
  },
  TextVectorization: [
    {
      who: "textVectorization",
      names: [
        ...["maxTokens", "standardize", "split", "outputMode", "outputSequenceLength"],
        ...["padToMaxTokens", "vocabulary"],
      ],
      call: (options) => new TextVectorization(options),
    },
    {
      who: "getVocabulary",
      names: ["includeSpecialTokens"],
      call: (options) => new TextVectorization({ vocabulary: ["a"] }).getVocabulary(options),
    },
  ],
  padSequences: {
    who: "padSequences",
    names: ["maxLen", "dtype", "padding", "truncating", "value"],
    call: (options) => preprocess.padSequences([[1]], options),
  },
  slidingWindows: {
    who: "slidingWindows",
    required: { windowLength: 1 },
    names: ["windowLength", "horizon", "targets", ...windows],
    call: (options) => preprocess.slidingWindows(series, options),
  },
  createSequences: {
    who: "createSequences",
    names: windows,
    call: (options) => preprocess.createSequences(series, 2, options),
  },
  prepareData: {
    who: "prepareData",
    names: windows,
    call: (options) => preprocess.prepareData(series, 2, 1, options),
  },
  trainTestSplit: {
    who: "trainTestSplit",
    names: ["testSize", "trainSize", "shuffle", "seed"],
    // A list is one more array.
    call: (options) => preprocess.trainTestSplit(series, options),
    takesLists: true,
  },
  timeSeriesSplit: {
    who: "timeSeriesSplit",
    names: ["nSplits", "maxTrainSize", "testSize", "gap"],
    call: (options) => preprocess.timeSeriesSplit([...series, 6], options),
    takesLists: true,
  },
  seasonalNaive: {
    who: "seasonalNaive",
    names: ["season"],
    call: (options) => preprocess.seasonalNaive(series, 1, options),
  },
  generateTimeSeries: {
    who: "generateTimeSeries",
    names: ["length", "batch", "period", "amplitude", "noise", "seed"],
    call: preprocess.generateTimeSeries,
  },
  binaryAccuracy: {
    who: "binaryAccuracy",
    names: ["threshold"],
    call: (options) => preprocess.binaryAccuracy([1], [1], options),
  },
  binaryCrossentropy: {
    who: "binaryCrossentropy",
    names: ["fromLogits"],
    call: (options) => preprocess.binaryCrossentropy([1], [1], options),
  },
  meanSquaredError: {
    who: "meanSquaredError",
    names: regression,
    call: (options) => preprocess.meanSquaredError([1], [1], options),
  },
  rootMeanSquaredError: {
    who: "rootMeanSquaredError",
    names: regression,
    call: (options) => preprocess.rootMeanSquaredError([1], [1], options),
  },
  meanAbsoluteError: {
    who: "meanAbsoluteError",
    names: regression,
    call: (options) => preprocess.meanAbsoluteError([1], [1], options),
  },
  pinballLoss: {
    who: "pinballLoss",
    names: [...regression, "alpha"],
    call: (options) => preprocess.pinballLoss([1], [1], options),
  },
  meanAbsoluteScaledError: {
    who: "meanAbsoluteScaledError",
    names: [...regression, "season"],
    call: (options) => preprocess.meanAbsoluteScaledError([1], [1], series, options),
  },
  categoricalAccuracy: null,
  sparseCategoricalAccuracy: null,
  oneHot: null,
  toFloat32: null,
});

test("what a bare value in the place of options was meant to be is shown", () => {
  expect(() => preprocess.padSequences([[1]], 5 as never)).toThrow(
    "padSequences: expected an object of options such as { maxLen: 100 }, got 5",
  );
  expect(() => preprocess.trainTestSplit(series, series, 0.2 as never)).toThrow(
    "trainTestSplit: expected an object of options such as { testSize: 0.2 }, got 0.2",
  );
  expect(() => new MinMaxScaler([0, 1] as never)).toThrow("got [0, 1]");
});

test("options in the place of a number are refused under the number's own name", () => {
  const { createSequences, prepareData, oneHot } = preprocess;
  expect(() => createSequences(series, { stride: 2 } as never)).toThrow(
    "createSequences: expected seqLength to be an integer of at least 1, got an object",
  );
  expect(() => prepareData(series, { nTimesteps: 2 } as never, 1)).toThrow(
    "prepareData: expected nTimesteps to be an integer of at least 1, got an object",
  );
  expect(() => prepareData(series, 2, { stride: 1 } as never)).toThrow(
    "prepareData: expected nPredictions of at least 1, got an object",
  );
  expect(() => oneHot([0], { depth: 3 } as never)).toThrow("at least 1, got an object");
});
