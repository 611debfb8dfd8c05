// What every cell does around its equations: rows in, states in and out, masked steps, outputs.
//
// As Keras has it, a masked step leaves the states as they are, and its output is that of the step before it, or
// 0 with zeroOutputForMask. A step before which nothing was kept has the output 0, whatever the initial state is.
import { cAt, dropoutAt, hiddenAt, rowInputs, xhAt } from "./buffers";
import { Descriptor, Flag, ResetMode } from "./descriptor";
import { copyRow, loadTail } from "./lanes";
import { batchRow, firstRow, isMasked, outputPlace, representativeRow, rowsAt, rowsOf, sourceStep } from "./rows";

/** Copies the step's inputs into the rows [x | h], times input dropout; zeros, of r·h too, for masked rows. */
export function loadInputs(d: Descriptor, block: i32, t: i32): void {
  const I = rowInputs(d);
  const Hp = d.Hp;
  const T = d.T;
  const rows = rowsAt(d, block, t);
  const b0 = firstRow(d, block);
  const before = d.resetMode == ResetMode.BEFORE;
  const s = sourceStep(d, t);
  const masked = d.mask != 0;
  const row = d.xhRow;
  const variants = max(1, d.dropoutVariants);
  const dropped = d.dropoutVariants != 0;
  // Products read x and h side by side: the step's inputs are copied beside the state of the step before. With
  // dropout a gate there are as many copies, each times its gate's factors.
  for (let g = 0; g < variants; g++) {
    let to = xhAt(d, block, t) + g * d.xhGate;
    let factors = dropoutAt(d, g, b0);
    for (let r = 0; r < rows; r++) {
      if (masked && isMasked(d, t, b0 + r)) {
        // Weight gradients run over all rows: zeros, since dz, also 0, times whatever lay here might be NaN.
        memory.fill(to, 0, I << 2);
        if (before) memory.fill(to + ((I + Hp) << 2), 0, Hp << 2);
      } else {
        copyRow(to, d.x + (((<usize>batchRow(d, b0 + r) * T + s) * I) << 2), I, dropped ? factors : 0);
      }
      to += row;
      factors += row;
    }
  }
}

/** Units u..u+3 of a new state, dropped out into each variant of the next row. */
export function storeDropped(d: Descriptor, u: i32, h: v128, xh: usize, factors: usize): void {
  const at = (rowInputs(d) + u) << 2;
  const variants = d.dropoutVariants;
  for (let g = 0; g < variants; g++) {
    v128.store(xh + g * d.xhGate + at, f32x4.mul(h, v128.load(factors + <usize>g * d.B * d.xhRow + at)));
  }
}

/** Units u..u+3 of a new state: kept as they are and dropped out. */
function storeState(d: Descriptor, u: i32, h: v128, hidden: usize, xh: usize, factors: usize): void {
  v128.store(hidden + (u << 2), h);
  if (d.dropoutVariants) storeDropped(d, u, h, xh, factors);
}

/**
 * Where row b writes its output at step t; 0 when this step's output is not asked for, or rows begin alike:
 * then broadcastOutputs writes it.
 */
// @ts-ignore: decorator
@inline
export function outputRow(d: Descriptor, t: i32, b: i32): usize {
  if (d.activeBefore) return 0;
  if (d.flags & Flag.RETURN_SEQUENCES) return d.out + (((<usize>b * d.T + outputPlace(d, t)) * d.H) << 2);
  // Under a mask any step may be a row's last.
  return d.mask != 0 || t == d.T - 1 ? d.out + ((<usize>b * d.H) << 2) : 0;
}

/** Where the output gradient of row b at step t lies; 0 where there is none. */
export function outputGradient(d: Descriptor, t: i32, b: i32): usize {
  if (d.dOut == 0) return 0;
  if (d.flags & Flag.RETURN_SEQUENCES) return d.dOut + (((<usize>b * d.T + outputPlace(d, t)) * d.H) << 2);
  return t == d.T - 1 ? d.dOut + ((<usize>b * d.H) << 2) : 0;
}

/** Bytes from a row's output to the next row's. */
export function outputStep(d: Descriptor): i32 {
  return ((d.flags & Flag.RETURN_SEQUENCES ? d.T : 1) * d.H) << 2;
}

