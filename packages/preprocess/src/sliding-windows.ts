// Windows over a series, the general form; `createSequences` and `prepareData` are made of it.
import { checkKinds, optionKinds } from "./generated/option-kinds.ts";
import { checkOptions, shown } from "./generated/options.ts";
import { type ArrayInput, kindOf, type NdArray, type NumberArray, readArray } from "./nd-array.ts";

/** The element types that windows can have. */
export interface WindowArrays {
  float32: Float32Array;
  float64: Float64Array;
  int32: Int32Array;
}

/** The element types that windows can have. */
export type WindowDtype = keyof WindowArrays;

/** The default: Int32Array stays, anything else becomes float32, as in `tf.tensor`. */
export type WindowArray<X, D> = D extends WindowDtype
  ? WindowArrays[D]
  : X extends { data: infer A }
    ? WindowArray<A, undefined>
    : X extends Int32Array | readonly Int32Array[]
      ? Int32Array
      : Float32Array;

/** The options that every kind of window shares. */
export interface WindowOptions<D extends WindowDtype | undefined = undefined> {
  /** Points between the starts of two windows. Default 1. */
  stride?: number;
  /** Points between two steps of a window, and of its horizon. Default 1. */
  samplingRate?: number;
  /** The columns to predict, in this order. Default all. */
  targetColumns?: readonly number[];
  /** The first point used. Default 0. */
  startIndex?: number;
  /** The first point not used. Default the length of the series. */
  endIndex?: number;
  /**
   * The element type of x and y: *float32*, *float64* or *int32* (which truncates). Default int32 for
   * an Int32Array and float32 for anything else, because tfjs takes no Float64Array; a whole number that
   * float32 does not hold (a timestamp in milliseconds) is then told by console.warn.
   */
  dtype?: D;
}

export interface SlidingWindowsOptions<D extends WindowDtype | undefined = undefined>
  extends WindowOptions<D> {
  /** Steps in a window, L. */
  windowLength: number;
  /** Steps to predict after each window, H. Default 1; 0 gives an empty y. */
  horizon?: number;
  /**
   * Targets beside the series instead of out of it, as Keras's timeseries_dataset_from_array has
   * them: row i belongs to the window that starts at point i. Excludes horizon and targetColumns.
   */
  targets?: ArrayInput;
}

/** Windows and what follows each of them. */
export interface Windows<A> {
  /** [N, L] from a 1-D series, [N, L, F] from a 2-D one. */
  x: NdArray<A>;
  /** [N, H], [N, H, C], or the shape of the targets with N rows. */
  y: NdArray<A>;
}

const who = "slidingWindows";

/** What `WindowOptions` has. @internal */
export const windowOptionNames = [
  "stride",
  "samplingRate",
  "targetColumns",
  "startIndex",
  "endIndex",
  "dtype",
];

const optionNames = ["windowLength", "horizon", "targets", ...windowOptionNames];

/**
 * Every window of a series [T] or [T, F], and the steps that follow it.
 *
 *     x[i, k] = series[start + i·stride + k·rate]              k < L
 *     y[i, h] = series[start + i·stride + (L + h)·rate]        h < H, the target columns only
 *     N = ⌊(points − (L + H − 1)·rate − 1) / stride⌋ + 1
 *
 * The outputs are allocated once and filled from the series in place: a typed series of 10 million
 * points costs no other memory. With **targets**, y[i] = targets[start + i·stride].
 *
 * Throws when the series is too short for one window, or an option is out of its range.
 *
 * Source: https://keras.io/api/data_loading/timeseries (whose results `{ targets }` or `{ horizon: 0 }` give).
 *
 * @example
 * const { x, y } = slidingWindows([0, 1, 2, 3, 4], { windowLength: 3 });
 * x; // => { data: Float32Array [0, 1, 2, 1, 2, 3], shape: [2, 3] }
 * y; // => { data: Float32Array [3, 4], shape: [2, 1] }
 */
export function slidingWindows<X extends ArrayInput, D extends WindowDtype | undefined = undefined>(
  series: X,
  options: SlidingWindowsOptions<D>,
): Windows<WindowArray<X, D>> {
  checkOptions(who, options, optionNames, "{ windowLength: 10 }");
  return windowsOf(who, series, options);
}

