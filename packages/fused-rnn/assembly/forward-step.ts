// A step of a block, whichever its cell: sums of the gates, the cell's equations on four units of a row, states
// and outputs. `C` is the cell's class (cells.ts); `changetype<C>(0)` is no object but a name for its equations, which
// are inlined here, so that no loop asks which cell it is.
//
//     z  = [x | h]·[W; U] + b            gate-sums.ts
//     g  = act(z)                        activateGates
//     c' or the candidate from g         cellStates, candidateSums; then its activation
//     h' from g and that                 hiddenStates
//
// Each goes through all units of a row, and row after row: an activation has as many independent vectors at a time as
// a row has, or a block, however few its rows are, and what it costs to begin is paid once a step.
import { activateAll } from "./activations";
import { acAt, cAt, dropoutAt, gatesAt, hiddenAt, perGateDropout, rowInputs, xhAt } from "./buffers";
import { Descriptor } from "./descriptor";
import { addResetSums, gateSums } from "./gate-sums";
import { storeTail } from "./lanes";
import { firstRow, listRows, rowIn, rowList } from "./rows";
import { outputRow, outputStep, skipMasked, storeDropped } from "./state";

export function cellStep<C>(d: Descriptor, block: i32, t: i32): void {
  const cell = changetype<C>(0);
  const rows = listRows(d, block, t);
  const list = rowList(d, block);
  const xh = xhAt(d, block, t);
  const gates = gatesAt(d, block, t);
  gateSums<C>(d, block, t, list, rows, xh, gates);
  activateGates<C>(d, list, rows, gates);
  if (isDefined(cell.reset)) {
    // The candidate's product needs r·h of all units: a second round.
    resetStates<C>(d, block, t, list, rows, gates);
    addResetSums(d, t, list, rows, xh, gates);
  }
  newStates<C>(d, block, t, list, rows, gates);
  skipMasked(d, block, t);
}

/**
 * Activates a vector in every `step` bytes of the rows: a run for each, or one through all where they lie behind each
 * other.
 */
function activateUnits(kind: i32, list: usize, rows: i32, row: i32, from: usize, groups: i32, step: i32): void {
  if (list == 0 && row == groups * step) return activateAll(kind, rows * groups, from, step);
  for (let i = 0; i < rows; i++) activateAll(kind, groups, from + rowIn(list, i) * row, step);
}

/** A gate of all units, then the next: several at once keep the processor's units busy (see `four`). */
// @ts-ignore: decorator
@inline
function activateGates<C>(d: Descriptor, list: usize, rows: i32, gates: usize): void {
  const cell = changetype<C>(0);
  const act = d.activation;
  const rec = d.recurrentActivation;
  const row = d.gateRow;
  const groups = d.Hp >> 2;
  const step = cell.gateVectors << 4;
  for (let v = 0; v < cell.jointGates; v++) {
    activateUnits(cell.activation(v, act, rec), list, rows, row, gates + (v << 4), groups, step);
  }
}

/**
 * What is activated last, c' or the candidate's sum, of all rows; its activation; then h'. A SimpleRNN's one
 * gate is activated already.
 */
// @ts-ignore: decorator
@inline
function newStates<C>(d: Descriptor, block: i32, t: i32, list: usize, rows: i32, gates: usize): void {
  const cell = changetype<C>(0);
  const Hp = d.Hp;
  // c' has a buffer of its own, a candidate lies behind the joint gates.
  const last = cell.carriesCell ? acAt(d, block, t) : gates + (cell.jointGates << 4);
  const lastRow = cell.carriesCell ? Hp << 2 : d.gateRow;
  const lastStep = cell.carriesCell ? 16 : cell.gateVectors << 4;
  // Loops of their own, not one: activations want many independent vectors at a time, and between two
  // activations there is but a multiplication.
  if (isDefined(cell.cellState)) cellStates<C>(d, block, t, list, rows, gates, last);
  if (isDefined(cell.candidateSum)) candidateSums<C>(d, list, rows, gates, last);
  if (cell.panelUnits == 4) activateUnits(d.activation, list, rows, lastRow, last, Hp >> 2, lastStep);
  hiddenStates<C>(d, block, t, list, rows, gates, last, lastRow, lastStep);
}

