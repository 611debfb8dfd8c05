import { summarizeModel } from "../model-summary.ts";
import type { BandSettings, Fold, ForecastPart, ForecastRun, Listing, Season } from "../results.ts";
import type { Session } from "../session.ts";
import { rootMeanSquare, standardDeviation } from "../statistics.ts";
import { formatNumber } from "../terminal/format.ts";
import { countSteps, type TrainOptions, train } from "../training.ts";
import { byStep, horizonErrors, judgedSteps, stretchOf } from "./errors.ts";
import { forecastAhead } from "./forecast-ahead.ts";
import { epochLine, foldLine, forecastHead, forecastSummary } from "./forecast-lines.ts";
import { emptyPart, firstSteps } from "./forecast-part.ts";
import { buildForecaster, type ForecasterOptions } from "./forecaster-model.ts";
import { labelsAhead } from "./labels-ahead.ts";
import type { Strategy } from "./layout.ts";
import type { Series } from "./one-series.ts";
import type { PreparedSeries, SeriesPart } from "./prepared-series.ts";
import { saveForecaster } from "./saved-forecaster.ts";
import { guessSeason } from "./season.ts";
import { examplesOf, forecastsOf, newForecaster } from "./trained-forecaster.ts";
import { type PlannedFold, plannedWork, walkForward } from "./walk-forward.ts";

export interface ForecastOptions extends ForecasterOptions {
  /** Past values that one forecast sees. */
  timesteps: number;
  epochs: number;
  batchSize: number;
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
  /** Points in a season. Default: guessed on the training part; in the tutorial's listings none. */
  season?: number;
  /** How many values beyond the end of the data, and how; as many steps ahead are judged. Default none, and one. */
  beyond?: { n: number; strategy: Strategy } | null;
  /** Default none. */
  bands?: BandSettings | null;
  /** Folds to judge new models in, after the one. Default none. */
  folds?: readonly PlannedFold[];
  /** Where the trained model goes. Default nowhere. */
  save?: string;
  /** Whether every epoch ends with a look at the loss on the test part. Default false. */
  validate?: boolean;
}

/** Trains one forecaster on one series and records it in the session, from its first epoch on. */
export async function forecast(job: ForecastJob, session: Session): Promise<ForecastRun> {
  const { series, prepared, options, beyond, bands = null, save, validate = false } = job;
  const { progress, signal, colors } = session;
  const run = emptyRun(job);
  const startedAt = performance.now();
  const forecaster = newForecaster(prepared, (layout) => buildForecaster(options, layout), bands);
  const { model, layout } = forecaster;
  const examples = examplesOf(prepared, layout);
  let done = 0;
  const plan: TrainOptions = {
    ...{ ...options, signal },
    ...(validate && { validation: prepared.test }),
    onStep: ({ epoch, loss }) =>
      progress.step(++done, `epoch ${epoch}/${options.epochs}, loss ${formatNumber(loss)}`),
    onEpoch: (epoch) => {
      run.epochs.push(epoch);
      run.timings.trainSeconds = (performance.now() - startedAt) / 1000;
      progress.line(epochLine(epoch, options.epochs, colors));
    },
  };
  run.model = summarizeModel(
    options.model === "stock" ? "buildStockForecaster" : "buildLstmForecaster",
    model,
  );
  session.record(run);
  for (const line of forecastHead(run, options.timesteps, colors)) progress.line(line);
  progress.start("training", countSteps(examples, plan));
  try {
    await train(model, examples, plan);
    if (signal.aborted) return run;
    const predictedAt = performance.now();
    const { test } = prepared;
    const horizon = judgedSteps(beyond?.n ?? 1, test.x.shape[0] as number, bands?.samples ?? null);
    const ofTrain = await forecastsOf({ ...forecaster, bands: null }, prepared.train.x, 1, signal);
    const ofTest = await forecastsOf(forecaster, test.x, horizon, signal);
    if (!ofTrain || !ofTest) return run;
    run.train.predicted = firstSteps(ofTrain).predicted;
    Object.assign(run.test, firstSteps(ofTest));
    run.rmse = { train: errorOf(run.train), test: errorOf(run.test) };
    const { values } = series;
    const season = run.season?.length ?? null;
    const stretch = stretchOf(values, test.firstTarget, values.length, season);
    run.horizon = horizonErrors([byStep(ofTest, stretch)]);
    run.timings.evaluateSeconds = (performance.now() - predictedAt) / 1000;
    if (beyond) {
      const said = await forecastAhead(forecaster, series, beyond.n, signal);
      if (!said) return run;
      run.ahead = {
        strategy: beyond.strategy,
        at: labelsAhead(series, beyond.n),
        values: Array.from(said.point),
        lower: said.lower && Array.from(said.lower),
        upper: said.upper && Array.from(said.upper),
      };
    }
    if (save !== undefined) {
      const columns = [series.column ?? series.valueLabel, ...run.data.features];
      const beside = await saveForecaster(save, forecaster, { columns, season });
      progress.line(`  model    ${save}, with its settings in ${beside}`);
    }
  } finally {
    progress.stop();
    model.dispose();
  }
  await inFolds(job, run, session);
  if (signal.aborted) return run;
  run.status = "complete";
  for (const line of forecastSummary(run, colors)) progress.line(line);
  return run;
}

