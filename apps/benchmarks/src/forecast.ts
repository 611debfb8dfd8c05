import { buildLstmForecaster, buildStockForecaster } from "@rnnkit/keras-builders";
import {
  createSequences,
  MinMaxScaler,
  type NdArray,
  prepareData,
  rootMeanSquaredError,
} from "@rnnkit/preprocess";
import { lastValueForecast } from "./baseline.ts";
import { formatNumber, formatSeconds } from "./format.ts";
import { summarizeModel } from "./model-summary.ts";
import type { ForecastPart, ForecastRun } from "./results.ts";
import type { Series } from "./series.ts";
import type { Session } from "./session.ts";
import { countSteps, predict, sliceRows, train } from "./training.ts";
import { UsageError } from "./usage-error.ts";

/** The tutorial's two forecasters: *stock* is one LSTM, *lstm* two with relu and dropout. */
export type ForecastModel = "stock" | "lstm";

export interface ForecastOptions {
  model: ForecastModel;
  /** Past values that one forecast sees. */
  timesteps: number;
  /** Units of each LSTM. */
  units: number;
  epochs: number;
  batchSize: number;
  /** Adam's step size. */
  learningRate: number;
  seed: number;
}

/** Chosen on the training part of the sunspots alone; see the README. */
export const forecastDefaults: ForecastOptions = {
  model: "stock",
  timesteps: 22,
  units: 50,
  epochs: 40,
  batchSize: 16,
  learningRate: 0.005,
  seed: 42,
};

// The first part of the series, in time order, that the model learns from.
const TRAIN_SHARE = 0.8;

/** A series cut into windows, scaled by what its training part alone knows. */
export interface PreparedSeries {
  scaler: MinMaxScaler;
  /** Windows [n, timesteps, 1] and the scaled value after each, [n, 1]. */
  windows: { x: NdArray; y: NdArray };
  /** The first windows, whose targets lie in the training part; the rest test. */
  trainWindows: number;
  /** Index in the series of the first target. */
  firstTarget: number;
}

/**
 * Fits the scaler on the first 80 % of the points and cuts all points into windows. A window of the
 * test part may begin in the training part: its past is known by then, only its target is new.
 *
 * @throws UsageError when the series is too short for the window
 */
export function prepareSeries(series: Series, options: ForecastOptions): PreparedSeries {
  const { timesteps, model } = options;
  const points = series.values.length;
  const trainPoints = Math.floor(points * TRAIN_SHARE);
  if (trainPoints <= timesteps) {
    const least = Math.ceil((timesteps + 1) / TRAIN_SHARE);
    throw new UsageError(
      `forecast: expected at least ${least} points for --timesteps ${timesteps}, got ${points} in ${series.title}`,
    );
  }
  const scaler = new MinMaxScaler();
  scaler.fit({ data: series.values.subarray(0, trainPoints), shape: [trainPoints, 1] });
  const scaled = scaler.transform({ data: series.values, shape: [points, 1] });
  const windows =
    model === "stock" ? createSequences(scaled, timesteps) : prepareData(scaled, timesteps, 1);
  return {
    scaler,
    windows,
    trainWindows: trainPoints - timesteps,
    firstTarget: timesteps,
  };
}

/** Trains one forecaster on one series and records it in the session, from its first epoch on. */
export async function forecast(
  series: Series,
  options: ForecastOptions,
  session: Session,
): Promise<void> {
  const { progress, signal, colors } = session;
  const prepared = prepareSeries(series, options);
  const model = buildModel(options);
  const run = emptyRun(series, options, prepared);
  run.model = summarizeModel(
    options.model === "stock" ? "buildStockForecaster" : "buildLstmForecaster",
    model,
  );
  session.record(run);

  progress.line();
  progress.line(colors.bold(`forecast: ${series.title}${series.synthetic ? " (synthetic)" : ""}`));
  progress.line(
    `  ${series.values.length} points, ${run.train.at.length} training and ${run.test.at.length} test windows of ` +
      `${options.timesteps}; ${run.model.builder}, ${run.model.parameters} weights`,
  );

  const windows = windowParts(prepared);
  const plan = { ...options, signal };
  const startedAt = performance.now();
  let done = 0;
  progress.start("training", countSteps(windows.train, plan));
  try {
    await train(model, windows.train, {
      ...plan,
      onStep: ({ epoch, loss }) =>
        progress.step(++done, `epoch ${epoch}/${options.epochs}, loss ${formatNumber(loss)}`),
      onEpoch: (epoch) => {
        run.epochs.push(epoch);
        run.timings.trainSeconds = (performance.now() - startedAt) / 1000;
        progress.line(
          `  epoch ${String(epoch.epoch).padStart(String(options.epochs).length)}/${options.epochs}` +
            `  loss ${formatNumber(epoch.loss)}  ${colors.dim(formatSeconds(epoch.seconds))}`,
        );
      },
    });
    if (signal.aborted) return;
    const predictedAt = performance.now();
    const scaled = await predict(model, prepared.windows.x, 256, signal);
    if (!scaled) return;
    if (!scaled.every(Number.isFinite)) {
      throw new Error(
        `forecast: expected finite predictions, got ${scaled.find((x) => !Number.isFinite(x))}: the model diverged, try a smaller --learning-rate`,
      );
    }
    fillPredictions(run, prepared, scaled);
    run.timings.evaluateSeconds = (performance.now() - predictedAt) / 1000;
    run.status = "complete";
  } finally {
    progress.stop();
    model.dispose();
  }
  for (const line of summary(run, colors)) progress.line(line);
}

