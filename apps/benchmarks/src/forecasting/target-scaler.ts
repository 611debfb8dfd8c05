import { MinMaxScaler } from "@rnnkit/preprocess";

/** The scaler of the first column alone, of a scaler of several. */
export function targetScaler(scaler: MinMaxScaler): MinMaxScaler {
  const [min = 0] = scaler.dataMin;
  const [max = 1] = scaler.dataMax;
  if (scaler.dataMin.length === 1) return scaler;
  const { featureRange } = scaler;
  return new MinMaxScaler({ featureRange }).fit({ data: Float64Array.of(min, max), shape: [2, 1] });
}

/**
 * Scaled numbers in the series' own unit, to the digits that float32 has of the scaler's range.
 *
 * @throws when one is no number: the model diverged
 */
export function inUnitOf(target: MinMaxScaler, scaled: Float64Array): Float64Array {
  const { data } = target.inverseTransform({ data: scaled, shape: [scaled.length, 1] });
  const diverged = data.find((x) => !Number.isFinite(x));
  if (diverged !== undefined) {
    throw new Error(
      `forecast: expected finite predictions, got ${diverged}: the model diverged, try a smaller --learning-rate`,
    );
  }
  // Seven digits of the range, which is all that float32 has: behind a large offset as before it.
  const [range = 1] = target.dataRange;
  const digits = range > 0 ? 7 - Math.ceil(Math.log10(range)) : 7;
  return Float64Array.from(data, (x) => rounded(x, digits));
}

function rounded(x: number, digits: number): number {
  const value = digits >= 0 && digits <= 20 ? Number(x.toFixed(digits)) : x;
  return Number(value.toPrecision(15));
}
