// Where a block's rows lie at a step, in each buffer of a call.
//
//     xh        [x | h] of step t: h is the state before it, written by step t - 1; slot T holds the last state
//     hidden    the h part of xh, or, with dropout, a buffer of its own of h as it is
//     gates     g of step t, kept in training        c, ac    c before step t, act(c) after it
//     dz        gradients of step t's sums, of the chunk at hand
//     dxh       one row a position: what a step leaves for the step before
//
// In each a block's rows lie behind each other, step after step: a chunk of steps is one matrix.
import { Descriptor, Flag } from "./descriptor";
import { firstRow, rowsBefore, rowsOf } from "./rows";

/**
 * First row of step t of a block in a buffer of `n` slots a block. Training keeps every step, and of each only
 * the rows that were worked on; inference takes turns with few slots: t & mask.
 */
function slotRow(d: Descriptor, block: i32, n: i32, mask: i32, t: i32): i32 {
  return firstRow(d, block) * n + (mask == -1 ? rowsBefore(d, block, t) : (t & mask) * rowsOf(d, block));
}

// @ts-ignore: decorator
@inline
export function xhAt(d: Descriptor, block: i32, t: i32): usize {
  return d.xh + <usize>slotRow(d, block, d.slots, d.slotMask, t) * d.xhRow;
}
/** The state before step t. */
// @ts-ignore: decorator
@inline
export function hiddenAt(d: Descriptor, block: i32, t: i32): usize {
  return d.hidden + <usize>slotRow(d, block, d.slots, d.slotMask, t) * d.hiddenRow;
}
// @ts-ignore: decorator
@inline
export function gatesAt(d: Descriptor, block: i32, t: i32): usize {
  // Inference has one row of gates, used again at every step.
  const keep = d.keepMask;
  return d.gates + <usize>slotRow(d, block, keep ? d.T : 1, keep, t) * d.gateRow;
}
/** The cell state c before step t. */
// @ts-ignore: decorator
@inline
export function cAt(d: Descriptor, block: i32, t: i32): usize {
  const keep = d.keepMask;
  return d.c + ((<usize>slotRow(d, block, keep ? d.T + 1 : 1, keep, t) * d.Hp) << 2);
}
/** activation(c) of step t. */
// @ts-ignore: decorator
@inline
export function acAt(d: Descriptor, block: i32, t: i32): usize {
  const keep = d.keepMask;
  return d.ac + ((<usize>slotRow(d, block, keep ? d.T : 1, keep, t) * d.Hp) << 2);
}
// @ts-ignore: decorator
@inline
export function dzAt(d: Descriptor, block: i32, t: i32): usize {
  // dz is needed until the chunk's weight gradients are made: it holds a chunk, and each begins at its front.
  const n = d.timeChunk;
  const row = rowsBefore(d, block, t) - rowsBefore(d, block, t - (t % n));
  return d.dz + <usize>(firstRow(d, block) * n + row) * d.dzRow;
}

/** How many inputs the rows [x | h] hold: none where distinct tokens are multiplied in their place. */
// @ts-ignore: decorator
@inline
export function rowInputs(d: Descriptor): i32 {
  return d.tokenOf ? 0 : d.I;
}
/** How many of the rows [dx | dh] is dx. */
// @ts-ignore: decorator
@inline
export function inputColumns(d: Descriptor): i32 {
  // Without dx the rows begin with dh: nothing is multiplied for columns that nobody reads.
  return d.flags & Flag.NEED_DX ? rowInputs(d) : 0;
}
/** Where the gradient of the state at a position lies. */
// @ts-ignore: decorator
@inline
export function stateGradient(d: Descriptor, position: i32): usize {
  return d.dxh + position * d.dxhRow + (inputColumns(d) << 2);
}

/** How many units of the state before step t are to be multiplied: none where it is 0. */
// @ts-ignore: decorator
@inline
export function recurrentDepth(d: Descriptor, t: i32): i32 {
  return t == 0 && d.h0 == 0 ? 0 : d.H;
}
/** Whether each gate sees x and h through dropout masks of its own. */
// @ts-ignore: decorator
@inline
export function perGateDropout(d: Descriptor): bool {
  return d.dropoutVariants > 1;
}
/** Where the factors of position b lie: those of [x | h], of a gate with masks of its own. */
// @ts-ignore: decorator
@inline
export function dropoutAt(d: Descriptor, gate: i32, b: i32): usize {
  return d.dropout + <usize>(gate * d.B + b) * d.xhRow;
}
