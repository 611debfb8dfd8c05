// A step of a block, whichever its cell: sums of the gates, the cell's equations on four units of all rows, states
// and outputs. `C` is the cell's class (cells.ts); `changetype<C>(0)` is no object but a name for its equations, which
// are inlined here, so that no loop asks which cell it is.
//
//     z  = [x | h]·[W; U] + b            gate-sums.ts
//     g  = act(z)                        activateGates
//     c' or the candidate from g         cellStates, candidateSums; then its activation
//     h' from g and that                 hiddenStates
//
// Of four units the gates are 16 numbers a row, those of a block of 16 rows 1 kB: between these four they stay in L1.
import { activateRows } from "./activations";
import { acAt, cAt, dropoutAt, gatesAt, hiddenAt, perGateDropout, rowInputs, xhAt } from "./buffers";
import { panelVectors } from "./columns";
import { Descriptor } from "./descriptor";
import { addResetSums, gateSums } from "./gate-sums";
import { storeTail } from "./lanes";
import { firstRow, listRows, rowIn, rowList } from "./rows";
import { outputRow, outputStep, skipMasked, storeDropped } from "./state";

export function cellStep<C>(d: Descriptor, block: i32, t: i32): void {
  const cell = changetype<C>(0);
  const Hp = d.Hp;
  const rows = listRows(d, block, t);
  const list = rowList(d, block);
  // One row of the loop is a panel: its weights come from L2 once, and all rows of the block use them. A panel's
  // gates are made into states at once, while they are in L1; only [x | h] of the next step needs all of h.
  const xh = xhAt(d, block, t);
  const gates = gatesAt(d, block, t);
  for (let u = 0; u < Hp; u += cell.panelUnits) {
    gateSums<C>(d, block, t, u, list, rows, xh, gates);
    activateGates<C>(d, u, list, rows, gates);
    if (isDefined(cell.reset)) resetStates<C>(d, block, t, u, list, rows, gates);
    else newStates<C>(d, block, t, u, list, rows, gates);
  }
  if (isDefined(cell.reset)) {
    // The candidate's product needs r·h of all units: a second round.
    for (let u = 0; u < Hp; u += cell.panelUnits) {
      addResetSums(d, t, u, list, rows, xh, gates);
      newStates<C>(d, block, t, u, list, rows, gates);
    }
  }
  skipMasked(d, block, t);
}

/** A gate of all rows, then the next: several rows at once keep the processor's units busy (see `four`). */
// @ts-ignore: decorator
@inline
function activateGates<C>(d: Descriptor, u: i32, list: usize, rows: i32, gates: usize): void {
  const cell = changetype<C>(0);
  const act = d.activation;
  const rec = d.recurrentActivation;
  const z = gates + u * (cell.gateVectors << 2);
  const row = d.gateRow;
  if (cell.panelUnits > 4) {
    const vectors = panelVectors(d, u);
    for (let v = 0; v < vectors; v++) activateRows(cell.activation(0, act, rec), list, rows, z + (v << 4), row);
    return;
  }
  // Each by itself: a loop of so few rounds takes as long as some of its rows.
  activateRows(cell.activation(0, act, rec), list, rows, z, row);
  if (cell.jointGates > 1) activateRows(cell.activation(1, act, rec), list, rows, z + 16, row);
  if (cell.jointGates > 2) activateRows(cell.activation(2, act, rec), list, rows, z + 32, row);
  if (cell.jointGates > 3) activateRows(cell.activation(3, act, rec), list, rows, z + 48, row);
}

function newStates<C>(d: Descriptor, block: i32, t: i32, u: i32, list: usize, rows: i32, ofRows: usize): void {
  const gates = ofRows + u * (changetype<C>(0).gateVectors << 2);
  // Two copies of every loop: without a list rows lie behind each other, and pointers only advance.
  if (list) listedStates<C>(true, d, block, t, u, list, rows, gates);
  else listedStates<C>(false, d, block, t, u, 0, rows, gates);
}

/**
 * What is activated last, c' or the candidate's sum, of all rows; its activation; then h'. A SimpleRNN's one
 * gate is activated already.
 */
// @ts-ignore: decorator
@inline
function listedStates<C>(
  listed: bool,
  d: Descriptor,
  block: i32,
  t: i32,
  u: i32,
  list: usize,
  rows: i32,
  gates: usize,
): void {
  const cell = changetype<C>(0);
  // c' has a buffer of its own, a candidate lies behind the joint gates.
  const last = cell.carriesCell ? acAt(d, block, t) + (u << 2) : gates + (cell.jointGates << 4);
  const lastRow = cell.carriesCell ? d.Hp << 2 : d.gateRow;
  // Loops of their own, not one: activations want many independent rows at a time, and between two
  // activations there is but a multiplication.
  if (isDefined(cell.cellState)) cellStates<C>(listed, d, block, t, u, list, rows, gates, last);
  if (isDefined(cell.candidateSum)) candidateSums<C>(listed, d, list, rows, gates, last);
  if (cell.panelUnits == 4) activateRows(d.activation, list, rows, last, lastRow);
  hiddenStates<C>(listed, d, block, t, u, list, rows, gates, last, lastRow);
}

