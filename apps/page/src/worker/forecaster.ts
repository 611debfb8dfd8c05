import { forecastAhead } from "@rnnkit/benchmarks/forecast-ahead";
import { bandSettings, type Forecasts } from "@rnnkit/benchmarks/forecasting/bands";
import {
  byStep,
  horizonErrors,
  judgedSteps,
  stretchOf,
} from "@rnnkit/benchmarks/forecasting/errors";
import { buildOneLayer } from "@rnnkit/benchmarks/forecasting/forecaster-model";
import { type ForecasterLayout, reaches } from "@rnnkit/benchmarks/forecasting/layout";
import { guessSeason } from "@rnnkit/benchmarks/forecasting/season";
import { targetScaler } from "@rnnkit/benchmarks/forecasting/target-scaler";
import {
  forecastsOf,
  type TrainedForecaster,
} from "@rnnkit/benchmarks/forecasting/trained-forecaster";
import { labelsAhead } from "@rnnkit/benchmarks/labels-ahead";
import type { Series } from "@rnnkit/benchmarks/one-series";
import { type PreparedSeries, prepareSeries } from "@rnnkit/benchmarks/prepared-series";
import type { BandSettings, Season } from "@rnnkit/benchmarks/results";
import type { MinMaxScaler } from "@rnnkit/preprocess";
import type { LayersModel } from "@tensorflow/tfjs-layers";
import type { Cell, Settings } from "../app/settings.ts";
import type { Ahead, Horizon, Predictions, SeriesData } from "./messages.ts";

/** The command line's forecaster, and the series that it speaks of. */
export interface Forecaster extends TrainedForecaster {
  kind: "forecaster";
  series: Series;
  prepared: PreparedSeries;
  season: Season | null;
}

const { signal } = new AbortController();
const DROPOUT = 0.2;
const SAMPLES = 50;

/** How a model of the settings makes its bands; eight of ten values should lie within. */
export function bandsOf({ bands: method }: Pick<Settings, "bands">): BandSettings | null {
  return method === "none" ? null : bandSettings(method, SAMPLES);
}

/** Steps that one prediction says: quantiles say nothing that could go into the next window, so all at once. */
export const outputsOf = ({ bands, ahead }: Pick<Settings, "bands" | "ahead">): number =>
  bands === "quantile" ? ahead : 1;

/** The command line's model of one recurrent layer, of any of the page's cells, for the settings. */
export function buildForecaster(
  cell: Cell,
  { units, rate: learningRate, seed }: Settings,
  layout: ForecasterLayout,
  bands: BandSettings | null,
): LayersModel {
  const dropout = bands?.method === "dropout" ? DROPOUT : 0;
  return buildOneLayer({ cell, units, learningRate, seed, dropout }, layout);
}

/** The first value of the test part. */
const testStart = ({ prepared: { test } }: Pick<Forecaster, "prepared">) => test.firstTarget;

/** A series as the page draws it. */
export function seriesData(
  forecaster: Pick<Forecaster, "series" | "prepared" | "season">,
): SeriesData {
  const { series, season } = forecaster;
  const { name, title, source, synthetic, valueLabel, axis, at, values, notes } = series;
  return {
    ...{ kind: "series", name, title, source, isSynthetic: synthetic, valueLabel, axis, at, notes },
    features: (series.features ?? []).map(({ name }) => name),
    values: Array.from(values),
    testFrom: testStart(forecaster),
    season: season?.length ?? null,
  };
}

/** The season of a series' training part. */
export const seasonOf = (series: Series, { test }: PreparedSeries): Season | null =>
  guessSeason(series, test.firstTarget);

/** Where the test part stands, for the judgement of forecasts of it. */
const testStretch = ({ series: { values }, prepared: { test }, season }: Forecaster) =>
  stretchOf(values, test.firstTarget, values.length, season?.length ?? null);

