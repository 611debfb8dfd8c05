// The backward pass of a step: gate gradients, then their product with the transposed weights.
import { SIGMOID, TANH, mad } from "./activations";
import { LEAST_GRADIENT, flushed } from "./flush";
import { gruGateGradients, gruResetGradients } from "./gru";
import * as J from "./job";
import { lstmGateGradients } from "./lstm";
import { simpleGateGradients } from "./simple";
import { isMasked, listRows, rowList } from "./rows";
import { copyRow, getLanes, standsFor, unitsBefore } from "./state";
import { listedRows, zeros } from "./tile";
import { setBytes, vectorsAt } from "./weights";
import { addWordGradients, startWordGradients, wordGradients } from "./words";

/** Gradient columns of a row: LSTM 4Hp, GRU 4Hp (reset before 3Hp), SimpleRNN Hp. */
export function dzColumns(j: usize): i32 {
  const cell = J.CELL(j);
  return cell == J.SIMPLE ? J.Hp(j) : cell == J.GRU_BEFORE ? 3 * J.Hp(j) : 4 * J.Hp(j);
}

// @ts-ignore: decorator
@inline function inputColumns(j: usize): i32 { return J.flags(j) & J.NEED_DX ? J.rowInputs(j) : 0; }

export function startGradients(j: usize, block: i32): void {
  const H = J.H(j), Hp = J.Hp(j), rows = J.rowsOf(j, block), b0 = J.firstRow(j, block);
  for (let r = 0; r < rows; r++) {
    const at = <usize>J.batchRow(j, b0 + r) * H << 2, dh = stateGradient(j, b0 + r);
    for (let u = 0; u < Hp; u += 4) {
      const padded = ((b0 + r) * Hp + u) << 2, from = at + (u << 2);
      v128.store(dh + (u << 2), J.dhT(j) ? getLanes(J.dhT(j) + from, H - u) : f32x4.splat(0));
      v128.store(J.dc(j) + padded, J.dcT(j) ? getLanes(J.dcT(j) + from, H - u) : f32x4.splat(0));
      v128.store(J.carry(j) + padded, f32x4.splat(0));
      v128.store(J.direct(j) + padded, f32x4.splat(0));
    }
  }
  joinRows(j, block, J.rowsAt(j, block, J.T(j) - 1), rows);
  const bytes = (J.I(j) + H + 1) * J.dwRow(j);
  memory.fill(J.dw(j) + <usize>block * bytes, 0, bytes);
  startWordGradients(j, block);
}

/** Where the gradient of the state at a position lies. */
// @ts-ignore: decorator
@inline function stateGradient(j: usize, position: i32): usize {
  return J.dxh(j) + position * J.dxhRow(j) + (inputColumns(j) << 2);
}

/** Rows first..last of a block have their state from its first row, which gets their gradients. */
function joinRows(j: usize, block: i32, first: i32, last: i32): void {
  const Hp = J.Hp(j), b0 = J.firstRow(j, block), dc = J.dc(j), dh = stateGradient(j, b0);
  for (let b = b0 + first; b < b0 + last; b++) {
    add(dh, stateGradient(j, b), Hp);
    if (J.CELL(j) == J.LSTM) add(dc + ((b0 * Hp) << 2), dc + ((b * Hp) << 2), Hp);
  }
}

/** Where rows begin alike: the gradients of step t's outputs, those of rows not yet parted for the first row. */
function joinOutputs(j: usize, block: i32, t: i32): void {
  const H = J.H(j), Hp = J.Hp(j), b0 = J.firstRow(j, block), awake = J.rowsAt(j, block, t);
  for (let r = 0, rows = J.rowsOf(j, block); r < rows; r++) {
    const from = outputGradient(j, t, J.batchRow(j, b0 + r));
    if (from == 0) return;
    const dh = stateGradient(j, b0 + standsFor(r, awake));
    for (let u = 0; u < Hp; u += 4) {
      const at = dh + (u << 2);
      v128.store(at, f32x4.add(v128.load(at), getLanes(from + (u << 2), H - u)));
    }
  }
}