/** c' of all rows, kept twice: for the next step, and to be activated. */
// @ts-ignore: decorator
@inline
function cellStates<C>(
  listed: bool,
  d: Descriptor,
  block: i32,
  t: i32,
  u: i32,
  list: usize,
  rows: i32,
  gates: usize,
  sums: usize,
): void {
  const cell = changetype<C>(0);
  const gateRow = d.gateRow;
  const cRow = d.Hp << 2;
  const befores = cAt(d, block, t) + (u << 2);
  const afters = cAt(d, block, t + 1) + (u << 2);
  let z = gates;
  let sum = sums;
  let before = befores;
  let after = afters;
  for (let i = 0; i < rows; i++) {
    if (listed) {
      const r = rowIn(list, i);
      z = gates + r * gateRow;
      sum = sums + r * cRow;
      before = befores + r * cRow;
      after = afters + r * cRow;
    }
    const c = cell.cellState(z, before);
    // The gradient needs c, the next step needs c, and act(c) takes the place of the copy.
    v128.store(sum, c);
    v128.store(after, c);
    if (!listed) {
      z += gateRow;
      sum += cRow;
      before += cRow;
      after += cRow;
    }
  }
}

/** The candidate's sums of all rows from their halves. */
// @ts-ignore: decorator
@inline
function candidateSums<C>(listed: bool, d: Descriptor, list: usize, rows: i32, gates: usize, sums: usize): void {
  const cell = changetype<C>(0);
  const gateRow = d.gateRow;
  let z = gates;
  let sum = sums;
  for (let i = 0; i < rows; i++) {
    if (listed) {
      const r = rowIn(list, i);
      z = gates + r * gateRow;
      sum = sums + r * gateRow;
    }
    v128.store(sum, cell.candidateSum(z));
    if (!listed) {
      z += gateRow;
      sum += gateRow;
    }
  }
}

/** h' of all rows: kept, dropped out for the next step, and put out. */
// @ts-ignore: decorator
@inline
function hiddenStates<C>(
  listed: bool,
  d: Descriptor,
  block: i32,
  t: i32,
  u: i32,
  list: usize,
  rows: i32,
  gates: usize,
  lasts: usize,
  lastRow: i32,
): void {
  const cell = changetype<C>(0);
  const at = u << 2;
  const b0 = firstRow(d, block);
  const gateRow = d.gateRow;
  const hiddenRow = d.hiddenRow;
  const xhRow = d.xhRow;
  const dropped = d.dropoutVariants != 0;
  const left = d.H - u;
  const befores = cell.mixesState ? hiddenAt(d, block, t) + at : 0;
  const afters = hiddenAt(d, block, t + 1) + at;
  const given = outputRow(d, t, b0);
  const outs = given ? given + at : 0;
  const outStep = given ? outputStep(d) : 0;
  const wide = cell.panelUnits > 4;
  const bytes = wide ? panelVectors(d, u) << 4 : 16;
  let z = gates;
  let last = lasts;
  let before = befores;
  let after = afters;
  let out = outs;
  for (let i = 0; i < rows; i++) {
    const r = listed ? rowIn(list, i) : i;
    if (listed) {
      z = gates + r * gateRow;
      last = lasts + r * lastRow;
      before = befores + r * hiddenRow;
      after = afters + r * hiddenRow;
      out = outs + r * outStep;
    }
    // Once, but for a panel of 16 units.
    let v = 0;
    do {
      const h = cell.state(z + v, last + v, before + v);
      v128.store(after + v, h);
      // Dropout of h is that of the next step's products: what is kept as h, and put out, is without it.
      if (dropped) storeDropped(d, u + (v >> 2), h, xhAt(d, block, t + 1) + r * xhRow, dropoutAt(d, 0, b0 + r));
      if (outs) storeTail(out + v, h, left - (v >> 2));
      v += 16;
    } while (wide && v < bytes);
    if (!listed) {
      z += gateRow;
      last += lastRow;
      before += hiddenRow;
      after += hiddenRow;
      out += outStep;
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
function resetStates<C>(d: Descriptor, block: i32, t: i32, u: i32, list: usize, rows: i32, ofRows: usize): void {
  const cell = changetype<C>(0);
  const unitMask = v128.load(d.unitMask + (u << 2));
  const gates = ofRows + u * (changetype<C>(0).gateVectors << 2);
  const resets = xhAt(d, block, t) + ((rowInputs(d) + d.Hp + u) << 2);
  for (let i = 0; i < rows; i++) {
    const r = rowIn(list, i);
    const reset = cell.reset(gates + r * d.gateRow);
    const h = v128.load(candidateState(d, block, t, r) + (u << 2));
    // Padding is cleared: the product reads whole vectors, and 0 times what memory held might be NaN.
    v128.store(resets + r * d.xhRow, v128.and(unitMask, f32x4.mul(reset, h)));
  }
}