/** The body of `slidingWindows`, under the names that the function has which the user called. @internal */
export function windowsOf<X extends ArrayInput, D extends WindowDtype | undefined>(
  caller: string,
  series: X,
  options: SlidingWindowsOptions<D>,
  lengthName = "windowLength",
): Windows<WindowArray<X, D>> {
  const { data, shape } = readArray(caller, series);
  if (shape.length !== 1 && shape.length !== 2) {
    throw new Error(`${caller}: expected a series [T] or [T, F], got shape ${shown(shape)}`);
  }
  const points = shape[0];
  const features = shape[1] ?? 1;
  const columnsOf = features > 1 ? `0 to ${features - 1}` : "0";

  const { windowLength, stride = 1, samplingRate: rate = 1, targets } = options;
  const { startIndex = 0, endIndex = points, targetColumns } = options;
  const horizon = targets === undefined ? (options.horizon ?? 1) : 0;
  expectInteger(caller, lengthName, windowLength, 1);
  expectInteger(caller, "stride", stride, 1);
  expectInteger(caller, "samplingRate", rate, 1);
  expectInteger(caller, "horizon", horizon, 0);
  expectInteger(caller, "startIndex", startIndex, 0, points);
  expectInteger(caller, "endIndex", endIndex, startIndex, points);
  checkKinds(caller, { targetColumns }, { targetColumns: optionKinds.list });
  for (const column of targetColumns ?? []) {
    if (!Number.isInteger(column) || column < 0 || column >= features) {
      throw new Error(`${caller}: expected targetColumns from ${columnsOf}, got ${shown(column)}`);
    }
  }
  if (targets !== undefined && (options.horizon !== undefined || targetColumns !== undefined)) {
    throw new Error(`${caller}: expected targets or horizon and targetColumns, got both`);
  }
  const apart = targets === undefined ? undefined : readArray(`${caller} targets`, targets);
  if (apart?.shape.length === 0)
    throw new Error(`${caller}: expected targets [T, ...], got a scalar`);

  const span = (windowLength + horizon - 1) * rate + 1;
  const starts = Math.min(
    endIndex - startIndex - span + 1,
    apart ? apart.shape[0] - startIndex : Infinity,
  );
  if (starts < 1) {
    const and = apart ? ` and ${startIndex + 1} targets` : "";
    const got = apart ? ` and ${apart.shape[0]}` : "";
    throw new Error(
      `${caller}: expected at least ${span} points${and} for one window, got ${endIndex - startIndex}${got}`,
    );
  }
  const count = Math.ceil(starts / stride);

  const allocate = allocator<WindowArray<X, D>>(caller, options.dtype, data);
  if (options.dtype === undefined) {
    sayWhatRounds(caller, data, features);
    if (apart) sayWhatRounds(`${caller} targets`, apart.data, apart.data.length / apart.shape[0]);
  }
  const x = allocate(count * windowLength * features);
  for (let i = 0; i < count; i++) {
    const from = (startIndex + i * stride) * features;
    copySteps(x, i * windowLength * features, data, from, windowLength, rate, features);
  }
  const xShape = [count, windowLength, ...shape.slice(1)];
  const result = (y: NumberArray, yShape: number[]): Windows<WindowArray<X, D>> => ({
    x: { data: x as WindowArray<X, D>, shape: xShape },
    y: { data: y as WindowArray<X, D>, shape: yShape },
  });

  if (apart) {
    const width = apart.data.length / apart.shape[0];
    const y = allocate(count * width);
    copySteps(y, 0, apart.data, startIndex * width, count, stride, width);
    return result(y, [count, ...apart.shape.slice(1)]);
  }

  const columns = targetColumns ?? Array.from({ length: features }, (_, column) => column);
  const y = allocate(count * horizon * columns.length);
  let at = 0;
  for (let i = 0; i < count; i++) {
    for (let h = 0; h < horizon; h++) {
      const row = (startIndex + i * stride + (windowLength + h) * rate) * features;
      for (let c = 0; c < columns.length; c++) y[at++] = data[row + columns[c]];
    }
  }
  return result(y, [count, horizon, ...(shape.length === 2 ? [columns.length] : [])]);
}

/** Copies `steps` rows of `width`, `rate` rows apart in the source, side by side into `out`. */
function copySteps(
  out: NumberArray,
  at: number,
  data: NumberArray,
  from: number,
  steps: number,
  rate: number,
  width: number,
): void {
  const run = rate === 1 ? steps * width : width;
  const runs = rate === 1 ? 1 : steps;
  for (let r = 0; r < runs; r++) {
    const source = from + r * rate * width;
    const target = at + r * run;
    // A view and a memcpy pay off only from some length on.
    if (run >= 64) out.set(data.subarray(source, source + run), target);
    else for (let k = 0; k < run; k++) out[target + k] = data[source + k];
  }
}

function allocator<A>(
  caller: string,
  dtype: string | undefined,
  data: NumberArray,
): (length: number) => NumberArray & A {
  const name = dtype ?? (kindOf(data) === "Int32Array" ? "int32" : "float32");
  const constructors = { float32: Float32Array, float64: Float64Array, int32: Int32Array };
  const Kind = Object.hasOwn(constructors, name) && constructors[name as WindowDtype];
  if (!Kind)
    throw new Error(`${caller}: expected dtype float32, float64 or int32, got ${shown(name)}`);
  return (length) => new Kind(length) as NumberArray & A;
}

/** Says it once a call: whole numbers beyond float32's, as timestamps in milliseconds, come out as others. */
function sayWhatRounds(caller: string, data: NumberArray, columns: number): void {
  if (!/^(Float64|Uint32)Array$/.test(kindOf(data) ?? "")) return;
  const at = data.findIndex(
    (x) => Math.abs(x) > 2 ** 24 && Number.isInteger(x) && Math.fround(x) !== x,
  );
  if (at < 0) return;
  const place = `row ${Math.floor(at / columns)}, column ${at % columns}`;
  console.warn(
    `${caller}: ${data[at]} in ${place} becomes ${Math.fround(data[at])} in float32, which tfjs computes in; ` +
      `scale the series, or subtract its first value, before (dtype "float32" takes it as it is, "float64" keeps it)`,
  );
}

function expectInteger(
  caller: string,
  name: string,
  x: number,
  least: number,
  most = 2 ** 53,
): void {
  if (Number.isInteger(x) && x >= least && x <= most) return;
  const range = most === 2 ** 53 ? `of at least ${least}` : `from ${least} to ${most}`;
  throw new Error(`${caller}: expected ${name} to be an integer ${range}, got ${shown(x)}`);
}