/** Trains and judges a model a fold, where any were asked for. */
async function inFolds(
  { series, options, beyond, bands = null, folds = [] }: ForecastJob,
  run: ForecastRun,
  { progress, signal, colors }: Session,
): Promise<void> {
  if (folds.length === 0) return;
  progress.line(
    `  walk-forward: ${folds.length} folds, each a new model of all before its stretch`,
  );
  const plan = { folds, training: options, ahead: beyond?.n ?? 1, bands };
  progress.start("walk-forward", plannedWork(plan));
  try {
    const ended: Fold[] = [];
    run.walkForward = { folds: ended, together: null };
    run.walkForward = await walkForward({
      ...plan,
      series,
      build: (layout) => buildForecaster(options, layout),
      signal,
      onStep: ({ fold, loss, done }) =>
        progress.step(
          done,
          `fold ${fold + 1}/${folds.length}, ${loss === null ? "judged" : `loss ${formatNumber(loss)}`}`,
        ),
      onFold: (fold) => {
        ended.push(fold);
        progress.line(foldLine(fold, ended.length, folds.length, colors));
      },
    });
  } finally {
    progress.stop();
  }
}

function emptyRun(job: ForecastJob): ForecastRun {
  const { series, prepared, options, listing = null, bands = null, beyond } = job;
  const { values, features = [] } = series;
  const trainPoints = prepared.test.firstTarget;
  const guessed = listing === null ? guessSeason(series, trainPoints) : null;
  const season: Season | null = job.season ? { length: job.season, source: "given" } : guessed;
  const part = ({ firstTarget, y }: SeriesPart): ForecastPart =>
    emptyPart(series, firstTarget, firstTarget + (y.shape[0] as number), season?.length ?? null);
  const train = part(prepared.train);
  const test = part(prepared.test);
  return {
    kind: "forecast",
    status: "interrupted",
    listing,
    model: { builder: "", layers: [], parameters: 0, loss: "", optimizer: "" },
    options: {
      ...options,
      ...(beyond && { ahead: beyond.n, strategy: beyond.strategy }),
      ...(bands && { bands: bands.method }),
      ...(bands?.samples && { samples: bands.samples }),
    },
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
      features: features.map(({ name }) => name),
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
    season,
    train,
    test,
    bands,
    horizon: null,
    walkForward: null,
    ahead: null,
  };
}

function errorOf({ actual, predicted }: ForecastPart): number {
  return rootMeanSquare(actual, predicted as number[]);
}
