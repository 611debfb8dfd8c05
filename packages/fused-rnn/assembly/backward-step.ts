// The backward pass of a step, whichever its cell: gradients of the gates' sums, then their products with the
// transposed weights (data-gradients.ts). Step t finds in `dxh` the gradient of the state after it, and leaves
// there that of the state before. `C` is as in forward-step.ts.
//
//     dh     = what step t + 1 left in dxh + the gradient of step t's output
//     dz, s  = the cell's gradients from dh (and dc, which stays in its place); s is the share of h
//     dx     = dz·Wᵀ        dh before = dz·Uᵀ + s
//     dW, dU, db            from dz of a chunk of steps at once (weight-gradients.ts)
//
// A masked step has h' = h and c' = c: dh and dc pass unchanged, dz is 0. Its output was that of the last step
// that was not masked, so its output's gradient is carried back to that one (dOutputCarry).
import {
  acAt,
  cAt,
  dropoutAt,
  dzAt,
  gatesAt,
  hiddenAt,
  inputColumns,
  perGateDropout,
  rowInputs,
  stateGradient,
} from "./buffers";
import { dataGradients, resetStateGradients } from "./data-gradients";
import { Activation, Descriptor, Flag } from "./descriptor";
import { LEAST_GRADIENT, flushed } from "./flush";
import { candidateState } from "./forward-step";
import { add, copyRow, loadTail, scale } from "./lanes";
import { batchRow, firstRow, isMasked, listRows, representativeRow, rowsAt, rowsOf, sourceStep } from "./rows";
import { outputGradient } from "./state";
import { addTokenGradients, tokenGradients } from "./tokens";

/** Gradients of the states after the last step; sums of weight gradients begin at 0. */
export function clearGradients(d: Descriptor, block: i32): void {
  const H = d.H;
  const Hp = d.Hp;
  const rows = rowsOf(d, block);
  const b0 = firstRow(d, block);
  for (let r = 0; r < rows; r++) {
    const at = (<usize>batchRow(d, b0 + r) * H) << 2;
    const dh = stateGradient(d, b0 + r);
    for (let u = 0; u < Hp; u += 4) {
      const padded = ((b0 + r) * Hp + u) << 2;
      const from = at + (u << 2);
      v128.store(dh + (u << 2), d.dhT ? loadTail(d.dhT + from, H - u) : f32x4.splat(0));
      v128.store(d.dc + padded, d.dcT ? loadTail(d.dcT + from, H - u) : f32x4.splat(0));
      // Nothing is carried over a masked step yet, and nothing has passed by a product.
      v128.store(d.dOutputCarry + padded, f32x4.splat(0));
      v128.store(d.dhBypass + padded, f32x4.splat(0));
    }
  }
  // Rows that never parted ended in the state of the block's first row.
  mergeForked(d, block, rowsAt(d, block, d.T - 1), rows);
  const bytes = (d.I + H + 1) * d.dwRow;
  memory.fill(d.dw + <usize>block * bytes, 0, bytes);
}

/** Rows first..last of a block have their state from its first row, which gets their gradients. */
function mergeForked(d: Descriptor, block: i32, first: i32, last: i32): void {
  const Hp = d.Hp;
  const b0 = firstRow(d, block);
  const dc = d.dc;
  const dh = stateGradient(d, b0);
  for (let b = b0 + first; b < b0 + last; b++) {
    add(dh, stateGradient(d, b), Hp);
    if (d.c) add(dc + ((b0 * Hp) << 2), dc + ((b * Hp) << 2), Hp);
  }
}

/** Where rows begin alike: the gradients of step t's outputs, those of rows not yet parted for the first row. */
function mergeOutputs(d: Descriptor, block: i32, t: i32): void {
  const H = d.H;
  const Hp = d.Hp;
  const b0 = firstRow(d, block);
  const active = rowsAt(d, block, t);
  for (let r = 0, rows = rowsOf(d, block); r < rows; r++) {
    const from = outputGradient(d, t, batchRow(d, b0 + r));
    // No output of this step was asked for: none of any row was.
    if (from == 0) return;
    const dh = stateGradient(d, b0 + representativeRow(r, active));
    for (let u = 0; u < Hp; u += 4) {
      const at = dh + (u << 2);
      v128.store(at, f32x4.add(v128.load(at), loadTail(from + (u << 2), H - u)));
    }
  }
}

/** A step with tanh and σ, known where it is compiled. */
export function fastGradients<C>(d: Descriptor, block: i32, t: i32): void {
  if (d.activeBefore) mergeOutputs(d, block, t);
  gateGradients<C>(true, d, block, t);
  passBack<C>(d, block, t);
}
export function anyGradients<C>(d: Descriptor, block: i32, t: i32): void {
  if (d.activeBefore) mergeOutputs(d, block, t);
  gateGradients<C>(false, d, block, t);
  passBack<C>(d, block, t);
}

