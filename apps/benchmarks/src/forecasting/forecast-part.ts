import type { ForecastPart } from "../results.ts";
import type { Forecasts } from "./bands.ts";
import { lastValueForecast, seasonalForecast } from "./baseline.ts";
import type { Series } from "./one-series.ts";

/** The values of a series from **start** to **end** beside their baselines, one step ahead; not predicted yet. */
export function emptyPart(
  { values, at }: Pick<Series, "values" | "at">,
  start: number,
  end: number,
  season: number | null,
): ForecastPart {
  const seasonal = season === null ? null : seasonalForecast(values, start, end, season);
  return {
    at: at.slice(start, end),
    actual: Array.from(values.subarray(start, end)),
    predicted: null,
    lastValue: Array.from(lastValueForecast(values, start, end)),
    seasonal: seasonal && Array.from(seasonal),
    lower: null,
    upper: null,
  };
}

/** What a model says of the part's values one step ahead, out of its forecasts of so many. */
export function firstSteps({
  horizon,
  point,
  lower,
  upper,
}: Forecasts): Pick<ForecastPart, "predicted" | "lower" | "upper"> {
  const first = (all: Float64Array | null) =>
    all && Array.from({ length: all.length / horizon }, (_, i) => all[i * horizon] as number);
  return { predicted: first(point), lower: first(lower), upper: first(upper) };
}
