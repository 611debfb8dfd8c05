import { typedArrayName } from "@rnnkit/core-rnn";

/**
 * Ids as whole numbers, those of float32 as tfjs casts them.
 *
 * @throws Error unless each is a row of the table
 */
export function idsOf(
  who: string,
  given: ArrayLike<number>,
  rows: number,
  what = "ids",
): Int32Array {
  // Not by Int32Array.from, which asks for one number after the other.
  const ids =
    typedArrayName(given) === "Int32Array" ? (given as Int32Array) : new Int32Array(given);
  for (let i = 0; i < ids.length; i++) {
    // One comparison for both ends: a negative number is a large one without a sign.
    if (ids[i] >>> 0 < rows) continue;
    throw new Error(`${who}: expected ${what} from 0 to below ${rows}, got ${given[i]}`);
  }
  return ids;
}