/** From the gates' sums to the inputs and the state before. */
// @ts-ignore: decorator
@inline
function passBack<C>(d: Descriptor, block: i32, t: i32): void {
  const cell = changetype<C>(0);
  const rows = listRows(d, block, t);
  // From the candidate back to r·h first: the reset gate's gradient, a joint column of dz like others, comes of it,
  // and the products below read all of dz.
  if (isDefined(cell.reset)) {
    resetStateGradients(d, block, t, rows);
    resetGradients<C>(d, block, t);
  }
  dataGradients(d, block, t, rows);
  addTokenGradients(d, block, t, rows);
  finishRows(d, block, t, cell.mixesState);
  // A row that went on alone from this step on had its state from the first row: backwards they meet here.
  if (d.activeBefore && t > 0) mergeForked(d, block, rowsAt(d, block, t - 1), rowsAt(d, block, t));
}

/**
 * Gradients of the gates' sums of all rows. Those of states fade over a long sequence: what is too small to
 * matter becomes 0 before it is a denormal number (flush.ts). Padded units get 0 by unitMask: their
 * columns are summed and multiplied like any.
 */
// @ts-ignore: decorator
@inline
function gateGradients<C>(fast: bool, d: Descriptor, block: i32, t: i32): void {
  const cell = changetype<C>(0);
  const H = d.H;
  const Hp = d.Hp;
  const rows = rowsAt(d, block, t);
  const b0 = firstRow(d, block);
  const shared = d.activeBefore != 0;
  const act = fast ? Activation.TANH : d.activation;
  const rec = fast ? Activation.SIGMOID : d.recurrentActivation;
  const masked = d.mask != 0;
  const unitMasks = d.unitMask;
  const least = f32x4.splat(LEAST_GRADIENT);
  const gateRow = d.gateRow;
  const hiddenRow = d.hiddenRow;
  const dzRow = d.dzRow;
  const stateRow = Hp << 2;
  const dhStep = d.dxhRow;
  let dhRow = stateGradient(d, b0);
  let dz = dzAt(d, block, t);
  let z = gatesAt(d, block, t);
  let ac = acAt(d, block, t);
  // dc, dhBypass and dOutputCarry have a row for each position, whatever the step.
  let at0 = b0 * stateRow;
  // What the cell's gradients read of the states: c before, h before, or, of a cell that is nothing else, h'.
  const stateStep = cell.carriesCell ? stateRow : hiddenRow;
  let state = cell.carriesCell ? cAt(d, block, t) : hiddenAt(d, block, cell.mixesState ? t : t + 1);
  for (let r = 0; r < rows; r++) {
    const dOut: usize = shared ? 0 : outputGradient(d, t, b0 + r);
    if (masked && isMasked(d, t, b0 + r)) {
      maskedGradients(d, block, t, r, dhRow, dOut);
    } else {
      const carry = d.dOutputCarry + at0;
      const bypass = d.dhBypass + at0;
      const dcs = d.dc + at0;
      for (let u = 0; u < Hp; u += 4) {
        const at = u << 2;
        const unitMask = v128.load(unitMasks + at);
        let dh = v128.load(dhRow + at);
        if (dOut) dh = f32x4.add(dh, loadTail(dOut + at, H - u));
        // Of the masked steps after this one, whose outputs repeated this step's: their gradients, taken up once.
        if (masked) {
          dh = f32x4.add(dh, v128.load(carry + at));
          v128.store(carry + at, f32x4.splat(0));
          if (!cell.mixesState) v128.store(bypass + at, f32x4.splat(0));
        }
        dh = flushed(dh, least);
        const dc = cell.carriesCell ? v128.load(dcs + at) : dh;
        const past = cell.gradients(
          act,
          rec,
          Hp,
          u,
          dh,
          dc,
          unitMask,
          least,
          z + u * (cell.gateVectors << 2),
          ac + at,
          state + at,
          dz,
        );
        // dc stays where it is for the step before; the share of h joins dh when the product is done (finishRows).
        if (cell.carriesCell) v128.store(dcs + at, v128.and(unitMask, past));
        else if (cell.mixesState) v128.store(bypass + at, v128.and(unitMask, past));
      }
    }
    dhRow += dhStep;
    dz += dzRow;
    z += gateRow;
    ac += stateRow;
    state += stateStep;
    at0 += stateRow;
  }
}

/**
 * A masked step passes dh and dc on, where no product will take their place; its output repeats an earlier
 * one, which gets the gradient.
 */