/** c' of all rows, kept twice: for the next step, and to be activated. */
// @ts-ignore: decorator
@inline
function cellStates<C>(d: Descriptor, block: i32, t: i32, list: usize, rows: i32, gates: usize, sums: usize): void {
  const cell = changetype<C>(0);
  const gateRow = d.gateRow;
  const cRow = d.Hp << 2;
  const befores = cAt(d, block, t);
  const afters = cAt(d, block, t + 1);
  for (let i = 0; i < rows; i++) {
    const r = rowIn(list, i);
    let z = gates + r * gateRow;
    for (let at = r * cRow, end = at + cRow; at < end; at += 16) {
      const c = cell.cellState(z, befores + at);
      // The gradient needs c, the next step needs c, and act(c) takes the place of the copy.
      v128.store(sums + at, c);
      v128.store(afters + at, c);
      z += cell.gateVectors << 4;
    }
  }
}

/** The candidate's sums of all rows from their halves. */
// @ts-ignore: decorator
@inline
function candidateSums<C>(d: Descriptor, list: usize, rows: i32, gates: usize, sums: usize): void {
  const cell = changetype<C>(0);
  const gateRow = d.gateRow;
  const bytes = d.Hp * (cell.gateVectors << 2);
  for (let i = 0; i < rows; i++) {
    const r = rowIn(list, i) * gateRow;
    for (let at = 0; at < bytes; at += cell.gateVectors << 4) {
      v128.store(sums + r + at, cell.candidateSum(gates + r + at));
    }
  }
}

/** h' of all rows: kept, dropped out for the next step, and put out. */
// @ts-ignore: decorator
@inline
function hiddenStates<C>(
  d: Descriptor,
  block: i32,
  t: i32,
  list: usize,
  rows: i32,
  gates: usize,
  lasts: usize,
  lastRow: i32,
  lastStep: i32,
): void {
  const cell = changetype<C>(0);
  const b0 = firstRow(d, block);
  const H = d.H;
  const gateRow = d.gateRow;
  const hiddenRow = d.hiddenRow;
  const xhRow = d.xhRow;
  const dropped = d.dropoutVariants != 0;
  const befores = cell.mixesState ? hiddenAt(d, block, t) : 0;
  const afters = hiddenAt(d, block, t + 1);
  const outs = outputRow(d, t, b0);
  const outStep = outs ? outputStep(d) : 0;
  for (let i = 0; i < rows; i++) {
    const r = rowIn(list, i);
    let z = gates + r * gateRow;
    let last = lasts + r * lastRow;
    let before = befores + r * hiddenRow;
    let after = afters + r * hiddenRow;
    let out = outs + r * outStep;
    for (let u = 0; u < H; u += 4) {
      const h = cell.state(z, last, before);
      v128.store(after, h);
      // Dropout of h is that of the next step's products: what is kept as h, and put out, is without it.
      if (dropped) storeDropped(d, u, h, xhAt(d, block, t + 1) + r * xhRow, dropoutAt(d, 0, b0 + r));
      if (outs) storeTail(out, h, H - u);
      z += cell.gateVectors << 4;
      last += lastStep;
      before += 16;
      after += 16;
      out += 16;
    }
  }
}

/** The state that a candidate sees: with dropout a gate, its own variant. */
// @ts-ignore: decorator
@inline
export function candidateState(d: Descriptor, block: i32, t: i32, r: i32): usize {
  // Variants lie gate by gate, the candidate's behind the joint gates'.
  const variant = perGateDropout(d) ? d.jointGates * d.xhGate : 0;
  return xhAt(d, block, t) + variant + r * d.xhRow + (rowInputs(d) << 2);
}

/** Reset before: r·h behind [x | h]. */
function resetStates<C>(d: Descriptor, block: i32, t: i32, list: usize, rows: i32, gates: usize): void {
  const cell = changetype<C>(0);
  const unitMask = d.unitMask;
  const Hp = d.Hp;
  const resets = xhAt(d, block, t) + ((rowInputs(d) + Hp) << 2);
  for (let i = 0; i < rows; i++) {
    const r = rowIn(list, i);
    const h = candidateState(d, block, t, r);
    const to = resets + r * d.xhRow;
    let z = gates + r * d.gateRow;
    for (let at = 0; at < Hp << 2; at += 16) {
      // Padding is cleared: the product reads whole vectors, and 0 times what memory held might be NaN.
      const rh = f32x4.mul(cell.reset(z), v128.load(h + at));
      v128.store(to + at, v128.and(v128.load(unitMask + at), rh));
      z += cell.gateVectors << 4;
    }
  }
}
