// scikit-learn's StandardScaler (1.9).
import { columnSums } from "./column-sums.ts";
import { checkOptions } from "./generated/options.ts";
import { type ArrayInput, type FloatOf, isFloat32, type NdArray } from "./nd-array.ts";
import {
  asResult,
  epsilonOf,
  type FloatArray,
  floatsLike,
  fromJsonNumbers,
  type JsonNumbers,
  type Matrix,
  readFlag,
  readInverse,
  readJson,
  readMatrix,
  toJsonNumbers,
} from "./scaler.ts";

/** What a `StandardScaler` is made with. */
export interface StandardScalerOptions {
  /** Subtract the mean. Default true. */
  withMean?: boolean;
  /** Divide by the standard deviation. Default true. */
  withStd?: boolean;
}

/** A saved `StandardScaler`; without nSamplesSeen it was not fitted. */
export interface StandardScalerJson {
  className: "StandardScaler";
  withMean: boolean;
  withStd: boolean;
  nSamplesSeen?: JsonNumbers;
  mean?: JsonNumbers | null;
  var?: JsonNumbers | null;
}

interface Learned {
  /** Numbers seen in each column, NaN not counted. */
  counts: Float64Array;
  mean: Float64Array | null;
  variance: Float64Array | null;
  scale: Float64Array | null;
}

const who = "standardScaler";

/**
 * Centres each feature on 0 and scales it to unit variance, as scikit-learn's StandardScaler does.
 *
 *     transform(x) = (x − mean) / scale,   scale = √var   (population variance, divided by N)
 *
 * Input is [N, F]: `{ data, shape }`, or an array of rows. Statistics are gathered in float64;
 * a Float32Array is scaled in float32 and gives a Float32Array, anything else a Float64Array. Fit it
 * on the training part alone (see `trainTestSplit`).
 *
 * A series [N], a plain or typed array, is one feature and comes back as [N]; scikit-learn refuses it, since it
 * may be one sample as well, and so does a scaler of several features here.
 *
 * - A feature whose variance is within the rounding error of computing it,
 *   var ≤ N·ε·var + (N·mean·ε)², counts as constant: scale 1.
 * - NaN is ignored by `fit` and kept by `transform`. A column that is NaN throughout a `partialFit`
 *   batch spoils that column's mean or variance for good, as in scikit-learn.
 * - A scaler of one feature takes any number of columns back in `inverseTransform`.
 *
 * Throws on anything but [N, F] or [N], no rows, another number of features, ±Infinity, and before `fit`.
 *
 * Sources: https://scikit-learn.org/stable/modules/generated/sklearn.preprocessing.StandardScaler.html;
 * Chan, Golub & LeVeque 1983, "Algorithms for computing the sample variance".
 *
 * @example
 * const scaler = new StandardScaler();
 * scaler.fitTransform([[1], [3]]).data; // => [-1, 1]
 * scaler.inverseTransform([[2]]).data; // => [4]
 */
export class StandardScaler {
  readonly withMean: boolean;
  readonly withStd: boolean;
  #learned: Learned | undefined;

  constructor(options: StandardScalerOptions = {}) {
    checkOptions(who, options, ["withMean", "withStd"]);
    const { withMean = true, withStd = true } = options;
    this.withMean = readFlag(who, "withMean", withMean);
    this.withStd = readFlag(who, "withStd", withStd);
  }

  /** Forgets what was learned, then learns from X [N, F]. */
  fit(x: ArrayInput): this {
    const matrix = readMatrix(who, x);
    this.#learned = this.#learn(matrix);
    return this;
  }