export function backwardStep(j: usize, block: i32, t: i32): void {
  const cell = J.CELL(j), fast = J.activation(j) == TANH && J.recurrentActivation(j) == SIGMOID;
  const shared = J.starts(j) != 0;
  if (shared) joinOutputs(j, block, t);
  if (cell == J.LSTM) {
    if (fast) lstmTanhSigmoid(j, block, t);
    else lstmAny(j, block, t);
  } else if (cell == J.SIMPLE) simpleAny(j, block, t);
  else if (cell == J.GRU_BEFORE) gruBeforeAny(j, block, t);
  else if (fast) gruTanhSigmoid(j, block, t);
  else gruAny(j, block, t);
  const rows = listRows(j, block, t);
  dataGradients(j, block, t, rows);
  addWordGradients(j, block, t, rows);
  finishRows(j, block, t);
  if (shared && t > 0) joinRows(j, block, J.rowsAt(j, block, t - 1), J.rowsAt(j, block, t));
}
function lstmTanhSigmoid(j: usize, block: i32, t: i32): void { gateGradients(J.LSTM, true, j, block, t); }
function lstmAny(j: usize, block: i32, t: i32): void { gateGradients(J.LSTM, false, j, block, t); }
function gruTanhSigmoid(j: usize, block: i32, t: i32): void { gateGradients(J.GRU_AFTER, true, j, block, t); }
function gruAny(j: usize, block: i32, t: i32): void { gateGradients(J.GRU_AFTER, false, j, block, t); }
function gruBeforeAny(j: usize, block: i32, t: i32): void { gateGradients(J.GRU_BEFORE, false, j, block, t); }
function simpleAny(j: usize, block: i32, t: i32): void { gateGradients(J.SIMPLE, false, j, block, t); }

/** Where the output gradient of row b at step t lies; 0 where there is none. */
function outputGradient(j: usize, t: i32, b: i32): usize {
  if (J.dOut(j) == 0) return 0;
  if (J.flags(j) & J.RETURN_SEQUENCES) return J.dOut(j) + ((<usize>b * J.T(j) + t) * J.H(j) << 2);
  return t == J.T(j) - 1 ? J.dOut(j) + (<usize>b * J.H(j) << 2) : 0;
}

// @ts-ignore: decorator
@inline function gateGradients(cell: i32, fast: bool, j: usize, block: i32, t: i32): void {
  const H = J.H(j), Hp = J.Hp(j), rows = J.rowsAt(j, block, t), b0 = J.firstRow(j, block), shared = J.starts(j) != 0;
  const act = fast ? TANH : J.activation(j), rec = fast ? SIGMOID : J.recurrentActivation(j);
  const masked = J.mask(j) != 0, allLanes = J.lanes(j), least = f32x4.splat(LEAST_GRADIENT);
  const gateRow = J.gateRow(j), rawRow = J.rawRow(j), dzRow = J.dzRow(j), stateRow = Hp << 2;
  const dhStep = J.dxhRow(j);
  let dhRow = J.dxh(j) + b0 * dhStep + (inputColumns(j) << 2), dz = J.dzAt(j, block, t);
  let z = J.gatesAt(j, block, t), ac = J.acAt(j, block, t), before = J.cAt(j, block, t);
  let state = b0 * stateRow;
  let raw = J.rawAt(j, block, cell == J.SIMPLE ? t + 1 : t);
  for (let r = 0; r < rows; r++) {
    const dOut: usize = shared ? 0 : outputGradient(j, t, b0 + r);
    if (masked && isMasked(j, t, b0 + r)) {
      maskedGradients(j, block, t, r, dhRow, dOut);
    } else {
      const carry = J.carry(j) + state, direct = J.direct(j) + state, dc = J.dc(j) + state;
      for (let u = 0; u < Hp; u += 4) {
        const at = u << 2, lanes = v128.load(allLanes + at);
        let dh = v128.load(dhRow + at);
        if (dOut) dh = f32x4.add(dh, getLanes(dOut + at, H - u));
        if (masked) {
          dh = f32x4.add(dh, v128.load(carry + at));
          v128.store(carry + at, f32x4.splat(0));
          v128.store(direct + at, f32x4.splat(0));
        }
        dh = flushed(dh, least);
        if (cell == J.LSTM) lstmGateGradients(act, rec, dh, lanes, least, z + (u << 4), ac + at, before + at, dc + at, dz + (u << 4));
        else if (cell == J.SIMPLE) simpleGateGradients(act, dh, lanes, raw + at, dz + at);
        else gruGateGradients(cell == J.GRU_AFTER, act, rec, Hp, u, dh, lanes, z + (u << 4), raw + at, direct + at, dz);
      }
    }
    dhRow += dhStep; dz += dzRow; z += gateRow; raw += rawRow;
    ac += stateRow; before += stateRow; state += stateRow;
  }
}

/**
 * A masked step passes dh and dc on, where no product will take their place; its output repeats an earlier
 * one, which gets the gradient.
 */
