// Numbers in plain arrays to tensors and back: the one place that knows what tfjs takes and what it would lose.
import { checkOptions, didYouMean, shown, typedArrayName } from "@rnnkit/core-rnn";
import { type Rank, type ShapeMap, Tensor, tensor } from "@tensorflow/tfjs-core";
import { guideToBackend } from "./first-backend.ts";

/** Types of tensors that hold numbers. */
export type NumberDtype = "float32" | "int32" | "bool";

/** The typed array that a tensor of the type comes as. */
export interface ArrayOfDtype {
  float32: Float32Array;
  int32: Int32Array;
  bool: Uint8Array;
}

/** Numbers in a plain array or a typed one. */
export type TensorNumbers =
  | readonly number[]
  | Float64Array
  | Float32Array
  | Int32Array
  | Uint32Array
  | Int16Array
  | Uint16Array
  | Int8Array
  | Uint8Array
  | Uint8ClampedArray;

/** Numbers in row-major order and the size of each axis: what `@rnnkit/preprocess` returns. */
export interface ShapedNumbers<A = TensorNumbers> {
  data: A;
  shape: number[];
}

/** Options of `toTensor` and `fromTensor`. */
export interface TensorBridgeOptions<D extends NumberDtype = NumberDtype> {
  /** Of the result. Default: that of the numbers. */
  dtype?: D | undefined;
}

/**
 * A tensor of numbers in the form that `@rnnkit/preprocess` returns, `{ data, shape }`, or of a series, `[T]`.
 * Its dtype, unless **dtype** asks for another, is *int32* for arrays of whole numbers (Int32Array,
 * Uint8Array...) and *float32* for all others, Float64Array among them: each number becomes the nearest of
 * float32. Numbers are copied, so that the array can be used again.
 *
 * @throws TypeError for anything else than such numbers; Error if **data** does not fill **shape**, and for a
 * number that the dtype cannot hold: beyond float32's 3.4e38, no whole number of 32 bits, or neither 0 nor 1.
 * @example
 * const { x, y } = createSequences(series, 20);
 * await model.fit(toTensor(x), toTensor(y));
 */
export function toTensor<R extends Rank = Rank>(
  x: ShapedNumbers | TensorNumbers,
  options: TensorBridgeOptions = {},
): Tensor<R> {
  const who = "toTensor";
  const { data, shape } = readNumbers(who, x);
  const dtype = readDtype(who, options) ?? dtypeOf(data);
  const numbers = converted(who, data, dtype);
  guideToBackend();
  return tensor(numbers, shape as ShapeMap[R], dtype);
}

/**
 * The numbers of a tensor as `{ data, shape }`: a Float32Array of *float32*, an Int32Array of *int32*, a
 * Uint8Array of *bool*, or what **dtype** asks for. They are a copy: neither follows the other. What `predict`
 * gives is taken as it is; of a model with several outputs, one after the other.
 *
 * @throws TypeError for anything but a tensor in use, of one of these types; Error for a number that **dtype**
 * cannot hold.
 * @example
 * const forecast = scaler.inverseTransform(fromTensor(model.predict(x))); // => { data, shape: [B, 1] }
 */
export function fromTensor<D extends NumberDtype = NumberDtype>(
  x: Tensor | readonly Tensor[],
  options: TensorBridgeOptions<D> = {},
): ShapedNumbers<ArrayOfDtype[D]> {
  const who = "fromTensor";
  const from = readTensor(who, x);
  const dtype = readDtype(who, options) ?? (from.dtype as NumberDtype);
  const data = converted(who, from.dataSync() as TensorNumbers, dtype);
  return { data: data as ArrayOfDtype[D], shape: [...from.shape] };
}

interface Dtype {
  Kind: { from(numbers: ArrayLike<number>): Float32Array | Int32Array | Uint8Array };
  /** What it holds, in words. */
  holds: string;
  takes(x: number): boolean;
}

const dtypes: Record<NumberDtype, Dtype> = {
  float32: {
    Kind: Float32Array,
    holds: "numbers up to 3.4e38",
    takes: (x) => Number.isFinite(Math.fround(x)) || !Number.isFinite(x),
  },
  int32: { Kind: Int32Array, holds: "whole numbers of 32 bits", takes: (x) => (x | 0) === x },
  bool: { Kind: Uint8Array, holds: "0 and 1", takes: (x) => x === 0 || x === 1 },
};
const dtypeNames = Object.keys(dtypes) as NumberDtype[];

const arrayNames = /^(Float64|Float32|Int32|Uint32|Int16|Uint16|Int8|Uint8|Uint8Clamped)Array$/;

function isNumbers(x: unknown): x is TensorNumbers {
  return Array.isArray(x) || arrayNames.test(typedArrayName(x) ?? "");
}

function dtypeOf(data: TensorNumbers): NumberDtype {
  return /^(Ui|I)nt/.test(typedArrayName(data) ?? "") ? "int32" : "float32";
}

/** A copy in the dtype's own class; throws at the first number that is none or would not be kept. */
function converted(
  who: string,
  data: TensorNumbers,
  dtype: NumberDtype,
): ArrayOfDtype[NumberDtype] {
  const { Kind, holds, takes } = dtypes[dtype];
  for (let i = 0; i < data.length; i++) {
    const x = data[i];
    if (typeof x !== "number")
      throw new TypeError(`${who}: expected a number at ${i}, got ${shown(x)}`);
    if (!takes(x))
      throw new Error(`${who}: expected ${holds}, which ${dtype} is for, got ${x} at ${i}`);
  }
  return Kind.from(data);
}

function readNumbers(who: string, x: unknown): Required<ShapedNumbers> {
  if (isNumbers(x)) return { data: x, shape: [x.length] };
  const { data, shape } = (x ?? {}) as Partial<ShapedNumbers>;
  if (!isNumbers(data) || !Array.isArray(shape)) {
    const got = shown(x);
    throw new TypeError(`${who}: expected { data, shape } or an array of numbers, got ${got}`);
  }
  const size = shape.reduce((product, n) => product * n, 1);
  if (!shape.every((n) => Number.isInteger(n) && n >= 0) || size !== data.length) {
    const expected = `a shape for ${data.length} numbers`;
    throw new Error(`${who}: expected ${expected}, got ${shown(shape)}`);
  }
  return { data, shape: [...shape] };
}

function readTensor(who: string, x: unknown): Tensor {
  const one = Array.isArray(x) && x.length === 1 ? x[0] : x;
  if (Array.isArray(one)) {
    const expected = "one tensor, as in outputs.map((output) => fromTensor(output))";
    throw new TypeError(`${who}: expected ${expected}, got a list of ${one.length}`);
  }
  const isOfNumbers = one instanceof Tensor && Object.hasOwn(dtypes, one.dtype);
  if (isOfNumbers && !one.isDisposed) return one;
  const got =
    one instanceof Tensor ? (one.isDisposed ? "one that was disposed" : one.dtype) : shown(one);
  throw new TypeError(`${who}: expected a tensor of ${dtypeNames.join(", ")}, got ${got}`);
}

function readDtype(who: string, options: TensorBridgeOptions): NumberDtype | undefined {
  checkOptions(who, options, ["dtype"], '{ dtype: "int32" }');
  const { dtype } = options;
  if (dtype === undefined || dtypeNames.includes(dtype)) return dtype;
  const got = `${shown(dtype)}${didYouMean(dtype, dtypeNames)}`;
  throw new TypeError(`${who}: expected dtype ${dtypeNames.join(", ")}, got ${got}`);
}
