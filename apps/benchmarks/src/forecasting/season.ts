import { differences, isMonthly, monthOf, usualStep } from "../csv/time-order.ts";
import type { Season } from "../results.ts";
import type { Series } from "./one-series.ts";

const [MINUTE, HOUR, DAY] = [60_000, 3_600_000, 86_400_000];
// Of correlation that counts as a season; and what 3/√n is of few points.
const LEAST = 0.3;
// The latest points, and the longest lag in them, that are looked at.
const [MOST_POINTS, MOST_LAG] = [20_000, 3000];

/**
 * The season of a series' first **points**, which are all that is looked at; null where none shows.
 *
 * 1. Seasons of the calendar by the step of the dates (of months 12, of days 7 and 365, of weekdays 5, of hours 24
 *    and 168 ...): the first one at whose distance changes from value to value are alike, correlation 0.3 or more.
 * 2. Else the highest peak of the autocorrelation behind its first fall below 0, less a straight trend, within a
 *    third of the points: at least 0.3, and 3/√points. Within a tenth of a season of the calendar it is that one.
 */
export function guessSeason(
  { values, at, axis }: Pick<Series, "values" | "at" | "axis">,
  points: number,
): Season | null {
  const first = Math.max(0, points - MOST_POINTS);
  const known = values.subarray(first, points);
  const calendar = axis.kind === "date" ? calendarSeasons(at.slice(first, points)) : [];
  const steps = differences(known);
  for (const length of calendar) {
    if (3 * length <= known.length && correlationsOf(steps, length).at(-1)! >= LEAST) {
      return { length, source: "dates" };
    }
  }
  const peak = peakOf(correlationsOf(withoutTrend(known), Math.floor(known.length / 3)));
  if (peak === null || peak.height < Math.max(LEAST, 3 / Math.sqrt(known.length))) return null;
  const near = calendar.find((length) => Math.abs(length - peak.lag) <= length / 10);
  return near === undefined
    ? { length: peak.lag, source: "autocorrelation" }
    : { length: near, source: "dates" };
}

/** Points in a day, a week, a year and so on, by how far dates usually are apart; the shortest first. */
function calendarSeasons(at: readonly (number | string)[]): number[] {
  const times = Float64Array.from(at, (label) => Date.parse(String(label)));
  const step = usualStep(differences(times));
  const months = usualStep(differences(times.map(monthOf)));
  if (months > 0 && isMonthly(times)) return [12 / months].filter(isSeason);
  const isWeekday = (time: number) => ![0, 6].includes(new Date(time).getUTCDay());
  if (step === DAY) return times.length > 14 && times.every(isWeekday) ? [5, 261] : [7, 365];
  if (step === 7 * DAY) return [52];
  if (step > DAY) return [];
  const spans = step < MINUTE ? [MINUTE, HOUR] : step < HOUR ? [HOUR] : [];
  return [...spans, DAY, 7 * DAY].map((span) => span / step).filter(isSeason);
}

function isSeason(length: number): boolean {
  return Number.isInteger(length) && length > 1;
}

/** Less the straight line of least squares, in a unit near the largest value. */
function withoutTrend(values: Float64Array): Float64Array {
  const n = values.length;
  const unit = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0) || 1;
  const scaled = values.map((value) => value / unit);
  const mean = scaled.reduce((sum, value) => sum + value, 0) / n;
  const middle = (n - 1) / 2;
  const slope =
    scaled.reduce((sum, value, t) => sum + (t - middle) * (value - mean), 0) /
    ((n * (n * n - 1)) / 12 || 1);
  return scaled.map((value, t) => value - mean - slope * (t - middle));
}

/** Autocorrelations at the lags 1 to **most**, divided by the variance of all points: far lags count for less. */
function correlationsOf(series: Float64Array, most: number): Float64Array {
  const unit = series.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0) || 1;
  const mean = series.reduce((sum, value) => sum + value / unit, 0) / series.length;
  const centred = series.map((value) => value / unit - mean);
  const variance = centred.reduce((sum, value) => sum + value * value, 0);
  return Float64Array.from({ length: Math.min(most, MOST_LAG) }, (_, i) => {
    let sum = 0;
    for (let t = i + 1; t < centred.length; t++) sum += centred[t]! * centred[t - i - 1]!;
    // Rounding alone is no variance.
    return variance > 1e-20 * centred.length ? sum / variance : 0;
  });
}

/** The highest local maximum behind the first correlation below 0. */
function peakOf(correlations: Float64Array): { lag: number; height: number } | null {
  const start = correlations.findIndex((r) => r < 0);
  let best: { lag: number; height: number } | null = null;
  for (let i = Math.max(1, start); start >= 0 && i < correlations.length - 1; i++) {
    const height = correlations[i]!;
    const isPeak = height >= correlations[i - 1]! && height >= correlations[i + 1]!;
    if (isPeak && height > (best?.height ?? 0)) best = { lag: i + 1, height };
  }
  return best;
}