function buildModel({ model, timesteps, units, learningRate, seed }: ForecastOptions) {
  const overrides = { optimizer: "adam", learningRate, seed } as const;
  return model === "stock"
    ? buildStockForecaster(timesteps, { units, ...overrides })
    : buildLstmForecaster(timesteps, 1, 1, { units: [units, units], ...overrides });
}

function windowParts({ windows, trainWindows }: PreparedSeries) {
  return {
    train: {
      x: sliceRows(windows.x, 0, trainWindows),
      y: sliceRows(windows.y, 0, trainWindows),
    },
  };
}

function emptyRun(series: Series, options: ForecastOptions, prepared: PreparedSeries): ForecastRun {
  const { values, at } = series;
  const split = prepared.firstTarget + prepared.trainWindows;
  const part = (start: number, end: number): ForecastPart => ({
    at: at.slice(start, end),
    actual: Array.from(values.subarray(start, end)),
    predicted: null,
    lastValue: Array.from(lastValueForecast(values, start, end)),
  });
  const train = part(prepared.firstTarget, split);
  const test = part(split, values.length);
  return {
    kind: "forecast",
    status: "interrupted",
    model: { builder: "", layers: [], parameters: 0, loss: "", optimizer: "" },
    options: { ...options },
    epochs: [],
    timings: { trainSeconds: 0, evaluateSeconds: 0 },
    data: {
      name: series.name,
      title: series.title,
      source: series.source,
      synthetic: series.synthetic,
      points: values.length,
      gapsFilled: series.gapsFilled,
      valueLabel: series.valueLabel,
      axis: series.axis,
    },
    rmse: null,
    baselineRmse: {
      train: rootMeanSquaredError(train.actual, train.lastValue),
      test: rootMeanSquaredError(test.actual, test.lastValue),
    },
    train,
    test,
  };
}

function fillPredictions(run: ForecastRun, prepared: PreparedSeries, scaled: Float64Array): void {
  const { data } = prepared.scaler.inverseTransform({ data: scaled, shape: [scaled.length, 1] });
  const predicted = Array.from(data, (x: number) => Number(x.toPrecision(7)));
  run.train.predicted = predicted.slice(0, prepared.trainWindows);
  run.test.predicted = predicted.slice(prepared.trainWindows);
  run.rmse = {
    train: rootMeanSquaredError(run.train.actual, run.train.predicted),
    test: rootMeanSquaredError(run.test.actual, run.test.predicted),
  };
}

function summary(run: ForecastRun, colors: Session["colors"]): string[] {
  const { rmse, baselineRmse: baseline } = run;
  if (!rmse) return [];
  const row = (name: string, errors: { train: number; test: number }) =>
    `  ${name.padEnd(12)}${formatNumber(errors.train).padStart(10)}${formatNumber(errors.test).padStart(10)}`;
  const change = Math.abs(100 * (1 - rmse.test / baseline.test)).toFixed(1);
  const wins = rmse.test < baseline.test;
  const verdict = `  test RMSE ${change} % ${wins ? "below" : "above"} the last-value baseline`;
  return [
    `  ${"RMSE".padEnd(12)}${"train".padStart(10)}${"test".padStart(10)}   ${colors.dim(run.data.valueLabel)}`,
    row(run.options.model === "stock" ? "LSTM" : "LSTM × 2", rmse),
    row("last value", baseline),
    wins ? colors.green(verdict) : colors.yellow(verdict),
  ];
}
