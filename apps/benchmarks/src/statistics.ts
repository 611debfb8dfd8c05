/** The value below which the share **q** of the samples lies, between neighbours by proportion; NaN of none. */
export function quantile(samples: readonly number[], q: number): number {
  if (samples.length === 0) return Number.NaN;
  const sorted = Float64Array.from(samples).sort();
  const at = q * (sorted.length - 1);
  const below = Math.floor(at);
  const low = sorted[below] as number;
  const high = sorted[Math.min(below + 1, sorted.length - 1)] as number;
  return low + (at - below) * (high - low);
}

/** The middle sample, or the mean of the two in the middle. */
export function median(samples: readonly number[]): number {
  return quantile(samples, 0.5);
}

/**
 * The exponent p of cost ∝ size^p between two measurements: 1 is linear, 2 squared.
 *
 *     p = log(cost₁ / cost₀) / log(size₁ / size₀)
 */
export function growthExponent(
  [size0, cost0]: readonly [number, number],
  [size1, cost1]: readonly [number, number],
): number {
  return Math.log(cost1 / cost0) / Math.log(size1 / size0);
}

/**
 * The population's standard deviation: what always saying the mean errs by; NaN of none. Values up to 1e300 are
 * taken in a unit near the largest, so that no square overflows.
 */
export function standardDeviation(values: readonly number[]): number {
  const unit = unitOf(values);
  const mean = values.reduce((sum, value) => sum + value / unit, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value / unit - mean) ** 2, 0);
  return unit * Math.sqrt(squares / values.length);
}

/** Root mean squared error, of values up to 1e300 too; NaN of none. */
export function rootMeanSquare(actual: readonly number[], predicted: readonly number[]): number {
  const unit = unitOf([...actual, ...predicted]);
  const squares = actual.reduce(
    (sum, value, i) => sum + (value / unit - (predicted[i] as number) / unit) ** 2,
    0,
  );
  return unit * Math.sqrt(squares / actual.length);
}

/** The power of two, so that dividing by it rounds nothing, below the largest of the values; 1 of zeros. */
function unitOf(values: readonly number[]): number {
  const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return largest === 0 ? 1 : 2 ** Math.floor(Math.log2(largest));
}
