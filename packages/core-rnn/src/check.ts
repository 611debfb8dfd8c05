// Refusing bad input: every message says who, what was expected and what came.

/** Throws unless `array` is a Float64Array that fills `shape`. */
export function checkArray(
  who: string,
  what: string,
  array: Float64Array,
  shape: readonly number[],
): void {
  if (!isFloat64Array(array)) {
    throw new TypeError(`${who}: expected ${what} as a Float64Array, got ${describe(array)}`);
  }
  if (array.length !== sizeOf(shape)) {
    throw new RangeError(
      `${who}: expected ${what} of shape [${shape.join(", ")}], got ${array.length} numbers`,
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
    throw new RangeError(`${who}: expected ${what} to be a positive integer, got ${value}`);
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
    throw new RangeError(
      `${who}: expected ${what} to be one of ${allowed.join(", ")}, got ${JSON.stringify(value)}`,
    );
  }
}

/** How many numbers an array of this shape holds. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, length) => product * length, 1);
}

// By tag, so that an array of another realm (an iframe, a vm context) passes.
function isFloat64Array(value: unknown): boolean {
  return Object.prototype.toString.call(value) === "[object Float64Array]";
}

function describe(value: unknown): string {
  return Object.prototype.toString.call(value).slice(8, -1);
}