function maskedGradients(j: usize, block: i32, t: i32, r: i32, dhRow: usize, dOut: usize): void {
  const H = J.H(j), Hp = J.Hp(j), at = ((J.firstRow(j, block) + r) * Hp) << 2;
  memory.fill(J.dzAt(j, block, t) + r * J.dzRow(j), 0, dzColumns(j) << 2);
  const keep = dOut != 0 && !(J.flags(j) & J.ZERO_OUTPUT);
  for (let u = 0; u < Hp; u += 4) {
    v128.store(J.direct(j) + at + (u << 2), v128.load(dhRow + (u << 2)));
    v128.store(dhRow + (u << 2), f32x4.splat(0));
    if (keep) {
      const carry = J.carry(j) + at + (u << 2);
      v128.store(carry, f32x4.add(v128.load(carry), getLanes(dOut + (u << 2), H - u)));
    }
  }
}

/** [dx | dh] = dz · [W; U]ᵀ of the `rows` rows listed, through the dropout of the gates. */
function dataGradients(j: usize, block: i32, t: i32, rows: i32): void {
  const Hp = J.Hp(j), H = J.H(j), I = J.rowInputs(j), ic = inputColumns(j), cell = J.CELL(j);
  // Nobody asks for the gradient of a state that was not given. (Reset before, r's gradient is made here.)
  if (ic == 0 && unitsBefore(j, t) == 0 && cell != J.GRU_BEFORE) return;
  const gated = J.dropGates(j) > 1;
  let w = J.transposed(j);
  if (cell == J.LSTM || cell == J.SIMPLE) {
    const K = cell == J.LSTM ? 4 * Hp : Hp;
    if (gated) gatedProduct(j, block, t, w, K, ic + H, 0, I - ic);
    else product(j, block, t, rows, w, 0, K, K, ic + H, 0, false);
    return;
  }
  if (cell == J.GRU_BEFORE) {
    const sets = setBytes(ic, 3 * Hp) + setBytes(H, 2 * Hp);
    product(j, block, t, rows, w + sets, 2 * Hp, Hp, Hp, H, 0, false);
    gruResetGradients(j, block, t);
  }
  if (ic) {
    if (gated) gatedProduct(j, block, t, w, 3 * Hp, I, 0, 0);
    else product(j, block, t, rows, w, 0, 3 * Hp, 3 * Hp, I, 0, false);
    w += setBytes(I, 3 * Hp);
  }
  const K = cell == J.GRU_AFTER ? 3 * Hp : 2 * Hp;
  if (gated) gatedProduct(j, block, t, w, K, H, ic, I);
  else {
    product(j, block, t, rows, w, 0, 2 * Hp, K, H, ic, false);
    if (cell == J.GRU_AFTER) product(j, block, t, rows, w, 3 * Hp, Hp, K, H, ic, true);
  }
}

/**
 * dz[first .. first+K) of the `rows` rows listed, times panels that hold `panelK` rows; `more` adds to what
 * is there.
 */
function product(
  j: usize, block: i32, t: i32, rows: i32, w: usize, first: i32, K: i32, panelK: i32, columns: i32, to: i32, more: bool,
): void {
  const list = rowList(j, block), row = J.dxhRow(j), dzRow = J.dzRow(j);
  const dz = J.dzAt(j, block, t) + (first << 2), out = J.dxh(j) + J.firstRow(j, block) * row + (to << 2);
  for (let q = 0; q < columns; q += 16) {
    const n = vectorsAt(q, columns), skip = more ? (panelK - K) * (n << 4) : 0, at = out + (q << 2);
    listedRows(n, list, rows, dz, dzRow, w + skip, K, more ? at : zeros(), more ? row : 0, at, row);
    w += panelK * (n << 4);
  }
}

/** As product, each gate's share through its own dropout factors (from column `factor` on). */
function gatedProduct(
  j: usize, block: i32, t: i32, w: usize, panelK: i32, columns: i32, to: i32, factor: i32,
): void {
  const rows = J.rowsOf(j, block), row = J.dxhRow(j), b0 = J.firstRow(j, block), Hp = J.Hp(j);
  const lstm = J.CELL(j) == J.LSTM, gates = lstm ? 4 : 3;
  const recurrent = factor == J.I(j) && !lstm;
  for (let q = 0; q < columns; q += 16) {
    const n = vectorsAt(q, columns);
    for (let r = 0; r < rows; r++) {
      const dz = J.dzAt(j, block, t) + r * J.dzRow(j);
      const out = J.dxh(j) + (b0 + r) * row + ((to + q) << 2);
      for (let g = 0; g < gates; g++) {
        const drop = J.drop(j) + <usize>(g * J.B(j) + b0 + r) * J.xhRow(j) + ((factor + q) << 2);
        if (lstm) gateShare(dz, w, g << 2, g << 2, 16, Hp >> 2, n, drop, out, g == 0);
        else if (g < 2) gateShare(dz, w, g << 2, g << 2, 8, Hp >> 2, n, drop, out, g == 0);
        else if (panelK == 3 * Hp) gateShare(dz, w, (recurrent ? 3 : 2) * Hp, 2 * Hp, 4, Hp >> 2, n, drop, out, false);
      }
    }
    w += panelK * (n << 4);
  }
}

