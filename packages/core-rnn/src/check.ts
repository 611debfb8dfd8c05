// Refusing bad input: every message says who, what was expected and what came.

import { didYouMean, shown } from "./options.ts";

/** Throws unless `array` is a Float64Array that fills `shape`. */
export function checkArray(
  who: string,
  what: string,
  array: Float64Array | undefined,
  shape: readonly number[],
): void {
  if (!isFloat64Array(array)) {
    throw new TypeError(`${who}: expected ${what} as a Float64Array, got ${shown(array)}`);
  }
  if (array.length !== sizeOf(shape)) {
    throw new RangeError(
      `${who}: expected ${what} of shape ${shown(shape)}, got ${array.length} numbers`,
    );
  }
}

/** Throws unless `list` holds `count` entries. */
export function checkCount(
  who: string,
  what: string,
  list: { readonly length: number } | undefined,
  count: number,
): void {
  if (list?.length !== count) {
    const came = list === undefined ? "none" : list.length;
    throw new RangeError(`${who}: expected ${count} ${what}, got ${came}`);
  }
}

/** Throws unless `value` is an integer of at least 1. */
export function checkPositiveInteger(who: string, what: string, value: number): void {
  if (!Number.isInteger(value) || value < 1) {
    throw new RangeError(`${who}: expected ${what} to be a positive integer, got ${shown(value)}`);
  }
}

/** Throws unless `value` is one of the words in `allowed`. */
export function checkWord(
  who: string,
  what: string,
  value: string,
  allowed: readonly string[],
): void {
  if (!allowed.includes(value)) {
    const got = `${shown(value)}${didYouMean(value, allowed)}`;
    throw new RangeError(`${who}: expected ${what} to be one of ${allowed.join(", ")}, got ${got}`);
  }
}

/** Throws unless `random` is a generator such as `seededRandom` gives. */
export function checkRandom(who: string, random: { uniform: unknown } | undefined): void {
  if (typeof random?.uniform !== "function") {
    throw new TypeError(
      `${who}: expected a generator such as seededRandom(1), got ${shown(random)}`,
    );
  }
}

/** Throws unless `shape` is a list, of `rank` positive integers where that is given. */
export function checkShape(who: string, shape: readonly number[], rank?: number): void {
  if (!Array.isArray(shape) || shape.length !== (rank ?? shape.length)) {
    const wanted = rank === undefined ? "a list of lengths" : `a list of ${rank} lengths`;
    throw new TypeError(`${who}: expected a shape, ${wanted}, got ${shown(shape)}`);
  }
}

/** How many numbers an array of this shape holds. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, length) => product * length, 1);
}

// By tag, so that an array of another realm (an iframe, a vm context) passes.
function isFloat64Array(value: unknown): value is Float64Array {
  return Object.prototype.toString.call(value) === "[object Float64Array]";
}
