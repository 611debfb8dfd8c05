import type { Forecasts } from "./bands.ts";
import type { Series } from "./one-series.ts";
import { columnsOf } from "./prepared-series.ts";
import { forecastsOf, type TrainedForecaster } from "./trained-forecaster.ts";

/**
 * The **n** values after the end of a series, in its own unit; where the model says fewer steps than **n**, what it
 * said counts as known for the next ones. Null where **signal** is aborted before.
 */
export async function forecastAhead(
  forecaster: TrainedForecaster,
  series: Pick<Series, "values" | "features">,
  n: number,
  signal: AbortSignal,
): Promise<Forecasts | null> {
  const { timesteps, features } = forecaster.layout;
  const points = series.values.length;
  const { data } = forecaster.scaler.transform(columnsOf(series, points));
  const end = Float32Array.from(data.subarray((points - timesteps) * features));
  return forecastsOf(forecaster, { data: end, shape: [1, timesteps, features] }, n, signal);
}
