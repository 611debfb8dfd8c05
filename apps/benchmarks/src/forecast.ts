import { adam, buildLstmForecaster, buildStockForecaster, layers } from "@rnnkit/keras-builders";
import { type Sequential, sequential } from "@tensorflow/tfjs-layers";
import { lastValueForecast } from "./baseline.ts";
import { forecastAhead, type Strategy } from "./forecast-ahead.ts";
import { formatNumber, formatSeconds } from "./format.ts";
import { labelsAhead } from "./labels-ahead.ts";
import { summarizeModel } from "./model-summary.ts";
import type { PreparedSeries, SeriesPart } from "./prepared-series.ts";
import type { Epoch, ForecastPart, ForecastRun, Listing } from "./results.ts";
import { saveForecaster } from "./saved-forecaster.ts";
import type { Series } from "./series.ts";
import type { Session } from "./session.ts";
import { rootMeanSquare, standardDeviation } from "./statistics.ts";
import { countSteps, predict, train } from "./training.ts";

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

/** What is to be forecast, and how. */
export interface ForecastJob {
  series: Series;
  prepared: PreparedSeries;
  options: ForecastOptions;
  /** Default null: none of the tutorial's. */
  listing?: Listing | null;
  /** How many values beyond the end of the data, and how. Default none. */
  beyond?: { n: number; strategy: Strategy } | null;
  /** Where the trained model goes. Default nowhere. */
  save?: string;
  /** Whether every epoch ends with a look at the loss on the test part. Default false. */
  validate?: boolean;
}

/** Trains one forecaster on one series and records it in the session, from its first epoch on. */
export async function forecast(job: ForecastJob, session: Session): Promise<ForecastRun> {
  const { series, prepared, options, beyond, save, validate = false } = job;
  const { progress, signal, colors } = session;
  const model = buildModel(options, prepared.outputs);
  const run = emptyRun(job);
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

  for (const note of series.notes) progress.line(`  ${note}`);
  if (series.gapsFilled > 0) {
    progress.line(`  ${series.gapsFilled} missing values replaced by the value before`);
  }

  const plan = { ...options, signal, ...(validate && { validation: prepared.test }) };
  const startedAt = performance.now();
  let done = 0;
  const examples = prepared.fit ?? prepared.train;
  progress.start("training", countSteps(examples, plan));
  try {
    await train(model, examples, {
      ...plan,
      onStep: ({ epoch, loss }) =>
        progress.step(++done, `epoch ${epoch}/${options.epochs}, loss ${formatNumber(loss)}`),
      onEpoch: (epoch) => {
        run.epochs.push(epoch);
        run.timings.trainSeconds = (performance.now() - startedAt) / 1000;
        progress.line(epochLine(epoch, options.epochs, colors));
      },
    });
    if (signal.aborted) return run;
    const predictedAt = performance.now();
    const [ofTrain, ofTest] = [
      await predict(model, prepared.train.x, 256, signal),
      await predict(model, prepared.test.x, 256, signal),
    ];
    if (!ofTrain || !ofTest) return run;
    run.train.predicted = inOwnUnit(ofTrain, prepared);
    run.test.predicted = inOwnUnit(ofTest, prepared);
    run.rmse = { train: errorOf(run.train), test: errorOf(run.test) };
    run.timings.evaluateSeconds = (performance.now() - predictedAt) / 1000;
    if (beyond) {
      const values = forecastAhead(model, prepared.scaler, series.values, beyond.n);
      run.ahead = {
        strategy: beyond.strategy,
        at: labelsAhead(series, beyond.n),
        values: finite(values, prepared),
        lower: null,
        upper: null,
      };
    }
    if (save !== undefined) {
      const { scaler, outputs } = prepared;
      const settings = { timesteps: options.timesteps, outputs, scaler, column: series.valueLabel };
      progress.line(
        `  model    ${save}, with its settings in ${await saveForecaster(save, model, settings)}`,
      );
    }
    run.status = "complete";
  } finally {
    progress.stop();
    model.dispose();
  }
  for (const line of summary(run, colors)) progress.line(line);
  return run;
}

function buildModel(options: ForecastOptions, outputs: number): Sequential {
  const { model, timesteps, units, learningRate, seed } = options;
  const overrides = { optimizer: "adam", learningRate, seed } as const;
  if (model === "stock" && outputs > 1) {
    const stock = sequential({
      layers: [
        layers.lstm({ units, inputShape: [timesteps, 1], seed }),
        layers.dense({ units: outputs, seed: seed + 1 }),
      ],
    });
    stock.compile({ optimizer: adam({ learningRate }), loss: "meanSquaredError" });
    return stock;
  }
  return model === "stock"
    ? buildStockForecaster(timesteps, { units, ...overrides })
    : buildLstmForecaster(timesteps, 1, outputs, { units: [units, units], ...overrides });
}

