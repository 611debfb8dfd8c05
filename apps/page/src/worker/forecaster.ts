import { bandSettings, type Forecasts } from "@rnnkit/benchmarks/forecasting/bands";
import {
  byStep,
  horizonErrors,
  judgedSteps,
  stretchOf,
} from "@rnnkit/benchmarks/forecasting/errors";
import { forecastAhead } from "@rnnkit/benchmarks/forecasting/forecast-ahead";
import { firstSteps } from "@rnnkit/benchmarks/forecasting/forecast-part";
import { buildOneLayer } from "@rnnkit/benchmarks/forecasting/forecaster-model";
import { labelsAhead } from "@rnnkit/benchmarks/forecasting/labels-ahead";
import { type ForecasterLayout, reaches } from "@rnnkit/benchmarks/forecasting/layout";
import type { Series } from "@rnnkit/benchmarks/forecasting/one-series";
import { type PreparedSeries, prepareSeries } from "@rnnkit/benchmarks/forecasting/prepared-series";
import { guessSeason } from "@rnnkit/benchmarks/forecasting/season";
import {
  askedOf,
  forecastsOf,
  newForecaster,
  type TrainedForecaster,
} from "@rnnkit/benchmarks/forecasting/trained-forecaster";
import type { BandSettings, Season } from "@rnnkit/benchmarks/results";
import type { MinMaxScaler } from "@rnnkit/preprocess";
import type { LayersModel } from "@tensorflow/tfjs-layers";
import type { Cell, Settings } from "../app/settings.ts";
import type { Ahead, Horizon, Predictions, SeriesData, Share } from "./messages.ts";

/** A series, and what a forecaster of it is judged by. */
export interface CutSeries {
  series: Series;
  prepared: PreparedSeries;
  scaler: MinMaxScaler;
  season: Season | null;
}

/** The command line's forecaster, and the series that it speaks of. */
export interface Forecaster extends TrainedForecaster, CutSeries {
  kind: "forecaster";
  /** The columns that it learnt from, which may be those of another series; the one to forecast first. */
  columns: string[];
}

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

/** A series as the page draws it. */
export function seriesData({ series, prepared, season }: CutSeries): SeriesData {
  const { name, title, source, synthetic, valueLabel, axis, at, values } = series;
  const { notes, gapsFilled } = series;
  return {
    ...{ kind: "series", name, title, source, isSynthetic: synthetic, valueLabel, axis, at, notes },
    gapsFilled,
    features: columnNames(series).slice(1),
    values: Array.from(values),
    testFrom: prepared.test.firstTarget,
    season: season?.length ?? null,
  };
}

/** The names of a series' columns, the one to forecast first. */
export const columnNames = ({ valueLabel, features = [] }: Series): string[] => [
  valueLabel,
  ...features.map(({ name }) => name),
];

/** A series cut for a model of the layout, which may have a scaler already. */
export function cutFor(
  series: Series,
  { timesteps, steps, columns }: Pick<ForecasterLayout, "timesteps" | "steps" | "columns">,
  scaler: MinMaxScaler | null,
): CutSeries {
  const prepared = prepareSeries(series, timesteps, steps, { scaler, allColumns: columns > 1 });
  const season = guessSeason(series, prepared.test.firstTarget);
  return { series, prepared, scaler: prepared.scaler, season };
}

/** A model by the settings, not trained yet, for a series. */
export function forecasterFor(series: Series, settings: Settings): Forecaster {
  const { window: timesteps, cell } = settings;
  const bands = bandsOf(settings);
  const names = columnNames(series);
  const columns = saysAllColumns(series, settings) ? names.length : 1;
  const cut = cutFor(series, { timesteps, steps: outputsOf(settings), columns }, null);
  const build = (layout: ForecasterLayout) => buildForecaster(cell, settings, layout, bands);
  const made = newForecaster(cut.prepared, build, bands);
  return { ...cut, ...made, kind: "forecaster", columns: names };
}

/** Where the test part stands, for the judgement of forecasts of it. */
const testStretch = ({ series: { values }, prepared: { test }, season }: CutSeries) =>
  stretchOf(values, test.firstTarget, values.length, season?.length ?? null);

