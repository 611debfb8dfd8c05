// Which rows of a block a step works on: all, or its first ones, where the others still begin alike; or,
// under a mask, those that it does not mask.
//
// A row of the batch has a position, and positions are cut into blocks: position p is row p - firstRow of its
// block. Without common beginnings a position is the row of the batch; with them rows are put in the order in
// which they part from the block's first, so that the active rows of a step are always the first so many.
//
// Masked rows are left out by a list instead: which they are changes from step to step, so they keep their places,
// and a step works on the others in pairs.
import { Descriptor, Flag } from "./descriptor";

// @ts-ignore: decorator
@inline
export function firstRow(d: Descriptor, block: i32): i32 {
  return block * d.R;
}
// @ts-ignore: decorator
@inline
export function rowsOf(d: Descriptor, block: i32): i32 {
  return min(d.R, d.B - block * d.R);
}
/** Where a block's entries for its rows begin: 16 bytes a row, lest two threads write to one cache line. */
// @ts-ignore: decorator
@inline
export function blockLines(d: Descriptor, block: i32): usize {
  return firstRow(d, block) << 4;
}

/** The row of the batch at a position. */
// @ts-ignore: decorator
@inline
export function batchRow(d: Descriptor, position: i32): i32 {
  const all = d.order;
  return all ? load<i32>(all + (position << 2)) : position;
}

/** How many rows of a block are worked on before step t. */
export function rowsBefore(d: Descriptor, block: i32, t: i32): i32 {
  const all = d.activeBefore;
  // A running sum for each block: rows that are not worked on take no room in what is kept a step.
  return all ? load<i32>(all + ((block * (d.T + 1) + t) << 2)) : t * rowsOf(d, block);
}
/** How many rows of a block step t works on, its first: the active rows. */
export function rowsAt(d: Descriptor, block: i32, t: i32): i32 {
  return d.activeBefore ? rowsBefore(d, block, t + 1) - rowsBefore(d, block, t) : rowsOf(d, block);
}
/** The position of a block whose state is position r's too, after a step that works on the first `active`. */
// @ts-ignore: decorator
@inline
export function representativeRow(r: i32, active: i32): i32 {
  return r < active ? r : 0;
}

/** The step of the caller's sequence that is processed at step t. */
// @ts-ignore: decorator
@inline
export function sourceStep(d: Descriptor, t: i32): i32 {
  return d.flags & Flag.GO_BACKWARDS ? d.T - 1 - t : t;
}

/** The place among a row's outputs of what step t puts out. */
// @ts-ignore: decorator
@inline
export function outputPlace(d: Descriptor, t: i32): i32 {
  return d.flags & Flag.REVERSE_OUTPUTS ? d.T - 1 - t : t;
}

// @ts-ignore: decorator
@inline
export function isMasked(d: Descriptor, t: i32, b: i32): bool {
  const mask = d.mask;
  return mask != 0 && load<u8>(mask + b * d.T + sourceStep(d, t)) == 0;
}

/** The number of the i-th row in a list of rows; without a list, all of them in their order. */
// @ts-ignore: decorator
@inline
export function rowIn(list: usize, i: i32): i32 {
  return list ? load<i32>(list + (i << 2)) : i;
}

/** How many rows the i-th of a list and the next are apart; 0 for the last. */
// @ts-ignore: decorator
@inline
export function distance(list: usize, i: i32, rows: i32): i32 {
  return i + 1 < rows ? load<i32>(list + (i << 2), 4) - load<i32>(list + (i << 2)) : 0;
}

/** Where the list of a block's rows lies; 0 without a mask. */
// @ts-ignore: decorator
@inline
export function rowList(d: Descriptor, block: i32): usize {
  return d.mask ? d.activeList + blockLines(d, block) : 0;
}

/** Lists the rows of a block that step t does not mask, and returns their number. */
export function listRows(d: Descriptor, block: i32, t: i32): i32 {
  const list = rowList(d, block);
  if (list == 0) return rowsAt(d, block, t);
  const rows = rowsOf(d, block);
  const b0 = firstRow(d, block);
  let n = 0;
  for (let r = 0; r < rows; r++) {
    // In the order of the rows: pairs are of neighbours where they can be.
    if (isMasked(d, t, b0 + r)) continue;
    store<i32>(list + (n << 2), r);
    n++;
  }
  return n;
}
