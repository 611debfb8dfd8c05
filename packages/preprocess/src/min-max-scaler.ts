// scikit-learn's MinMaxScaler (1.9).
import { checkOptions, shown } from "./generated/options.ts";
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
  roundLike,
  toJsonNumbers,
} from "./scaler.ts";

/** What a `MinMaxScaler` is made with. */
export interface MinMaxScalerOptions {
  /** Where each feature's minimum and maximum go. Default [0, 1]. */
  featureRange?: readonly [number, number];
  /** Clip transformed values to the range, so that unseen extremes stay inside. Default false. */
  clip?: boolean;
}

/** A saved `MinMaxScaler`; without the last four members it was not fitted. */
export interface MinMaxScalerJson {
  className: "MinMaxScaler";
  featureRange: [number, number];
  clip: boolean;
  dtype?: "float32" | "float64";
  /** Of the last batch, to which the ends of featureRange were rounded; absent: as dtype. */
  lastDtype?: "float32" | "float64";
  nSamplesSeen?: number;
  dataMin?: JsonNumbers;
  dataMax?: JsonNumbers;
}

interface Learned {
  nSamplesSeen: number;
  /** featureRange in the dtype of the last batch. */
  ends: FloatArray;
  dataMin: FloatArray;
  dataMax: FloatArray;
  dataRange: FloatArray;
  scale: FloatArray;
  min: FloatArray;
}

const who = "minMaxScaler";

/**
 * Scales each feature to a range, as scikit-learn's MinMaxScaler does.
 *
 *     scale = (hi − lo) / (dataMax − dataMin)       lo, hi = featureRange
 *     min   = lo − dataMin · scale
 *     transform(x) = x · scale + min
 *
 * Input is [N, F]: `{ data, shape }`, or an array of rows. A Float32Array is scaled in float32 and
 * gives a Float32Array; anything else gives a Float64Array. Fit it on the training part alone (see
 * `trainTestSplit`).
 *
 * A series [N], a plain or typed array, is one feature and comes back as [N]; scikit-learn refuses it, since it
 * may be one sample as well, and so does a scaler of several features here.
 *
 * - A feature whose range is below 10·ε of its dtype counts as constant: it maps to lo, and its
 *   scale is hi − lo.
 * - NaN is ignored by `fit` and kept by `transform`. A column that is NaN throughout a `partialFit`
 *   batch is NaN from then on, as in scikit-learn.
 * - `inverseTransform` never clips. A scaler of one feature takes any number of columns back, so
 *   that forecasts [N, steps] need no reshaping.
 *
 * Throws on anything but [N, F] or [N], no rows, another number of features, ±Infinity, and before `fit`.
 *
 * Source: https://scikit-learn.org/stable/modules/generated/sklearn.preprocessing.MinMaxScaler.html
 *
 * @example
 * const scaler = new MinMaxScaler();
 * scaler.fitTransform([[1], [2], [5]]).data; // => [0, 0.25, 1]
 * scaler.inverseTransform([[0.5]]).data; // => [3]
 */
export class MinMaxScaler {
  readonly featureRange: readonly [number, number];
  readonly clip: boolean;
  #learned: Learned | undefined;

  constructor(options: MinMaxScalerOptions = {}) {
    checkOptions(who, options, ["featureRange", "clip"]);
    const { featureRange = [0, 1], clip = false } = options;
    const [lo, hi]: readonly number[] =
      Array.isArray(featureRange) && featureRange.length === 2
        ? featureRange
        : [Number.NaN, Number.NaN];
    if (![lo, hi].every(Number.isFinite) || !(lo < hi) || !Number.isFinite(hi - lo)) {
      throw new Error(
        `${who}: expected a featureRange whose minimum is smaller than its maximum, got ${shown(featureRange)}`,
      );
    }
    this.featureRange = [lo, hi];
    this.clip = readFlag(who, "clip", clip);
  }

  /** Forgets what was learned, then learns from X [N, F]. */
  fit(x: ArrayInput): this {
    const matrix = readMatrix(who, x);
    this.#learned = this.#learn(matrix);
    return this;
  }