function emptyRun({ series, prepared, options, listing = null }: ForecastJob): ForecastRun {
  const { values, at } = series;
  const part = ({ firstTarget, y }: SeriesPart): ForecastPart => {
    const end = firstTarget + (y.shape[0] as number);
    return {
      at: at.slice(firstTarget, end),
      actual: Array.from(values.subarray(firstTarget, end)),
      predicted: null,
      lastValue: Array.from(lastValueForecast(values, firstTarget, end)),
      seasonal: null,
      lower: null,
      upper: null,
    };
  };
  const train = part(prepared.train);
  const test = part(prepared.test);
  return {
    kind: "forecast",
    status: "interrupted",
    listing,
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
      notes: series.notes,
      valueLabel: series.valueLabel,
      axis: series.axis,
      features: [],
    },
    rmse: null,
    baselineRmse: {
      train: rootMeanSquare(train.actual, train.lastValue),
      test: rootMeanSquare(test.actual, test.lastValue),
    },
    deviation: {
      train: standardDeviation(train.actual),
      test: standardDeviation(test.actual),
    },
    season: null,
    train,
    test,
    bands: null,
    horizon: null,
    walkForward: null,
    ahead: null,
  };
}

/** The first of each row's outputs, the next value, in the series' unit. */
function inOwnUnit(outputs: Float64Array, prepared: PreparedSeries): number[] {
  const scaled = outputs.filter((_, i) => i % prepared.outputs === 0);
  const { data } = prepared.scaler.inverseTransform({ data: scaled, shape: [scaled.length, 1] });
  return finite(data, prepared);
}

function finite(values: ArrayLike<number>, { scaler }: PreparedSeries): number[] {
  const diverged = Array.from(values).find((x) => !Number.isFinite(x));
  if (diverged !== undefined) {
    throw new Error(
      `forecast: expected finite predictions, got ${diverged}: the model diverged, try a smaller --learning-rate`,
    );
  }
  // Seven digits of the scaler's range, which is all that float32 has: behind a large offset as before it.
  const [range = 1] = scaler.dataRange;
  const digits = range > 0 ? 7 - Math.ceil(Math.log10(range)) : 7;
  return Array.from(values, (x) => rounded(x, digits));
}

function rounded(x: number, digits: number): number {
  const value = digits >= 0 && digits <= 20 ? Number(x.toFixed(digits)) : x;
  return Number(value.toPrecision(15));
}

function errorOf({ actual, predicted }: ForecastPart): number {
  return rootMeanSquare(actual, predicted as number[]);
}

function epochLine(epoch: Epoch, epochs: number, colors: Session["colors"]): string {
  const judged =
    epoch.validationLoss === null ? "" : `  val loss ${formatNumber(epoch.validationLoss)}`;
  return (
    `  epoch ${String(epoch.epoch).padStart(String(epochs).length)}/${epochs}` +
    `  loss ${formatNumber(epoch.loss)}${judged}  ${colors.dim(formatSeconds(epoch.seconds))}`
  );
}

function summary(run: ForecastRun, colors: Session["colors"]): string[] {
  const { rmse, baselineRmse: baseline, deviation } = run;
  if (!rmse) return [];
  const row = (name: string, errors: { train: number; test: number }) =>
    `  ${name.padEnd(14)}${formatNumber(errors.train).padStart(10)}${formatNumber(errors.test).padStart(10)}`;
  const [name, simplest] =
    deviation.test < baseline.test
      ? ["series' own deviation", deviation.test]
      : ["last-value baseline", baseline.test];
  const change = Math.abs(100 * (1 - rmse.test / simplest)).toFixed(1);
  const wins = rmse.test < simplest;
  const verdict =
    simplest === 0
      ? "  the test part never changes: no forecast is better than the last value"
      : `  test RMSE ${change} % ${wins ? "below" : "above"} the ${name}`;
  return [
    `  ${"RMSE".padEnd(14)}${"train".padStart(10)}${"test".padStart(10)}   ${colors.dim(run.data.valueLabel)}`,
    row(run.options.model === "stock" ? "LSTM" : "LSTM × 2", rmse),
    row("last value", baseline),
    row("own deviation", deviation),
    wins ? colors.green(verdict) : colors.yellow(verdict),
    ...(run.ahead
      ? [
          `  ${run.ahead.values.length} ahead, ${run.ahead.strategy}`,
          ...run.ahead.values.map((value, i) => `  ${run.ahead?.at[i]}  ${formatNumber(value, 6)}`),
        ]
      : []),
  ];
}