/** Forecasts of the test part one step ahead, in the series' unit, beside their baselines; bands once it is trained. */
export async function predictTest(
  forecaster: Forecaster,
  withBands: boolean,
): Promise<Predictions> {
  const { bands } = forecaster;
  const plain =
    bands?.method === "dropout" && !withBands ? { ...forecaster, bands: null } : forecaster;
  const forecasts = (await forecastsOf(plain, forecaster.prepared.test.x, 1, signal)) as Forecasts;
  const { all } = horizonErrors([byStep(forecasts, testStretch(forecaster))]);
  const { point, lower, upper } = forecasts;
  const { model, lastValue, seasonal, coverage } = all;
  return {
    values: Array.from(point),
    lower: lower && Array.from(lower),
    upper: upper && Array.from(upper),
    ...{ model, lastValue, seasonal, coverage },
  };
}

/** The mean squared error of the scaled test part, as the loss of training is. */
export function scaledLoss({ scaler }: Forecaster, { model }: Predictions): number {
  const [range = 1] = scaler.dataRange;
  const [low, high] = scaler.featureRange;
  return (model.rmse * ((high - low) / (range || 1))) ** 2;
}

/** Errors by steps ahead over the test part, as far as **most** steps. */
export async function judgeHorizon(forecaster: Forecaster, most: number): Promise<Horizon | null> {
  const { layout, prepared } = forecaster;
  const { steps: said } = layout;
  // As many as the command line judges: of a long series fewer, so that they are worth waiting for.
  const wanted = judgedSteps(most, prepared.test.x.shape[0] as number, null);
  const horizon = reaches(layout, wanted) ? wanted : said;
  if (horizon < 2) return null;
  const plain =
    forecaster.bands?.method === "dropout" ? { ...forecaster, bands: null } : forecaster;
  const forecasts = (await forecastsOf(plain, prepared.test.x, horizon, signal)) as Forecasts;
  const { steps } = horizonErrors([byStep(forecasts, testStretch(forecaster))]);
  const hasSeason = steps.every(({ seasonal }) => seasonal !== null);
  return {
    model: steps.map(({ model }) => model.mae),
    lastValue: steps.map(({ lastValue }) => lastValue.mae),
    seasonal: hasSeason ? steps.map(({ seasonal }) => seasonal?.mae ?? 0) : null,
  };
}

/** The **count** values after the series. */
export async function forecastBeyond(forecaster: Forecaster, count: number): Promise<Ahead> {
  const { layout, series } = forecaster;
  if (!reaches(layout, count)) {
    const why = layout.levels.length > 0 ? "by their quantiles" : "of one of its columns";
    throw new Error(
      `the model says ${layout.steps} values ahead ${why}, and none beyond: train one for ${count}`,
    );
  }
  const { point, lower, upper } = (await forecastAhead(
    forecaster,
    series,
    count,
    signal,
  )) as Forecasts;
  return {
    at: labelsAhead(series, count),
    values: Array.from(point),
    lower: lower && Array.from(lower),
    upper: upper && Array.from(upper),
  };
}

/** Whether a model is to say every column that it sees, so that its forecasts can go into the next window. */
export function saysAllColumns(series: Series, { bands, ahead }: Settings): boolean {
  return (series.features ?? []).length > 0 && bands !== "quantile" && ahead > 1;
}

/** The series cut for a model that is there already, scaled by its own **scaler**. */
export function preparedFor(
  series: Series,
  timesteps: number,
  outputs: number,
  scaler: MinMaxScaler | null,
  allColumns = false,
): PreparedSeries {
  const prepared = prepareSeries(series, timesteps, outputs, { allColumns });
  if (!scaler) return prepared;
  const own = prepared.scaler;
  const shift = <P extends PreparedSeries["train"]>(part: P): P => ({
    ...part,
    x: rescaled(part.x, own, scaler),
    y: rescaled(part.y, targetScaler(own), targetScaler(scaler)),
  });
  return { ...prepared, scaler, train: shift(prepared.train), test: shift(prepared.test) };
}

function rescaled(
  array: PreparedSeries["train"]["x"],
  from: MinMaxScaler,
  to: MinMaxScaler,
): PreparedSeries["train"]["x"] {
  const width = from.dataMin.length;
  const columns = {
    data: Float64Array.from(array.data),
    shape: [array.data.length / width, width],
  };
  const { data } = to.transform(from.inverseTransform(columns));
  return { data, shape: array.shape };
}