  /** Learns from one more batch [N, F]: batches one after the other give what `fit` on all gives. */
  partialFit(x: ArrayInput): this {
    const matrix = readMatrix(who, x, this.#learned?.dataMin.length);
    this.#learned = this.#learn(matrix, this.#learned);
    return this;
  }

  /** X [N, F] or [N] scaled, of the same shape. */
  transform<X extends ArrayInput>(x: X): NdArray<FloatOf<X>> {
    const { scale, min } = this.#fitted();
    const matrix = readMatrix(who, x, scale.length);
    const { data, columns } = matrix;
    const out = floatsLike(data, data.length);
    const [lo, hi] = this.featureRange.map((bound) => roundLike(data, bound));
    // Two stores: in float32 each rounds, as numpy's two in-place operations do.
    for (let i = 0, j = 0; i < data.length; i++) {
      out[i] = data[i] * scale[j];
      out[i] += min[j];
      if (this.clip) out[i] = Math.min(Math.max(out[i], lo), hi);
      if (++j === columns) j = 0;
    }
    return asResult<X>(matrix, out);
  }

  /** `fit`, then `transform`, of the same X [N, F]. */
  fitTransform<X extends ArrayInput>(x: X): NdArray<FloatOf<X>> {
    return this.fit(x).transform(x);
  }

  /** Scaled X [N, F] back in original units: (x − min) / scale. */
  inverseTransform<X extends ArrayInput>(x: X): NdArray<FloatOf<X>> {
    const { scale, min } = this.#fitted();
    const matrix = readInverse(who, x, scale.length);
    const { data } = matrix;
    const out = floatsLike(data, data.length);
    for (let i = 0, j = 0; i < data.length; i++) {
      out[i] = data[i] - min[j];
      out[i] /= scale[j];
      if (++j === scale.length) j = 0;
    }
    return asResult<X>(matrix, out);
  }

  /** Each feature's smallest value seen, [F]. */
  get dataMin(): FloatArray {
    return this.#fitted().dataMin;
  }

  /** Each feature's largest value seen, [F]. */
  get dataMax(): FloatArray {
    return this.#fitted().dataMax;
  }

  /** dataMax − dataMin, [F]; 0 for a constant feature. */
  get dataRange(): FloatArray {
    return this.#fitted().dataRange;
  }

  /** The factor of each feature, [F]. */
  get scale(): FloatArray {
    return this.#fitted().scale;
  }

  /** The addend of each feature, [F]. */
  get min(): FloatArray {
    return this.#fitted().min;
  }

  /** Rows seen so far, those with NaN included. */
  get nSamplesSeen(): number {
    return this.#fitted().nSamplesSeen;
  }

  /** Everything needed to go on elsewhere; `JSON.stringify(scaler)` calls it. NaN survives. */
  toJSON(): MinMaxScalerJson {
    const json: MinMaxScalerJson = {
      className: "MinMaxScaler",
      featureRange: [...this.featureRange],
      clip: this.clip,
    };
    if (!this.#learned) return json;
    const { nSamplesSeen, ends, dataMin, dataMax } = this.#learned;
    return {
      ...json,
      dtype: dtypeOf(dataMin),
      ...(dtypeOf(ends) === dtypeOf(dataMin) ? {} : { lastDtype: dtypeOf(ends) }),
      nSamplesSeen,
      dataMin: toJsonNumbers(dataMin),
      dataMax: toJsonNumbers(dataMax),
    };
  }

  /** The scaler that `toJSON` or `JSON.stringify` saved. Throws on anything else. */
  static fromJSON(json: MinMaxScalerJson | string): MinMaxScaler {
    const saved = readJson(who, "MinMaxScaler", json);
    const [lo, hi] = fromJsonNumbers(who, "featureRange", saved.featureRange, 2);
    const scaler = new MinMaxScaler({
      featureRange: [lo, hi],
      clip: readFlag(who, "clip", saved.clip),
    });
    if (saved.nSamplesSeen === undefined) return scaler;
    const [nSamplesSeen] = fromJsonNumbers(who, "nSamplesSeen", [saved.nSamplesSeen], 1);
    const dtype = readDtype("dtype", saved.dtype);
    const lastDtype = readDtype("lastDtype", saved.lastDtype ?? dtype);
    const Floats = floats[dtype];
    const dataMin = new Floats(fromJsonNumbers(who, "dataMin", saved.dataMin));
    const dataMax = new Floats(fromJsonNumbers(who, "dataMax", saved.dataMax, dataMin.length));
    const ends = floats[lastDtype].of(lo, hi);
    scaler.#learned = scaled(nSamplesSeen, ends, dataMin, dataMax);
    return scaler;
  }

  #fitted(): Learned {
    if (!this.#learned) {
      throw new Error(`${who}: expected a fitted scaler, got one without fit or partialFit`);
    }
    return this.#learned;
  }

  #learn({ data, rows, columns }: Matrix, before?: Learned): Learned {
    // float64 data widens what float32 batches have learned; it never narrows again.
    const like = before && !isFloat32(before.dataMin) ? before.dataMin : data;
    const dataMin = floatsLike(like, columns).fill(Number.NaN);
    const dataMax = floatsLike(like, columns).fill(Number.NaN);
    for (let i = 0, j = 0; i < data.length; i++) {
      const x = data[i];
      // Negated comparisons, so that the first number replaces the NaN that stands there.
      if (!Number.isNaN(x)) {
        if (!(dataMin[j] <= x)) dataMin[j] = x;
        if (!(dataMax[j] >= x)) dataMax[j] = x;
      }
      if (++j === columns) j = 0;
    }
    if (before) {
      for (let j = 0; j < columns; j++) {
        dataMin[j] = Math.min(dataMin[j], before.dataMin[j]);
        dataMax[j] = Math.max(dataMax[j], before.dataMax[j]);
      }
    }
    const ends = floats[dtypeOf(data)].from(this.featureRange);
    return scaled((before?.nSamplesSeen ?? 0) + rows, ends, dataMin, dataMax);
  }
}

const floats = { float32: Float32Array, float64: Float64Array };

function dtypeOf(numbers: FloatArray): keyof typeof floats {
  return isFloat32(numbers) ? "float32" : "float64";
}

function readDtype(name: string, value: unknown): keyof typeof floats {
  if (value === "float32" || value === "float64") return value;
  throw new Error(`${who}: expected ${name} "float32" or "float64", got ${shown(value)}`);
}

// Each store into an array rounds to its class, as each of numpy's operations does.
function scaled(
  nSamplesSeen: number,
  ends: FloatArray,
  dataMin: FloatArray,
  dataMax: FloatArray,
): Learned {
  const [lo, hi] = ends;
  const span = roundLike(ends, hi - lo);
  const dataRange = dataMax.map((max, j) => max - dataMin[j]);
  const constantBelow = 10 * epsilonOf(dataMin);
  const scale = dataRange.map((range) => span / (range < constantBelow ? 1 : range));
  const min = dataMin.map((x, j) => x * scale[j]).map((x) => lo - x);
  return { nSamplesSeen, ends, dataMin, dataMax, dataRange, scale, min };
}
