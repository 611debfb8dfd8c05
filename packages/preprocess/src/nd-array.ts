// What goes in and what comes out: numbers in row-major order with an explicit shape.
import { shown } from "./generated/options.ts";
import { ownArray, typedArrayName } from "./generated/realm.ts";

/** A typed array of JavaScript numbers (no bigints). */
export type NumberArray =
  | Float64Array
  | Float32Array
  | Int32Array
  | Uint32Array
  | Int16Array
  | Uint16Array
  | Int8Array
  | Uint8Array
  | Uint8ClampedArray;

/**
 * Numbers in row-major order and their shape: what every function here returns.
 *
 * `tf.tensor(data, shape)` takes it as it is when **data** is a Float32Array, Int32Array or
 * Uint8Array; tfjs refuses a Float64Array, which `toFloat32` converts.
 */
export interface NdArray<A = NumberArray> {
  /** The elements, last axis fastest. */
  data: A;
  /** The size of each axis; their product is `data.length`. */
  shape: number[];
}

/** Plain arrays of numbers to any depth; the innermost may be typed arrays. */
export type NestedNumbers = readonly number[] | readonly NumberArray[] | readonly NestedNumbers[];

/** Any way to give numbers: `{ data, shape }`, a typed array (1-D) or nested plain arrays. */
export type ArrayInput = NdArray<NumberArray | readonly number[]> | NumberArray | NestedNumbers;

/** The dtype in which scikit-learn computes on X: float32 stays, everything else is float64. */
export type FloatOf<X> = X extends { data: infer A }
  ? FloatOf<A>
  : X extends Float32Array | readonly Float32Array[]
    ? Float32Array
    : Float64Array;

type NumberArrayConstructor = new (length: number) => NumberArray;

/** The typed arrays by their name, of whichever realm (frames, jsdom, vm). */
const constructors: Record<string, NumberArrayConstructor> = {
  Float64Array,
  Float32Array,
  Int32Array,
  Uint32Array,
  Int16Array,
  Uint16Array,
  Int8Array,
  Uint8Array,
  Uint8ClampedArray,
};

/** The name of a typed array's class, as *Float32Array*; undefined for anything else. */
export function kindOf(x: unknown): string | undefined {
  const name = typedArrayName(x);
  return name !== undefined && Object.hasOwn(constructors, name) ? name : undefined;
}

export function isNumberArray(x: unknown): x is NumberArray {
  return kindOf(x) !== undefined;
}

export function isFloat32(x: NumberArray): x is Float32Array {
  return kindOf(x) === "Float32Array";
}

/**
 * Reads any accepted form. Typed arrays are taken as they are, without a copy, those of another realm
 * under this one's class; plain numbers become a Float64Array; nested typed arrays keep their class when they all share one.
 */
export function readArray(who: string, input: unknown): NdArray {
  if (isNumberArray(input)) return { data: ownArray(input), shape: [input.length] };
  if (Array.isArray(input)) return readNested(who, input);
  if (typeof input === "object" && input !== null && "data" in input && "shape" in input) {
    return readNdArray(who, input);
  }
  throw new Error(
    `${who}: expected numbers as { data, shape }, a typed array or nested arrays, got ${shown(input)}`,
  );
}

/**
 * The same numbers as float32, the dtype that tfjs computes in; a Float32Array is not copied.
 *
 * @example
 * const { data, shape } = toFloat32(scaler.transform([[1], [3]]));
 * tf.tensor(data, shape);
 */
export function toFloat32(x: ArrayInput): NdArray<Float32Array> {
  const { data, shape } = readArray("toFloat32", x);
  return { data: isFloat32(data) ? data : Float32Array.from(data), shape };
}

function readNdArray(who: string, { data, shape }: { data: unknown; shape: unknown }): NdArray {
  if (!Array.isArray(shape) || !shape.every((size) => Number.isInteger(size) && size >= 0)) {
    throw new Error(`${who}: expected a shape of non-negative integers, got ${shown(shape)}`);
  }
  const flat = isNumberArray(data)
    ? ownArray(data)
    : Array.isArray(data)
      ? readNested(who, data).data
      : null;
  const size = shape.reduce((product: number, n: number) => product * n, 1);
  if (flat === null || flat.length !== size) {
    const got = flat === null ? shown(data) : `${flat.length}`;
    throw new Error(`${who}: expected ${size} numbers for shape ${shown(shape)}, got ${got}`);
  }
  return { data: flat, shape: [...shape] };
}

function readNested(who: string, input: readonly unknown[]): NdArray {
  const shape: number[] = [];
  let level: unknown = input;
  while (Array.isArray(level)) {
    shape.push(level.length);
    level = level[0];
  }
  if (isNumberArray(level)) shape.push(level.length);

  const kinds = new Set<string>();
  const check = (x: unknown, depth: number): void => {
    const length = Array.isArray(x) || isNumberArray(x) ? x.length : undefined;
    if (length !== shape[depth]) {
      const got = length === undefined ? shown(x) : `${length} at depth ${depth}`;
      const want = depth === shape.length ? "a number" : `rows of equal length ${shape[depth]}`;
      throw new Error(`${who}: expected ${want}, got ${got}`);
    }
    const last = depth === shape.length - 1;
    const kind = kindOf(x);
    if (kind !== undefined && last) kinds.add(kind);
    else if (last) {
      kinds.add("plain");
      for (const element of x as unknown[]) {
        if (typeof element === "number") continue;
        throw new Error(`${who}: expected only numbers at depth ${depth}, got ${shown(element)}`);
      }
    } else for (const element of x as unknown[]) check(element, depth + 1);
  };
  check(input, 0);

  const [kind] = kinds;
  const Kind = (kinds.size === 1 && constructors[kind]) || Float64Array;
  const data = new Kind(shape.reduce((product, n) => product * n, 1));
  let at = 0;
  const fill = (x: readonly unknown[] | NumberArray, depth: number): void => {
    if (depth < shape.length - 1) for (const row of x) fill(row as unknown[], depth + 1);
    else {
      data.set(x as ArrayLike<number>, at);
      at += x.length;
    }
  };
  fill(input, 0);
  return { data, shape };
}
