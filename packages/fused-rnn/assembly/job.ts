// One call of a recurrent layer, as the host describes it: 32-bit words at `j`. The host writes the
// words in this order (src/call.ts); everything else in this folder reads them through these names.
//
// B batch, T time, I input, H units, Hp units rounded up to 4. The batch is cut into blocks of R
// rows; a block owns its rows of every buffer, so blocks run on any thread in any order. Buffers
// that are kept per time step are [block][step][row of block]; a "slot" is a step, or, where
// inference reuses the buffer, step & mask.

// @ts-ignore: decorators
@inline export function CELL(j: usize): i32 { return load<i32>(j, 0); }
// @ts-ignore
@inline export function T(j: usize): i32 { return load<i32>(j, 4); }
// @ts-ignore
@inline export function B(j: usize): i32 { return load<i32>(j, 8); }
// @ts-ignore
@inline export function I(j: usize): i32 { return load<i32>(j, 12); }
// @ts-ignore
@inline export function H(j: usize): i32 { return load<i32>(j, 16); }
// @ts-ignore
@inline export function Hp(j: usize): i32 { return load<i32>(j, 20); }
/** Rows of a block. */
// @ts-ignore
@inline export function R(j: usize): i32 { return load<i32>(j, 24); }
/** Bits: GO_BACKWARDS, RETURN_SEQUENCES, ZERO_OUTPUT, NEED_DX. */
// @ts-ignore
@inline export function flags(j: usize): i32 { return load<i32>(j, 28); }
// @ts-ignore
@inline export function activation(j: usize): i32 { return load<i32>(j, 32); }
// @ts-ignore
@inline export function recurrentActivation(j: usize): i32 { return load<i32>(j, 36); }

/** x [B, T, I]. */
// @ts-ignore
@inline export function x(j: usize): usize { return load<usize>(j, 40); }
/** Mask bytes [B, T], or 0. */
// @ts-ignore
@inline export function mask(j: usize): usize { return load<usize>(j, 44); }
/** Initial states [B, H], or 0. */
// @ts-ignore
@inline export function h0(j: usize): usize { return load<usize>(j, 48); }
// @ts-ignore
@inline export function c0(j: usize): usize { return load<usize>(j, 52); }
/** Outputs [B, T, H] or [B, H]; final states [B, H]. */
// @ts-ignore
@inline export function out(j: usize): usize { return load<usize>(j, 56); }
// @ts-ignore
@inline export function hT(j: usize): usize { return load<usize>(j, 60); }
// @ts-ignore
@inline export function cT(j: usize): usize { return load<usize>(j, 64); }

/** Packed weights, their biases, and the transposed weights of the backward pass. */
// @ts-ignore
@inline export function weights(j: usize): usize { return load<usize>(j, 68); }
// @ts-ignore
@inline export function biases(j: usize): usize { return load<usize>(j, 72); }
// @ts-ignore
@inline export function transposed(j: usize): usize { return load<usize>(j, 76); }

/** Rows [x | h] (GRU before: [x | h | r*h]): bytes a row, bytes between dropout variants. */
// @ts-ignore
@inline export function xh(j: usize): usize { return load<usize>(j, 80); }
// @ts-ignore
@inline export function xhRow(j: usize): i32 { return load<i32>(j, 84); }
// @ts-ignore
@inline export function xhGate(j: usize): i32 { return load<i32>(j, 88); }
/** Slots of xh and raw, and the mask that turns a step into a slot. */
// @ts-ignore
@inline export function slots(j: usize): i32 { return load<i32>(j, 92); }
// @ts-ignore
@inline export function slotMask(j: usize): i32 { return load<i32>(j, 96); }
/** h before dropout; without dropout it is the h part of xh. */
// @ts-ignore
@inline export function raw(j: usize): usize { return load<usize>(j, 100); }
// @ts-ignore
@inline export function rawRow(j: usize): i32 { return load<i32>(j, 104); }
/** Gate values: 16 floats for each 4 units; kept per step when training (keepMask -1, else 0). */
// @ts-ignore
@inline export function gates(j: usize): usize { return load<usize>(j, 108); }
// @ts-ignore
@inline export function gateRow(j: usize): i32 { return load<i32>(j, 112); }
// @ts-ignore
@inline export function keepMask(j: usize): i32 { return load<i32>(j, 116); }
/** Cell states c [slots or 1][Hp] and activation(c). */
// @ts-ignore
@inline export function c(j: usize): usize { return load<usize>(j, 120); }
// @ts-ignore
@inline export function ac(j: usize): usize { return load<usize>(j, 124); }