  /** Learns from one more batch [N, F]: batches one after the other give what `fit` on all gives. */
  partialFit(x: ArrayInput): this {
    const matrix = readMatrix(who, x, this.#learned?.counts.length);
    this.#learned = this.#learn(matrix, this.#learned);
    return this;
  }

  /** X [N, F] or [N] standardised, of the same shape. */
  transform<X extends ArrayInput>(x: X): NdArray<FloatOf<X>> {
    const { counts } = this.#fitted();
    const matrix = readMatrix(who, x, counts.length);
    const { data } = matrix;
    const { shift, factor } = this.#affine(data);
    const out = floatsLike(data, data.length);
    for (let i = 0, j = 0; i < data.length; i++) {
      out[i] = data[i] - shift[j];
      out[i] /= factor[j];
      if (++j === counts.length) j = 0;
    }
    return asResult<X>(matrix, out);
  }

  /** `fit`, then `transform`, of the same X [N, F]. */
  fitTransform<X extends ArrayInput>(x: X): NdArray<FloatOf<X>> {
    return this.fit(x).transform(x);
  }

  /** Standardised X [N, F] back in original units: x · scale + mean. */
  inverseTransform<X extends ArrayInput>(x: X): NdArray<FloatOf<X>> {
    const { counts } = this.#fitted();
    const matrix = readInverse(who, x, counts.length);
    const { data } = matrix;
    const { shift, factor } = this.#affine(data);
    const out = floatsLike(data, data.length);
    for (let i = 0, j = 0; i < data.length; i++) {
      out[i] = data[i] * factor[j];
      out[i] += shift[j];
      if (++j === counts.length) j = 0;
    }
    return asResult<X>(matrix, out);
  }

  /** Each feature's mean, [F]; null when neither mean nor deviation is asked for. */
  get mean(): Float64Array | null {
    return this.#fitted().mean;
  }

  /** Each feature's population variance, [F]; null without withStd. */
  get var(): Float64Array | null {
    return this.#fitted().variance;
  }

  /** Each feature's divisor, [F]: √var, or 1 where the feature is constant; null without withStd. */
  get scale(): Float64Array | null {
    return this.#fitted().scale;
  }

  /** Numbers seen, NaN not counted: one count, or one for each feature [F] where they differ. */
  get nSamplesSeen(): number | Float64Array {
    const { counts } = this.#fitted();
    return counts.every((n) => n === counts[0]) ? counts[0] : counts;
  }

  /** Everything needed to go on elsewhere; `JSON.stringify(scaler)` calls it. NaN survives. */
  toJSON(): StandardScalerJson {
    const json: StandardScalerJson = {
      className: "StandardScaler",
      withMean: this.withMean,
      withStd: this.withStd,
    };
    if (!this.#learned) return json;
    const { counts, mean, variance } = this.#learned;
    return {
      ...json,
      nSamplesSeen: toJsonNumbers(counts),
      mean: mean && toJsonNumbers(mean),
      var: variance && toJsonNumbers(variance),
    };
  }

  /** The scaler that `toJSON` or `JSON.stringify` saved. Throws on anything else. */
  static fromJSON(json: StandardScalerJson | string): StandardScaler {
    const saved = readJson(who, "StandardScaler", json);
    const scaler = new StandardScaler({
      withMean: readFlag(who, "withMean", saved.withMean),
      withStd: readFlag(who, "withStd", saved.withStd),
    });
    if (saved.nSamplesSeen === undefined) return scaler;
    const counts = fromJsonNumbers(who, "nSamplesSeen", saved.nSamplesSeen);
    const { withMean, withStd } = scaler;
    const read = (name: "mean" | "var"): Float64Array =>
      fromJsonNumbers(who, name, saved[name], counts.length);
    scaler.#learned = scaled(
      counts,
      withMean || withStd ? read("mean") : null,
      withStd ? read("var") : null,
    );
    return scaler;
  }

  #fitted(): Learned {
    if (!this.#learned) {
      throw new Error(`${who}: expected a fitted scaler, got one without fit or partialFit`);
    }
    return this.#learned;
  }

  /** What is subtracted and divided by, in the dtype of the data as scikit-learn casts it. */
  #affine(data: FloatArray): { shift: FloatArray; factor: FloatArray } {
    const { counts, mean, scale } = this.#fitted();
    const shift = floatsLike(data, counts.length);
    const factor = floatsLike(data, counts.length).fill(1);
    if (this.withMean && mean) shift.set(mean);
    if (this.withStd && scale) factor.set(scale);
    return { shift, factor };
  }

  /**
   * The batch's own sums, by the corrected two-pass algorithm, merged into those before:
   *
   *     Σ(x − x̄)² = S₀ + S₁ + (n₀/n₁)/(n₀ + n₁) · (T₀·n₁/n₀ − T₁)²      Tₖ sums, Sₖ squares, nₖ counts
   */
  #learn({ data, rows, columns }: Matrix, before?: Learned): Learned {
    const newCounts = new Float64Array(columns).fill(rows);
    for (let i = 0; i < data.length; i++) if (Number.isNaN(data[i])) newCounts[i % columns]--;
    const counts = before ? newCounts.map((n, j) => before.counts[j] + n) : newCounts;
    if (!this.withMean && !this.withStd) return scaled(counts, null, null);

    const numberAt = (i: number): number => (Number.isNaN(data[i]) ? 0 : data[i]);
    const newSums = columnSums(data.length, columns, numberAt, isFloat32(data));
    const sums = newCounts.map((_, j) => (before?.mean ? before.mean[j] * before.counts[j] : 0));
    const mean = counts.map((n, j) => (sums[j] + newSums[j]) / n);
    if (!this.withStd) return scaled(counts, mean, null);

    const batchMean = newSums.map((sum, j) => sum / newCounts[j]);
    const deviationAt = (i: number): number => {
      const deviation = data[i] - batchMean[i % columns];
      return Number.isNaN(deviation) ? 0 : deviation;
    };
    const residuals = columnSums(data.length, columns, deviationAt, false);
    const squares = columnSums(data.length, columns, (i) => deviationAt(i) ** 2, false);
    const variance = counts.map((n, j) => {
      // The residuals would sum to 0 without rounding; their square corrects for it.
      const fresh = squares[j] - residuals[j] ** 2 / newCounts[j];
      if (!before?.variance || before.counts[j] === 0) return fresh / n;
      const ratio = before.counts[j] / newCounts[j];
      const between = (ratio / n) * (sums[j] / ratio - newSums[j]) ** 2;
      return (before.variance[j] * before.counts[j] + fresh + between) / n;
    });
    return scaled(counts, mean, variance);
  }
}

function scaled(
  counts: Float64Array,
  mean: Float64Array | null,
  variance: Float64Array | null,
): Learned {
  const eps = epsilonOf(counts);
  const scale =
    variance &&
    mean &&
    variance.map((v, j) => {
      const n = counts[j];
      const isConstant = v <= n * eps * v + (n * mean[j] * eps) ** 2;
      return isConstant ? 1 : Math.sqrt(v);
    });
  return { counts, mean, variance, scale };
}
