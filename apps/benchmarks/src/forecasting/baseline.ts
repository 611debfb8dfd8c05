/**
 * The forecast that nothing changes: the value at each of the positions `start … end − 1` is
 * predicted to be the one before it. What a forecaster must beat to have learnt anything.
 *
 * @example
 * lastValueForecast([3, 5, 4, 6], 2, 4); // => [5, 4]
 */
export function lastValueForecast(
  series: ArrayLike<number>,
  start: number,
  end: number,
): Float64Array {
  if (start < 1 || end > series.length || start > end) {
    throw new RangeError(
      `lastValueForecast: expected 1 <= start <= end <= ${series.length}, got ${start}, ${end}`,
    );
  }
  return Float64Array.from({ length: end - start }, (_, i) => series[start + i - 1] as number);
}

/**
 * The forecast that every season is as the one before: the value one **season** before each position; null where
 * the series has none before the first one.
 *
 * @example
 * seasonalForecast([1, 2, 3, 1, 2, 3], 3, 6, 3); // => [1, 2, 3]
 */
export function seasonalForecast(
  series: ArrayLike<number>,
  start: number,
  end: number,
  season: number,
): Float64Array | null {
  if (start < season) return null;
  return Float64Array.from({ length: end - start }, (_, i) => series[start + i - season] as number);
}