/** Dropout: 0 none, 1 shared by the gates, G one per gate; rows [G, B] as wide as xh. */
// @ts-ignore
@inline export function dropGates(j: usize): i32 { return load<i32>(j, 128); }
// @ts-ignore
@inline export function drop(j: usize): usize { return load<usize>(j, 132); }

/** Gradients that come in: of the outputs, of the final states; 0 where there is none. */
// @ts-ignore
@inline export function dOut(j: usize): usize { return load<usize>(j, 136); }
// @ts-ignore
@inline export function dhT(j: usize): usize { return load<usize>(j, 140); }
// @ts-ignore
@inline export function dcT(j: usize): usize { return load<usize>(j, 144); }
/** Gradients that go out: x [B, T, I], or a row of `vectorRow` bytes a word; initial states [B, H]. */
// @ts-ignore
@inline export function dx(j: usize): usize { return load<usize>(j, 148); }
// @ts-ignore
@inline export function dh0(j: usize): usize { return load<usize>(j, 152); }
// @ts-ignore
@inline export function dc0(j: usize): usize { return load<usize>(j, 156); }

/** Pre-activation gradients of a tile of steps: [block][step of tile][row]. */
// @ts-ignore
@inline export function dz(j: usize): usize { return load<usize>(j, 160); }
// @ts-ignore
@inline export function dzRow(j: usize): i32 { return load<i32>(j, 164); }
/** Steps of a tile. */
// @ts-ignore
@inline export function tile(j: usize): i32 { return load<i32>(j, 168); }
/** Gradient rows [dx | dh] of the step at hand, one a position. */
// @ts-ignore
@inline export function dxh(j: usize): usize { return load<usize>(j, 172); }
// @ts-ignore
@inline export function dxhRow(j: usize): i32 { return load<i32>(j, 176); }
/** dc, the part of dh that skips the matrix product, and the output gradient carried over masked
 * steps: [B, Hp] each. */
// @ts-ignore
@inline export function dc(j: usize): usize { return load<usize>(j, 180); }
// @ts-ignore
@inline export function direct(j: usize): usize { return load<usize>(j, 184); }
// @ts-ignore
@inline export function carry(j: usize): usize { return load<usize>(j, 188); }
/** Weight gradients of each block: [I + H] rows and one row of bias gradients. */
// @ts-ignore
@inline export function dw(j: usize): usize { return load<usize>(j, 192); }
// @ts-ignore
@inline export function dwRow(j: usize): i32 { return load<i32>(j, 196); }
/** Hp floats: all bits set for a unit, zero for padding. */
// @ts-ignore
@inline export function lanes(j: usize): usize { return load<usize>(j, 200); }
/** Where Keras-shaped weights lie (packing) or their gradients go (unpacking). */
// @ts-ignore
@inline export function kernel(j: usize): usize { return load<usize>(j, 204); }
// @ts-ignore
@inline export function recurrent(j: usize): usize { return load<usize>(j, 208); }
// @ts-ignore
@inline export function bias(j: usize): usize { return load<usize>(j, 212); }
/** Room for 16 columns of a tile's gradients, 64 bytes a row; [block][row of tile]. */
// @ts-ignore
@inline export function panel(j: usize): usize { return load<usize>(j, 216); }
/** Under a mask, room for the numbers of a block's rows that a step works on; lines of its own for each block. */
// @ts-ignore
@inline export function list(j: usize): usize { return load<usize>(j, 220); }
/**
 * Where rows begin alike (src/shared-rows.ts): the batch row at each position [B], and, for each block, how
 * many rows are worked on before each step [T + 1]; both 0 where none do.
 */
// @ts-ignore
@inline export function order(j: usize): usize { return load<usize>(j, 224); }
// @ts-ignore
@inline export function starts(j: usize): usize { return load<usize>(j, 228); }

/**
 * Where the kernel is multiplied by words (src/lookup.ts): the word of each step [B, T]; a row of `vectorRow`
 * bytes for each word's vector, and one of `wordRow` for its sums; the first word of each block [blocks + 1];
 * and where the sums of each position's word at the step at hand lie, in lines of its own for each block. All
 * 0 where x is multiplied.
 */
