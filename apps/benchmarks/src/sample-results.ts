import type {
  ClassicRun,
  Epoch,
  ForecastRun,
  JudgedForecasts,
  Results,
  SentimentRun,
} from "./results.ts";

/** Results as a finished command leaves them, with made-up figures, for tests of what reads them. */
export function sampleResults(): Results {
  return {
    schemaVersion: 4,
    command: "all",
    status: "complete",
    error: null,
    startedAt: "2026-01-02T03:04:05.678Z",
    seconds: 71.3,
    environment: {
      node: "20.20.2",
      platform: "linux x64, 6.1",
      cpu: "A processor",
      logicalCores: 2,
      memoryGiB: 8,
      backend: {
        name: "wasm",
        candidates: [
          { name: "tfjs-node", outcome: "refused", reason: "not installed" },
          { name: "wasm", outcome: "taken", reason: "a matrix product came out right" },
        ],
      },
      packages: { "@tensorflow/tfjs-core": "4.22.0" },
    },
    runs: [sampleForecast(), sampleSentiment("lstm"), sampleSentiment("gru")],
  };
}

/** The tutorial's first listing, three epochs. */
export function sampleClassic(): ClassicRun {
  return {
    kind: "classic",
    status: "complete",
    listing: "I",
    model: sampleModel("SimpleRNN", "mean squared error"),
    options: { epochs: 3, learningRate: 0.1, seed: 42 },
    epochs: sampleEpochs(false),
    timings: { trainSeconds: 0.2, evaluateSeconds: 0 },
    statesShape: [5, 4, 1],
    data: { sequences: 100, steps: 5, features: 3 },
    loss: { before: 0.9, after: 0.01, unseen: 0.02 },
  };
}

/** One forecast of six points, three of them in the test part. */
export function sampleForecast(): ForecastRun {
  return {
    kind: "forecast",
    status: "complete",
    listing: null,
    model: sampleModel("buildStockForecaster", "meanSquaredError"),
    options: { model: "stock", timesteps: 2, units: 50, epochs: 3, batchSize: 16, seed: 42 },
    epochs: sampleEpochs(false),
    timings: { trainSeconds: 1.5, evaluateSeconds: 0.1 },
    data: {
      name: "sunspots",
      title: "Sunspots, yearly",
      source: "NOAA",
      synthetic: false,
      points: 8,
      gapsFilled: 0,
      notes: [],
      valueLabel: "sunspot number",
      axis: { label: "year", kind: "number" },
      features: [],
    },
    rmse: { train: 2, test: 3 },
    baselineRmse: { train: 4, test: 5 },
    deviation: { train: 8.2, test: 16.2 },
    season: null,
    train: {
      at: [1702, 1703, 1704],
      actual: [16, 23, 36],
      predicted: [15, 24, 34],
      lastValue: [11, 16, 23],
      seasonal: null,
      lower: null,
      upper: null,
    },
    test: {
      at: [1705, 1706, 1707],
      actual: [58, 29, 20],
      predicted: [50, 33, 22],
      lastValue: [36, 58, 29],
      seasonal: null,
      lower: null,
      upper: null,
    },
    bands: null,
    horizon: {
      steps: [sampleJudged(3, [2.6, 3], [18.7, 20.6])],
      all: sampleJudged(3, [2.6, 3], [18.7, 20.6]),
    },
    walkForward: null,
    ahead: null,
  };
}

/** The same points with everything that may be asked for: a feature, a season, bands, two steps, two folds, three ahead. */
export function sampleFullForecast(): ForecastRun {
  const run = sampleForecast();
  const banded = (count: number, mae: number): JudgedForecasts => ({
    ...sampleJudged(count, [mae, mae + 0.4], [18.7, 20.6]),
    seasonal: { mae: 12, rmse: 14, mase: 1.71 },
    coverage: 2 / 3,
    width: 16,
  });
  const test = {
    ...run.test,
    seasonal: [23, 36, 58],
    lower: [42, 24, 15],
    upper: [57, 42, 30],
  };
  const horizon = { steps: [banded(3, 2.6), banded(2, 5.1)], all: banded(5, 3.6) };
  const fold = (trainPoints: number, from: number) => ({
    trainPoints,
    season: { length: 2, source: "autocorrelation" as const },
    test: {
      at: test.at.slice(from, from + 1),
      actual: test.actual.slice(from, from + 1),
      predicted: test.predicted?.slice(from, from + 1) ?? null,
      lastValue: test.lastValue.slice(from, from + 1),
      seasonal: test.seasonal.slice(from, from + 1),
      lower: test.lower.slice(from, from + 1),
      upper: test.upper.slice(from, from + 1),
    },
    horizon: { steps: [banded(1, 2.6 + from)], all: banded(1, 2.6 + from) },
    seconds: 0.4,
  });
  return {
    ...run,
    data: { ...run.data, features: ["solar flux", "cosmic rays"] },
    season: { length: 2, source: "autocorrelation" },
    test,
    bands: { method: "quantile", levels: [0.1, 0.9], nominal: 0.8, samples: null },
    horizon,
    walkForward: {
      folds: [fold(6, 1), fold(7, 2)],
      together: { steps: [banded(2, 4.1)], all: banded(2, 4.1) },
    },
    ahead: {
      strategy: "direct",
      at: [1708, 1709, 1710],
      values: [14, 11, 15],
      lower: [8, 3, 5],
      upper: [21, 20, 29],
    },
  };
}

function sampleJudged(
  count: number,
  [mae, rmse]: [number, number],
  [lastMae, lastRmse]: [number, number],
): JudgedForecasts {
  return {
    count,
    model: { mae, rmse, mase: mae / 7 },
    lastValue: { mae: lastMae, rmse: lastRmse, mase: lastMae / 7 },
    seasonal: null,
    coverage: null,
    width: null,
  };
}

/** One classifier, three epochs. */
export function sampleSentiment(cell: string): SentimentRun {
  return {
    kind: "sentiment",
    status: "complete",
    listing: null,
    cell,
    model: sampleModel("buildSentimentClassifier", "binaryCrossentropy"),
    options: { cell, epochs: 3, batchSize: 32, seed: 42 },
    epochs: sampleEpochs(true),
    timings: { trainSeconds: 12, evaluateSeconds: 1 },
    data: {
      name: "synthetic",
      title: "synthetic reviews",
      synthetic: true,
      trainReviews: 80,
      validationReviews: 20,
      testReviews: 100,
      vocabSize: 300,
      maxLen: 40,
    },
    test: {
      loss: 0.45,
      accuracy: 0.8125,
      confusion: {
        ...{ positiveAsPositive: 40, positiveAsNegative: 9 },
        ...{ negativeAsPositive: 10, negativeAsNegative: 41 },
      },
      mostWrong: [
        { index: 7, label: "negative", probability: 0.983, text: "a masterpiece they said" },
        { index: 3, label: "positive", probability: 0.08, text: null },
      ],
    },
  };
}

function sampleModel(builder: string, loss: string) {
  return { builder, layers: ["LSTM(50)", "Dense(1)"], parameters: 10_451, loss, optimizer: "Adam" };
}

function sampleEpochs(judged: boolean): Epoch[] {
  return [1, 2, 3].map((epoch) => ({
    epoch,
    steps: 5,
    plannedSteps: 5,
    seconds: 0.5,
    loss: 0.7 / epoch,
    accuracy: judged ? 0.5 + epoch / 10 : null,
    validationLoss: judged ? 0.8 / epoch : null,
    validationAccuracy: judged ? 0.45 + epoch / 10 : null,
  }));
}
