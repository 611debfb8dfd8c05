import { checkOptions, shown } from "./generated/options.ts";
import { type ArrayInput, type NdArray, readArray } from "./nd-array.ts";

/** What `seasonalNaive` takes. */
export interface SeasonalNaiveOptions {
  /** Points in a season, m. Default 1: the last value goes on. */
  season?: number;
}

const who = "seasonalNaive";

/**
 * The **horizon** values after a series [T] or [T, F], each the last known one of its place in the season: the
 * forecast that a trained one has to beat. With a season of 1 the last value goes on.
 *
 *     y[T + h] = series[T + h − m·⌈h / m⌉],   1 ≤ h ≤ horizon
 *
 * Returns [horizon] or [horizon, F] in float64.
 *
 * Throws on other shapes, a horizon or season that is no integer of at least 1, and fewer points than a season.
 *
 * Source: Hyndman & Athanasopoulos, "Forecasting: Principles and Practice", 3rd ed., section 5.2.
 *
 * @example
 * seasonalNaive([1, 2, 3, 4, 5, 6], 5, { season: 3 }).data; // => [4, 5, 6, 4, 5]
 */
export function seasonalNaive(
  series: ArrayInput,
  horizon: number,
  options: SeasonalNaiveOptions = {},
): NdArray<Float64Array> {
  checkOptions(who, options, ["season"], "{ season: 12 }");
  const { season = 1 } = options;
  const { data, shape } = readArray(who, series);
  if (shape.length !== 1 && shape.length !== 2) {
    throw new Error(`${who}: expected a series [T] or [T, F], got shape ${shown(shape)}`);
  }
  const [points, width = 1] = shape;
  for (const [name, x] of Object.entries({ horizon, season })) {
    if (Number.isInteger(x) && x >= 1) continue;
    throw new Error(`${who}: expected ${name} to be an integer of at least 1, got ${shown(x)}`);
  }
  if (points < season) {
    throw new Error(`${who}: expected at least a season of ${season} points, got ${points}`);
  }
  const out = new Float64Array(horizon * width);
  for (let h = 0; h < horizon; h++) {
    const from = points - season + (h % season);
    for (let j = 0; j < width; j++) out[h * width + j] = data[from * width + j];
  }
  return { data: out, shape: [horizon, ...shape.slice(1)] };
}