function maskedGradients(d: Descriptor, block: i32, t: i32, r: i32, dhRow: usize, dOut: usize): void {
  const H = d.H;
  const Hp = d.Hp;
  const at = ((firstRow(d, block) + r) * Hp) << 2;
  memory.fill(dzAt(d, block, t) + r * d.dzRow, 0, d.dzColumns << 2);
  // With zeroOutputForMask the output was 0 whatever the states were: its gradient goes nowhere.
  const keep = dOut != 0 && !(d.flags & Flag.ZERO_OUTPUT);
  for (let u = 0; u < Hp; u += 4) {
    v128.store(d.dhBypass + at + (u << 2), v128.load(dhRow + (u << 2)));
    // The product of a row that is not listed is not worked out: what lies there stays, and must be 0.
    v128.store(dhRow + (u << 2), f32x4.splat(0));
    if (keep) {
      const carry = d.dOutputCarry + at + (u << 2);
      v128.store(carry, f32x4.add(v128.load(carry), loadTail(dOut + (u << 2), H - u)));
    }
  }
}

/**
 * Reset before, once d(r·h) is in the rows dxh: the reset gate's gradient from d(r·h)·h, and the part of dh
 * that skips the product gains d(r·h)·r, through the dropout of the candidate's state.
 */
function resetGradients<C>(d: Descriptor, block: i32, t: i32): void {
  const cell = changetype<C>(0);
  const rec = d.recurrentActivation;
  const rows = rowsAt(d, block, t);
  const b0 = firstRow(d, block);
  const Hp = d.Hp;
  const I = d.I;
  const variant = perGateDropout(d) ? cell.jointGates : 0;
  const vectors = cell.gateVectors;
  for (let r = 0; r < rows; r++) {
    const state = candidateState(d, block, t, r);
    const dz = dzAt(d, block, t) + r * d.dzRow;
    const dReset = d.dxh + (b0 + r) * d.dxhRow;
    const gates = gatesAt(d, block, t) + r * d.gateRow;
    for (let u = 0; u < Hp; u += 4) {
      const at = u << 2;
      const z = gates + at * vectors;
      const dRh = v128.load(dReset + at);
      // A masked row's d(r·h) was not worked out either: what lies there may be anything.
      const kept = isMasked(d, t, b0 + r) ? f32x4.splat(0) : v128.load(d.unitMask + at);
      cell.resetGradients(rec, u, f32x4.mul(dRh, v128.load(state + at)), kept, z, dz);
      let past = f32x4.mul(dRh, cell.reset(z));
      if (d.dropoutVariants) {
        past = f32x4.mul(past, v128.load(dropoutAt(d, variant, b0 + r) + ((I + u) << 2)));
      }
      const bypass = d.dhBypass + (((b0 + r) * Hp + u) << 2);
      v128.store(bypass, f32x4.add(v128.load(bypass), v128.and(kept, past)));
    }
  }
}

/** Dropout of dh, what skips the product, and dx of the step. */
function finishRows(d: Descriptor, block: i32, t: i32, mixesState: bool): void {
  const I = rowInputs(d);
  const Hp = d.Hp;
  const rows = rowsAt(d, block, t);
  const b0 = firstRow(d, block);
  const ic = inputColumns(d);
  const shared = d.dropoutVariants == 1;
  const bypass = d.mask != 0 || mixesState;
  const s = sourceStep(d, t);
  for (let r = 0; r < rows; r++) {
    const b = b0 + r;
    const row = d.dxh + b * d.dxhRow;
    const factors = dropoutAt(d, 0, b);
    // The product gave the gradient of what the gates saw, h times its factors: by them again, it is that of h.
    // The share of h that skips the product was never dropped out.
    if (shared) scale(row + (ic << 2), factors + (I << 2), Hp);
    if (bypass) add(row + (ic << 2), d.dhBypass + ((b * Hp) << 2), Hp);
    if (ic) {
      const to = d.dx + (((<usize>batchRow(d, b) * d.T + s) * I) << 2);
      if (isMasked(d, t, b)) memory.fill(to, 0, I << 2);
      else {
        if (shared) scale(row, factors, I);
        copyRow(to, row, I, 0);
      }
    }
  }
}

/**
 * What is left once all steps are done: the tokens' gradients; those of the initial states, [B, H]; and dx of the
 * steps in which another row stood for a row, which is 0.
 */
export function finishGradients(d: Descriptor, block: i32): void {
  tokenGradients(d, block);
  const H = d.H;
  const rows = rowsOf(d, block);
  const b0 = firstRow(d, block);
  const T = d.T;
  const row = (<usize>inputColumns(d)) << 2;
  // Rows part in the order of their positions: t, the step at which one parts, only grows.
  for (let r = rowsAt(d, block, 0), t = 0; r < rows; r++) {
    while (t < T && rowsAt(d, block, t) <= r) t++;
    const first = min(sourceStep(d, 0), sourceStep(d, t - 1));
    memory.fill(d.dx + (<usize>batchRow(d, b0 + r) * T + first) * row, 0, <usize>t * row);
  }
  for (let r = 0; r < rows; r++) {
    const b = b0 + r;
    const at = (<usize>b * H) << 2;
    if (d.dh0) memory.copy(d.dh0 + at, stateGradient(d, b), H << 2);
    if (d.dc0) memory.copy(d.dc0 + at, d.dc + ((b * d.Hp) << 2), H << 2);
  }
}