/** The same model without bands that would have to be drawn. */
const plain = (forecaster: Forecaster): Forecaster =>
  forecaster.bands?.method === "dropout" ? { ...forecaster, bands: null } : forecaster;

/** Forecasts of the test part one step ahead, in the series' unit, beside their baselines; no bands by dropout. */
export async function predictTest(
  forecaster: Forecaster,
  signal: AbortSignal,
): Promise<Predictions | null> {
  const forecasts = await forecastsOf(plain(forecaster), forecaster.prepared.test.x, 1, signal);
  return forecasts && firstStepOf(forecaster, forecasts);
}

function firstStepOf(forecaster: Forecaster, forecasts: Forecasts): Predictions {
  const steps = byStep(forecasts, testStretch(forecaster));
  const { model, lastValue, seasonal, coverage } = horizonErrors([steps.slice(0, 1)]).all;
  const { predicted, lower, upper } = firstSteps(forecasts);
  return {
    ...{ values: predicted as number[], lower, upper },
    ...{ model, lastValue, seasonal, coverage },
  };
}

/**
 * The test part's forecasts with their bands, and errors by steps ahead, as far as **most** of them; null where
 * **signal** is aborted before. **onShare** hears after each batch how much of it is done.
 */
export async function judgeTest(
  forecaster: Forecaster,
  most: number,
  signal: AbortSignal,
  onShare: (share: Share) => void,
): Promise<{ predictions: Predictions; horizon: Horizon | null } | null> {
  const { layout, bands, prepared } = forecaster;
  const { x } = prepared.test;
  // As many as the command line judges: of a long series fewer, so that they are worth waiting for.
  const wanted = judgedSteps(most, x.shape[0] as number, null);
  const horizon = reaches(layout, wanted) ? wanted : layout.steps;
  const isDrawn = bands?.method === "dropout";
  const asked = askedOf(layout, null, horizon) + (isDrawn ? askedOf(layout, bands, 1) : 0);
  const share = { done: 0, total: asked * (x.shape[0] as number) };
  const onRows = (rows: number) => {
    share.done += rows;
    onShare({ ...share });
  };
  const forecasts = await forecastsOf(plain(forecaster), x, horizon, signal, onRows);
  if (!forecasts) return null;
  const drawn = isDrawn ? await forecastsOf(forecaster, x, 1, signal, onRows) : forecasts;
  if (!drawn) return null;
  const predictions = firstStepOf(forecaster, drawn);
  if (horizon < 2) return { predictions, horizon: null };
  const { steps } = horizonErrors([byStep(forecasts, testStretch(forecaster))]);
  const hasSeason = steps.every(({ seasonal }) => seasonal !== null);
  return {
    predictions,
    horizon: {
      model: steps.map(({ model }) => model.mae),
      lastValue: steps.map(({ lastValue }) => lastValue.mae),
      seasonal: hasSeason ? steps.map(({ seasonal }) => seasonal?.mae ?? 0) : null,
    },
  };
}

/** The mean squared error of the scaled test part, as the loss of training is. */
export function scaledLoss({ scaler }: Forecaster, { model }: Predictions): number {
  const [range = 1] = scaler.dataRange;
  const [low, high] = scaler.featureRange;
  return (model.rmse * ((high - low) / (range || 1))) ** 2;
}

/** The **count** values after the series; null where **signal** is aborted before. */
export async function forecastBeyond(
  forecaster: Forecaster,
  count: number,
  signal: AbortSignal,
): Promise<Ahead | null> {
  const { layout, series } = forecaster;
  if (!reaches(layout, count)) {
    const why = layout.levels.length > 0 ? "by their quantiles" : "of one of its columns";
    throw new Error(
      `the model says ${layout.steps} values ahead ${why}, and none beyond: train one for ${count}`,
    );
  }
  const forecasts = await forecastAhead(forecaster, series, count, signal);
  if (!forecasts) return null;
  const { point, lower, upper } = forecasts;
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
