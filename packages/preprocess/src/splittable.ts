// What the splits take and give: arrays of any form, cut along their first axis in step with each other.
import { shown } from "./generated/options.ts";
import { ownArray } from "./generated/realm.ts";
import { isNumberArray, type NdArray, type NumberArray, readArray } from "./nd-array.ts";

/** What can be split along its first axis: `{ data, shape }`, a typed array, or a plain array. */
export type Splittable = NdArray<NumberArray> | NumberArray | readonly unknown[];

/** Train and test part of each array in turn: `[aTrain, aTest, bTrain, bTest, …]`. */
export type Split<T extends readonly Splittable[]> = T extends readonly [
  infer First extends Splittable,
  ...infer Rest extends readonly Splittable[],
]
  ? [Part<First>, Part<First>, ...Split<Rest>]
  : [];

/** A part of an array has the array's own type. */
export type Part<A> =
  A extends NdArray<infer D> ? NdArray<D> : A extends readonly (infer E)[] ? E[] : A;

/** The arrays of a call, and the options behind them, if there are any. @internal */
export function splitArguments<Options extends object>(
  args: readonly (Splittable | Options)[],
): [arrays: readonly unknown[], options: Options] {
  const last = args[args.length - 1];
  const isGiven = args.length > 1 || (typeof last === "object" && last !== null);
  const hasOptions = isGiven && !isRows(last);
  return hasOptions ? [args.slice(0, -1), last as Options] : [args, {} as Options];
}

/** Arrays of the same number of rows, n. @internal */
export function readArrays(who: string, given: readonly unknown[]): { arrays: Rows[]; n: number } {
  const arrays = given.map((array) => readRows(who, array));
  if (arrays.length === 0) throw new Error(`${who}: expected at least one array, got none`);
  const n = arrays[0].rows;
  for (const { rows } of arrays) {
    if (rows !== n) {
      const lengths = arrays.map((array) => array.rows).join(", ");
      throw new Error(`${who}: expected arrays of the same length, got ${lengths}`);
    }
  }
  return { arrays, n };
}

/** The rows of an array, whatever its form. */
interface Rows {
  rows: number;
  slice(from: number, to: number): Splittable;
  take(order: Uint32Array): Splittable;
}

// What is none of these stands where options belong, if it is last.
function isRows(x: unknown): boolean {
  if (Array.isArray(x) || ArrayBuffer.isView(x)) return true;
  return typeof x === "object" && x !== null && "data" in x && "shape" in x;
}

function readRows(who: string, x: unknown): Rows {
  if (Array.isArray(x)) {
    return {
      rows: x.length,
      slice: (from, to) => x.slice(from, to),
      take: (order) => Array.from(order, (row) => x[row]),
    };
  }
  if (isNumberArray(x)) {
    const own = ownArray(x);
    return {
      rows: own.length,
      slice: (from, to) => own.subarray(from, to),
      take: (order) => takeRows(own, order, 1),
    };
  }
  if (!isRows(x)) {
    throw new Error(`${who}: expected arrays, then options, got ${shown(x)} among the arrays`);
  }
  const { data, shape } = readArray(who, x);
  if (shape.length === 0) throw new Error(`${who}: expected at least one axis, got a scalar`);
  const [rows, ...rest] = shape;
  const width = rest.reduce((product, size) => product * size, 1);
  return {
    rows,
    slice: (from, to) => ({
      data: data.subarray(from * width, to * width),
      shape: [to - from, ...rest],
    }),
    take: (order) => ({ data: takeRows(data, order, width), shape: [order.length, ...rest] }),
  };
}

function takeRows(data: NumberArray, order: Uint32Array, width: number): NumberArray {
  const out = data.slice(0, order.length * width);
  for (let i = 0; i < order.length; i++) {
    for (let k = 0; k < width; k++) out[i * width + k] = data[order[i] * width + k];
  }
  return out;
}
