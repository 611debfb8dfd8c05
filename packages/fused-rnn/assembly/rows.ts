// Which rows of a block a step works on: all, or its first ones, where the others still begin alike; or,
// under a mask, those that it does not mask.
import * as J from "./job";

/** The number of the i-th row in a list of rows; without a list, all of them in their order. */
// @ts-ignore: decorator
@inline export function rowIn(list: usize, i: i32): i32 { return list ? load<i32>(list + (i << 2)) : i; }

/** How many rows the i-th of a list and the next are apart; 0 for the last. */
// @ts-ignore
@inline export function distance(list: usize, i: i32, rows: i32): i32 {
  return i + 1 < rows ? load<i32>(list + (i << 2), 4) - load<i32>(list + (i << 2)) : 0;
}

// @ts-ignore
@inline export function isMasked(j: usize, t: i32, b: i32): bool {
  const mask = J.mask(j);
  return mask != 0 && load<u8>(mask + b * J.T(j) + J.sourceStep(j, t)) == 0;
}

/** Where the list of a block's rows lies; 0 without a mask. */
// @ts-ignore
@inline export function rowList(j: usize, block: i32): usize {
  return J.mask(j) ? J.list(j) + J.blockLines(j, block) : 0;
}

/** Lists the rows of a block that step t does not mask, and returns their number. */
export function listRows(j: usize, block: i32, t: i32): i32 {
  const list = rowList(j, block);
  if (list == 0) return J.rowsAt(j, block, t);
  const rows = J.rowsOf(j, block), b0 = J.firstRow(j, block);
  let n = 0;
  for (let r = 0; r < rows; r++) {
    if (isMasked(j, t, b0 + r)) continue;
    store<i32>(list + (n << 2), r);
    n++;
  }
  return n;
}