// @ts-ignore
@inline export function wordOf(j: usize): usize { return load<usize>(j, 232); }
// @ts-ignore
@inline export function words(j: usize): usize { return load<usize>(j, 236); }
// @ts-ignore
@inline export function wordSums(j: usize): usize { return load<usize>(j, 240); }
// @ts-ignore
@inline export function wordRow(j: usize): i32 { return load<i32>(j, 244); }
// @ts-ignore
@inline export function vectorRow(j: usize): i32 { return load<i32>(j, 248); }
// @ts-ignore
@inline export function wordStarts(j: usize): usize { return load<usize>(j, 252); }
// @ts-ignore
@inline export function bases(j: usize): usize { return load<usize>(j, 256); }
/** How many inputs the rows [x | h] hold: none where there are words. */
// @ts-ignore
@inline export function rowInputs(j: usize): i32 { return wordOf(j) ? 0 : I(j); }

export const SIMPLE = 0;
export const LSTM = 1;
export const GRU_AFTER = 2;
export const GRU_BEFORE = 3;

export const GO_BACKWARDS = 1;
export const RETURN_SEQUENCES = 2;
export const ZERO_OUTPUT = 4;
export const NEED_DX = 8;

// @ts-ignore
@inline export function firstRow(j: usize, block: i32): i32 { return block * R(j); }
// @ts-ignore
@inline export function rowsOf(j: usize, block: i32): i32 { return min(R(j), B(j) - block * R(j)); }
/** Where a block's entries for its rows begin: 16 bytes a row, lest two threads write to one cache line. */
// @ts-ignore
@inline export function blockLines(j: usize, block: i32): usize { return firstRow(j, block) << 4; }
/** The row of the batch at a position. */
// @ts-ignore
@inline export function batchRow(j: usize, position: i32): i32 {
  const all = order(j);
  return all ? load<i32>(all + (position << 2)) : position;
}
/** How many rows of a block are worked on before step t. */
export function rowsBefore(j: usize, block: i32, t: i32): i32 {
  const all = starts(j);
  return all ? load<i32>(all + ((block * (T(j) + 1) + t) << 2)) : t * rowsOf(j, block);
}
/** How many rows of a block step t works on, its first. */
export function rowsAt(j: usize, block: i32, t: i32): i32 {
  return starts(j) ? rowsBefore(j, block, t + 1) - rowsBefore(j, block, t) : rowsOf(j, block);
}

/** The step of the caller's sequence that is processed at step t. */
// @ts-ignore
@inline export function sourceStep(j: usize, t: i32): i32 {
  return flags(j) & GO_BACKWARDS ? T(j) - 1 - t : t;
}

/** First row of step t of a block in a buffer of `n` slots a block: one a step, or slot t & mask. */
function slotRow(j: usize, block: i32, n: i32, mask: i32, t: i32): i32 {
  return firstRow(j, block) * n + (mask == -1 ? rowsBefore(j, block, t) : (t & mask) * rowsOf(j, block));
}
// @ts-ignore
@inline export function xhAt(j: usize, block: i32, t: i32): usize {
  return xh(j) + <usize>slotRow(j, block, slots(j), slotMask(j), t) * xhRow(j);
}
// @ts-ignore
@inline export function rawAt(j: usize, block: i32, t: i32): usize {
  return raw(j) + <usize>slotRow(j, block, slots(j), slotMask(j), t) * rawRow(j);
}
// @ts-ignore
@inline export function gatesAt(j: usize, block: i32, t: i32): usize {
  const keep = keepMask(j);
  return gates(j) + <usize>slotRow(j, block, keep ? T(j) : 1, keep, t) * gateRow(j);
}
// @ts-ignore
@inline export function cAt(j: usize, block: i32, t: i32): usize {
  const keep = keepMask(j);
  return c(j) + ((<usize>slotRow(j, block, keep ? T(j) + 1 : 1, keep, t) * Hp(j)) << 2);
}
// @ts-ignore
@inline export function acAt(j: usize, block: i32, t: i32): usize {
  const keep = keepMask(j);
  return ac(j) + ((<usize>slotRow(j, block, keep ? T(j) : 1, keep, t) * Hp(j)) << 2);
}
// @ts-ignore
@inline export function dzAt(j: usize, block: i32, t: i32): usize {
  const n = tile(j), row = rowsBefore(j, block, t) - rowsBefore(j, block, t - t % n);
  return dz(j) + <usize>(firstRow(j, block) * n + row) * dzRow(j);
}