/** out = [out +] factor ⊙ Σ over four columns in every `stride` of dz from `first`, W from `from`. */
function gateShare(
  dz: usize, w: usize, first: i32, from: i32, stride: i32, groups: i32, n: i32, factor: usize, out: usize, fresh: bool,
): void {
  for (let v = 0; v < n; v++) {
    let sum = f32x4.splat(0);
    let a = dz + (first << 2), p = w + from * (n << 4) + (v << 4);
    for (let i = 0; i < groups; i++) {
      for (let k = 0; k < 4; k++) sum = mad(v128.load_splat<f32>(a + (k << 2)), v128.load(p + k * (n << 4)), sum);
      a += stride << 2; p += stride * (n << 4);
    }
    sum = f32x4.mul(sum, v128.load(factor + (v << 4)));
    v128.store(out + (v << 4), fresh ? sum : f32x4.add(v128.load(out + (v << 4)), sum));
  }
}

/** Dropout of dh, what skips the product, and dx of the step. */
function finishRows(j: usize, block: i32, t: i32): void {
  const I = J.rowInputs(j), Hp = J.Hp(j), rows = J.rowsAt(j, block, t), b0 = J.firstRow(j, block);
  const ic = inputColumns(j), shared = J.dropGates(j) == 1;
  const direct = J.mask(j) != 0 || J.CELL(j) >= J.GRU_AFTER;
  const s = J.sourceStep(j, t);
  for (let r = 0; r < rows; r++) {
    const b = b0 + r, row = J.dxh(j) + b * J.dxhRow(j), drop = J.drop(j) + b * J.xhRow(j);
    if (shared) scale(row + (ic << 2), drop + (I << 2), Hp);
    if (direct) add(row + (ic << 2), J.direct(j) + ((b * Hp) << 2), Hp);
    if (ic) {
      const to = J.dx(j) + ((<usize>J.batchRow(j, b) * J.T(j) + s) * I << 2);
      if (isMasked(j, t, b)) memory.fill(to, 0, I << 2);
      else {
        if (shared) scaleTail(row, drop, I);
        copyRow(to, row, I, 0);
      }
    }
  }
}
function scale(p: usize, factor: usize, n: i32): void {
  for (let i: usize = 0; i < <usize>n << 2; i += 16) v128.store(p + i, f32x4.mul(v128.load(p + i), v128.load(factor + i)));
}
/** n floats, a multiple of 4, added to those at p. */
export function add(p: usize, term: usize, n: i32): void {
  for (let i: usize = 0; i < <usize>n << 2; i += 16) v128.store(p + i, f32x4.add(v128.load(p + i), v128.load(term + i)));
}
function scaleTail(p: usize, factor: usize, n: i32): void {
  for (let i: usize = 0; i < <usize>n << 2; i += 4) store<f32>(p + i, load<f32>(p + i) * load<f32>(factor + i));
}

/**
 * What is left once all steps are done: the words' gradients; those of the initial states, [B, H]; and dx of the
 * steps in which another row stood for a row, which is 0.
 */
export function finishGradients(j: usize, block: i32): void {
  wordGradients(j, block);
  const H = J.H(j), rows = J.rowsOf(j, block), b0 = J.firstRow(j, block), T = J.T(j), row = <usize>inputColumns(j) << 2;
  for (let r = J.rowsAt(j, block, 0), t = 0; r < rows; r++) {
    while (t < T && J.rowsAt(j, block, t) <= r) t++;
    const first = min(J.sourceStep(j, 0), J.sourceStep(j, t - 1));
    memory.fill(J.dx(j) + (<usize>J.batchRow(j, b0 + r) * T + first) * row, 0, <usize>t * row);
  }
  for (let r = 0; r < rows; r++) {
    const b = b0 + r, at = <usize>b * H << 2;
    if (J.dh0(j)) memory.copy(J.dh0(j) + at, J.dxh(j) + b * J.dxhRow(j) + (inputColumns(j) << 2), H << 2);
    if (J.dc0(j)) memory.copy(J.dc0(j) + at, J.dc(j) + ((b * J.Hp(j)) << 2), H << 2);
  }
}
