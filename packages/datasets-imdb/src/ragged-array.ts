import { DatasetError } from "./dataset-error.ts";
import { shown } from "./generated/options.ts";
import { ownArray, typedArrayName } from "./generated/realm.ts";

/** Sequences of different lengths in one buffer: sequence i is `values[offsets[i]..offsets[i+1])`. */
export interface Ragged {
  /** All sequences, one behind the other. */
  readonly values: Int32Array;
  /** Where each begins, and the end of the last: `length + 1` ascending numbers, the first 0. */
  readonly offsets: Int32Array;
}

/**
 * A list of integer sequences without an object per sequence.
 *
 * Iterating and **at** give views into **values**, not copies: writing to one writes to all.
 *
 * Throws a `DatasetError` when one of both is no typed array, or **offsets** does not begin with 0, descends, or does not end at
 * `values.length`.
 *
 * @example
 * const reviews = new RaggedArray(Int32Array.of(7, 8, 9), Int32Array.of(0, 2, 3));
 * reviews.toArrays(); // => [[7, 8], [9]]
 */
export class RaggedArray implements Ragged, Iterable<Int32Array> {
  readonly values: Int32Array;
  readonly offsets: Int32Array;

  constructor(values: Int32Array, offsets: Int32Array) {
    for (const [name, numbers] of Object.entries({ values, offsets }))
      if (typedArrayName(numbers) !== "Int32Array")
        throw new DatasetError(
          "option",
          `RaggedArray: expected ${name} as an Int32Array, got ${shown(numbers)}`,
        );
    if (offsets[0] !== 0)
      throw new DatasetError("option", `RaggedArray: expected offsets[0] = 0, got ${offsets[0]}`);
    for (let i = 1; i < offsets.length; i++)
      if (offsets[i]! < offsets[i - 1]!)
        throw new DatasetError(
          "option",
          `RaggedArray: expected ascending offsets, got ${offsets[i]} after ${offsets[i - 1]} at ${i}`,
        );
    if (offsets.at(-1) !== values.length)
      throw new DatasetError(
        "option",
        `RaggedArray: expected the last offset to be ${values.length} (values.length), got ${offsets.at(-1)}`,
      );
    this.values = ownArray(values);
    this.offsets = ownArray(offsets);
  }

  /** The number of sequences. */
  get length(): number {
    return this.offsets.length - 1;
  }

  /** A view of sequence **i**, counted from the end if negative; undefined outside. */
  at(i: number): Int32Array | undefined {
    const index = i < 0 ? this.length + i : i;
    const start = this.offsets[index];
    const end = this.offsets[index + 1];
    return start === undefined || end === undefined ? undefined : this.values.subarray(start, end);
  }

  /** Each sequence in turn, a view. */
  *[Symbol.iterator](): IterableIterator<Int32Array> {
    for (let i = 0; i < this.length; i++) yield this.at(i)!;
  }

  /** Plain nested arrays, copied. */
  toArrays(): number[][] {
    return Array.from(this, (sequence) => Array.from(sequence));
  }
}
