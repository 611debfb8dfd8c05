// What both scalers share: reading [N, F] as scikit-learn's check_array does, or a series [N], and JSON numbers.
import { shown } from "./generated/options.ts";
import {
  type FloatOf,
  isFloat32,
  isNumberArray,
  kindOf,
  type NdArray,
  type NumberArray,
  readArray,
} from "./nd-array.ts";

/** The two classes in which scikit-learn computes. */
export type FloatArray = Float32Array | Float64Array;

export interface Matrix {
  data: FloatArray;
  rows: number;
  columns: number;
  /** As given: [rows, columns], or [rows] of a series. */
  shape: number[];
}

/** The distance from 1 to the next number of the class. */
export function epsilonOf(floats: FloatArray): number {
  return isFloat32(floats) ? 2 ** -23 : 2 ** -52;
}

/** A zeroed array of the same class. */
export function floatsLike(like: FloatArray, length: number): FloatArray {
  return isFloat32(like) ? new Float32Array(length) : new Float64Array(length);
}

/** A number as an array of that class would hold it. */
export function roundLike(like: FloatArray, x: number): number {
  return isFloat32(like) ? Math.fround(x) : x;
}

/**
 * X as [N, F] floats: at least one row and one column, no infinity, NaN allowed. float32 is taken as
 * it is, anything else becomes float64. scikit-learn refuses one axis, which may be a sample as well as
 * a feature; here it is a series, one feature, as for windows, and a sample is refused by a scaler of more.
 */
export function readMatrix(who: string, x: unknown, columns?: number): Matrix {
  const { data, shape } = readArray(who, x);
  if (shape.length !== 1 && shape.length !== 2) {
    const got = `${shape.length}-D ${shown(shape)}`;
    throw new Error(`${who}: expected a 2-D array [N, F] or a series [N], got ${got}`);
  }
  const [rows, found = 1] = shape;
  if (rows === 0 || found === 0) {
    throw new Error(`${who}: expected at least 1 sample and 1 feature, got shape ${shown(shape)}`);
  }
  if (columns !== undefined && found !== columns) {
    const sample = `; give one sample as { data, shape: [1, ${rows}] }`;
    const got = shape.length === 1 ? `a series, which is one${sample}` : found;
    throw new Error(`${who}: expected ${columns} features, got ${got}`);
  }
  const floats = isFloat32(data) ? data : toFloat64(data);
  for (let i = 0; i < floats.length; i++) {
    if (Math.abs(floats[i]) === Infinity) {
      const row = `row ${Math.floor(i / found)}`;
      const where = shape.length === 1 ? row : `${row}, column ${i % found}`;
      throw new Error(`${who}: expected finite numbers or NaN, got ${floats[i]} at ${where}`);
    }
  }
  return { data: floats, rows, columns: found, shape };
}

/**
 * X for an inverse transform: F columns or, as numpy broadcasting lets scikit-learn do, any number
 * of columns that all go back through a scaler's only feature.
 */
export function readInverse(who: string, x: unknown, columns: number): Matrix {
  return readMatrix(who, x, columns === 1 ? undefined : columns);
}

/** The result of a transform under the type that its input decides. */
export function asResult<X>({ shape }: Matrix, data: FloatArray): NdArray<FloatOf<X>> {
  return { data: data as FloatOf<X>, shape };
}

function toFloat64(data: NumberArray): Float64Array {
  return kindOf(data) === "Float64Array" ? (data as Float64Array) : Float64Array.from(data);
}

/** Numbers for JSON: NaN, infinities and -0, which JSON loses, are written as strings. */
export type JsonNumbers = (number | string)[];

export function toJsonNumbers(numbers: ArrayLike<number>): JsonNumbers {
  return Array.from(numbers, (x) => (Number.isFinite(x) && !Object.is(x, -0) ? x : jsonString(x)));
}

function jsonString(x: number): string {
  return Object.is(x, -0) ? "-0" : String(x);
}

/** The inverse of `toJsonNumbers`; refuses anything that it cannot have written. */
export function fromJsonNumbers(
  who: string,
  name: string,
  json: unknown,
  length?: number,
): Float64Array {
  const ok =
    Array.isArray(json) &&
    (length === undefined || json.length === length) &&
    json.every((x) => typeof x === "number" || /^(NaN|-?Infinity|-0)$/.test(String(x)));
  if (!ok) {
    const want = length === undefined ? "numbers" : `${length} numbers`;
    throw new Error(`${who}: expected ${name} to be an array of ${want}, got ${shown(json)}`);
  }
  return Float64Array.from(json, Number);
}

/** The saved object, parsed if it is still text, if it is of the class asked for. */
export function readJson(who: string, className: string, json: unknown): Record<string, unknown> {
  const value: unknown = typeof json === "string" ? JSON.parse(json) : json;
  if (typeof value !== "object" || value === null || isNumberArray(value)) {
    throw new Error(`${who}: expected the object that toJSON returned, got ${shown(value)}`);
  }
  const found = (value as { className?: unknown }).className;
  if (found !== className) {
    throw new Error(`${who}: expected className "${className}", got ${shown(found)}`);
  }
  return value as Record<string, unknown>;
}

export function readFlag(who: string, name: string, value: unknown): boolean {
  if (typeof value !== "boolean")
    throw new Error(`${who}: expected ${name} to be a boolean, got ${shown(value)}`);
  return value;
}
