import type { MinMaxScaler, NdArray } from "@rnnkit/preprocess";
import type { LayersModel } from "@tensorflow/tfjs-layers";
import type { BandSettings } from "../results.ts";
import type { Examples } from "../training.ts";
import { type Forecasts, forecastWindows } from "./bands.ts";
import { BAND_LEVELS, type ForecasterLayout } from "./layout.ts";
import { dropoutPredictions, predictionsOf } from "./predict-windows.ts";
import type { PreparedSeries } from "./prepared-series.ts";
import { eachLevel } from "./quantile-loss.ts";
import { inUnitOf, targetScaler } from "./target-scaler.ts";

/** A model with what it takes to understand it. */
export interface TrainedForecaster {
  model: LayersModel;
  layout: ForecasterLayout;
  /** Of all columns of a window. */
  scaler: MinMaxScaler;
  bands: BandSettings | null;
}

/** What a model of these windows sees and says; with *quantile* bands so many numbers of each value. */
function layoutOf(prepared: PreparedSeries, bands: BandSettings | null): ForecasterLayout {
  const [, timesteps = 1, features = 1] = prepared.train.x.shape;
  return {
    timesteps,
    features,
    steps: prepared.outputs,
    columns: prepared.allColumns ? features : 1,
    levels: bands?.method === "quantile" ? BAND_LEVELS : [],
  };
}

/** What a model of the layout learns from. */
export function examplesOf(prepared: PreparedSeries, { levels }: ForecasterLayout): Examples {
  const { x, y } = prepared.fit ?? prepared.train;
  return levels.length > 0 ? { x, y: eachLevel(y, levels.length) } : { x, y };
}

/** Makes a model of a layout, compiled and not trained. */
export type BuildForecaster<Model extends LayersModel = LayersModel> = (
  layout: ForecasterLayout,
) => Model;

/** A model that is not trained yet, for windows of **prepared** and under **bands**. */
export function newForecaster<Model extends LayersModel>(
  prepared: PreparedSeries,
  build: BuildForecaster<Model>,
  bands: BandSettings | null,
): TrainedForecaster & { model: Model } {
  const layout = layoutOf(prepared, bands);
  return { model: build(layout), layout, scaler: prepared.scaler, bands };
}

/** How often a model is asked for each window, of one that goes on from its forecasts and of one that draws samples. */
export function askedOf(
  { steps }: Pick<ForecasterLayout, "steps">,
  bands: BandSettings | null,
  horizon: number,
): number {
  const samples = bands?.method === "dropout" ? (bands.samples ?? 1) : 0;
  return Math.ceil(horizon / steps) * (1 + samples);
}

/**
 * Forecasts of each window in the series' own unit; null where **signal** is aborted before. **onRows** is told of
 * as many rows, in all, as there are windows times `askedOf`.
 */
export async function forecastsOf(
  { model, layout, scaler, bands }: TrainedForecaster,
  windows: NdArray,
  horizon: number,
  signal: AbortSignal,
  onRows?: (rows: number) => void,
): Promise<Forecasts | null> {
  const sampling =
    bands?.method === "dropout"
      ? { predict: dropoutPredictions(model, signal, onRows), samples: bands.samples ?? 1 }
      : null;
  const predict = predictionsOf(model, signal, onRows);
  const said = await forecastWindows(layout, windows, horizon, predict, sampling);
  if (!said) return null;
  const target = targetScaler(scaler);
  const own = (scaled: Float64Array | null) => scaled && inUnitOf(target, scaled);
  return {
    horizon,
    point: own(said.point) as Float64Array,
    lower: own(said.lower),
    upper: own(said.upper),
  };
}