/** A masked step: states stay, the output repeats (0 before the first kept step) or is 0. */
function skipRow(d: Descriptor, block: i32, t: i32, r: i32): void {
  const H = d.H;
  const Hp = d.Hp;
  const b = firstRow(d, block) + r;
  const from = hiddenAt(d, block, t) + r * d.hiddenRow;
  const to = hiddenAt(d, block, t + 1) + r * d.hiddenRow;
  const xh = xhAt(d, block, t + 1) + r * d.xhRow;
  const factors = dropoutAt(d, 0, b);
  for (let u = 0; u < Hp; u += 4) storeState(d, u, v128.load(from + (u << 2)), to, xh, factors);
  if (d.c) {
    const bytes = Hp << 2;
    memory.copy(cAt(d, block, t + 1) + r * bytes, cAt(d, block, t) + r * bytes, bytes);
  }
  const out = outputRow(d, t, b);
  const zero = (d.flags & Flag.ZERO_OUTPUT) != 0;
  if (d.flags & Flag.RETURN_SEQUENCES) {
    // The step before wrote this row's output just beside it.
    if (zero || t == 0) memory.fill(out, 0, H << 2);
    else memory.copy(out, outputRow(d, t - 1, b), H << 2);
  } else if (zero && t == d.T - 1) {
    memory.fill(out, 0, H << 2);
  }
}

/** All rows of a block that step t masks. */
export function skipMasked(d: Descriptor, block: i32, t: i32): void {
  if (d.mask == 0) return;
  const rows = rowsOf(d, block);
  const b0 = firstRow(d, block);
  for (let r = 0; r < rows; r++) if (isMasked(d, t, b0 + r)) skipRow(d, block, t, r);
}

/** Rows that part at step t from the block's first one go on from its state. */
export function forkRows(d: Descriptor, block: i32, t: i32): void {
  if (d.activeBefore == 0 || t == 0) return;
  const Hp = d.Hp;
  const row = d.hiddenRow;
  const h = hiddenAt(d, block, t);
  const c = cAt(d, block, t);
  const cRow = Hp << 2;
  for (let r = rowsAt(d, block, t - 1), rows = rowsAt(d, block, t); r < rows; r++) {
    copyRow(h + r * row, h, Hp, 0);
    if (d.c) copyRow(c + r * cRow, c, Hp, 0);
  }
}

/** The outputs of step t where rows begin alike: the first row's for those that have not parted from it. */
export function broadcastOutputs(d: Descriptor, block: i32, t: i32): void {
  const sequences = (d.flags & Flag.RETURN_SEQUENCES) != 0;
  const T = d.T;
  const H = d.H;
  const row = d.hiddenRow;
  if (d.activeBefore == 0 || (!sequences && t < T - 1)) return;
  // By position, not by row of the batch: rows were put in the order in which they part.
  const b0 = firstRow(d, block);
  const states = hiddenAt(d, block, t + 1);
  const active = rowsAt(d, block, t);
  for (let r = 0, rows = rowsOf(d, block); r < rows; r++) {
    const b = batchRow(d, b0 + r);
    const at = sequences ? b * T + outputPlace(d, t) : b;
    copyRow(d.out + ((<usize>at * H) << 2), states + representativeRow(r, active) * row, H, 0);
  }
}

/** States before the first step. */
export function initialStates(d: Descriptor, block: i32): void {
  const H = d.H;
  const Hp = d.Hp;
  const rows = rowsAt(d, block, 0);
  const b0 = firstRow(d, block);
  for (let r = 0; r < rows; r++) {
    const b = b0 + r;
    const factors = dropoutAt(d, 0, b);
    const hidden = hiddenAt(d, block, 0) + r * d.hiddenRow;
    const xh = xhAt(d, block, 0) + r * d.xhRow;
    const c = cAt(d, block, 0) + ((r * Hp) << 2);
    for (let u = 0; u < Hp; u += 4) {
      const at = (<usize>b * H + u) << 2;
      const h = d.h0 ? loadTail(d.h0 + at, H - u) : f32x4.splat(0);
      storeState(d, u, h, hidden, xh, factors);
      if (d.c) v128.store(c + (u << 2), d.c0 ? loadTail(d.c0 + at, H - u) : f32x4.splat(0));
    }
  }
  // Under a mask a row may have no output of its own.
  if (d.mask && !(d.flags & Flag.RETURN_SEQUENCES)) {
    memory.fill(d.out + ((<usize>b0 * H) << 2), 0, (rows * H) << 2);
  }
}

/** States after the last step, [B, H]. */
export function finishStates(d: Descriptor, block: i32): void {
  const H = d.H;
  const rows = rowsOf(d, block);
  const b0 = firstRow(d, block);
  const T = d.T;
  const active = rowsAt(d, block, T - 1);
  for (let r = 0; r < rows; r++) {
    const at = (<usize>batchRow(d, b0 + r) * H) << 2;
    // A row that never parted has ended where the block's first has.
    const from = representativeRow(r, active);
    memory.copy(d.hT + at, hiddenAt(d, block, T) + from * d.hiddenRow, H << 2);
    if (d.c) memory.copy(d.cT + at, cAt(d, block, T) + ((from * d.Hp) << 2), H << 2);
  }
}
