// A step of a block, whichever its cell: sums of the gates, the cell's equations on four units of all rows, states
// and outputs. `C` is the cell's class (cells.ts); `changetype<C>(0)` is no object but a name for its equations, which
// are inlined here, so that no loop asks which cell it is.
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
  const vectors = cell.panelUnits > 4 ? panelVectors(d, u) : d.jointGates;
  const z = gates + ((u * d.gateVectors) << 2);
  for (let v = 0; v < vectors; v++) {
    activateRows(cell.activation(v, act, rec), list, rows, z + (v << 4), d.gateRow);
  }
}

function newStates<C>(d: Descriptor, block: i32, t: i32, u: i32, list: usize, rows: i32, ofRows: usize): void {
  const gates = ofRows + u * (d.gateVectors << 2);
  if (list) statesOf<C>(true, d, block, t, u, list, rows, gates);
  else statesOf<C>(false, d, block, t, u, 0, rows, gates);
}

/**
 * What is activated last, c' or the candidate's sum, of all rows; its activation; then h'. All but a SimpleRNN's
 * four units: its 16 are activated already.
 */
// @ts-ignore: decorator
@inline
function statesOf<C>(
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
  const wide = cell.panelUnits > 4;
  const at = u << 2;
  const b0 = firstRow(d, block);
  const gateRow = d.gateRow;
  const cRow = d.Hp << 2;
  // Where what is activated last lies: c' in a buffer of its own, a candidate behind the joint gates.
  const lasts = cell.carriesCell ? acAt(d, block, t) + at : gates + (d.jointGates << 4);
  const lastRow = cell.carriesCell ? cRow : gateRow;
  let z = gates;
  let last = lasts;
  if (isDefined(cell.cellState)) {
    const c0s = cAt(d, block, t) + at;
    const c1s = cAt(d, block, t + 1) + at;
    let c0 = c0s;
    let c1 = c1s;
    for (let i = 0; i < rows; i++) {
      if (listed) {
        const r = rowIn(list, i);
        const c = r * cRow;
        z = gates + r * gateRow;
        last = lasts + c;
        c0 = c0s + c;
        c1 = c1s + c;
      }
      const c = cell.cellState(z, c0);
      v128.store(last, c);
      v128.store(c1, c);
      if (!listed) {
        z += gateRow;
        last += cRow;
        c0 += cRow;
        c1 += cRow;
      }
    }
  }
  if (isDefined(cell.candidateSum)) {
    for (let i = 0; i < rows; i++) {
      if (listed) z = gates + rowIn(list, i) * gateRow;
      v128.store(z + (d.jointGates << 4), cell.candidateSum(z));
      if (!listed) z += gateRow;
    }
  }
  if (!wide) activateRows(d.activation, list, rows, lasts, lastRow);

  const hiddenRow = d.hiddenRow;
  const xhRow = d.xhRow;
  const dropped = d.dropoutVariants != 0;
  const left = d.H - u;
  const befores = cell.mixesState ? hiddenAt(d, block, t) + at : 0;
  const afters = hiddenAt(d, block, t + 1) + at;
  const given = outputRow(d, t, b0);
  const outs = given ? given + at : 0;
  const outStep = given ? outputStep(d) : 0;
  const bytes = wide ? panelVectors(d, u) << 4 : 16;
  let before = befores;
  let after = afters;
  let out = outs;
  z = gates;
  last = lasts;
  for (let i = 0; i < rows; i++) {
    const r = listed ? rowIn(list, i) : i;
    if (listed) {
      z = gates + r * gateRow;
      last = lasts + r * lastRow;
      before = befores + r * hiddenRow;
      after = afters + r * hiddenRow;
      out = outs + r * outStep;
    }
    let v = 0;
    do {
      const h = cell.state(z + v, last + v, before + v);
      v128.store(after + v, h);
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
  const variant = perGateDropout(d) ? d.jointGates * d.xhGate : 0;
  return xhAt(d, block, t) + variant + r * d.xhRow + (rowInputs(d) << 2);
}

/** Reset before: r·h behind [x | h]. */
function resetStates<C>(d: Descriptor, block: i32, t: i32, u: i32, list: usize, rows: i32, ofRows: usize): void {
  const cell = changetype<C>(0);
  const unitMask = v128.load(d.unitMask + (u << 2));
  const gates = ofRows + u * (d.gateVectors << 2);
  const resets = xhAt(d, block, t) + ((rowInputs(d) + d.Hp + u) << 2);
  for (let i = 0; i < rows; i++) {
    const r = rowIn(list, i);
    const reset = cell.reset(gates + r * d.gateRow);
    const h = v128.load(candidateState(d, block, t, r) + (u << 2));
    v128.store(resets + r * d.xhRow, v128.and(unitMask, f32x4.mul(reset, h)));
  }
}
