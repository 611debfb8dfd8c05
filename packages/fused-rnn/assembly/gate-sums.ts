// The sums of the gates, z = x·W + h·U + b, for the rows that a step works on: the one place that chooses how
// they are worked out.
//
//     dropout a gate     all rows; each gate's vector reads [x | h] through masks of its own
//     distinct tokens    sums start from those of the row's token, x·W + b worked out once a token; only h is left
//     listed rows        under a mask: pairs of rows, as far apart as they are
//     plain              all active rows, which lie behind each other
//
// A first step from no state skips h: its sums are those over x alone.
import { panelAt, panelVectors } from "./columns";
import { Descriptor, ResetMode } from "./descriptor";
import { perGateDropout, recurrentDepth, rowInputs } from "./buffers";
import { addVector, listedRows, rows4FromList, rows4PerGate, rowsN } from "./gemm";
import { addFourVectors, twoGruPanels, twoPanels } from "./gemm-row";
import { gruRows, gruRowsFromList } from "./gru-gemm";
import { distance, rowIn, rowsOf } from "./rows";
import { initialSum, initialSumsOf } from "./tokens";

/** Sums of all units, from the rows at `xh` to those at `gates`, of a cell `C` (cells.ts). */
// @ts-ignore: decorator
@inline
export function gateSums<C>(d: Descriptor, block: i32, t: i32, list: usize, rows: i32, xh: usize, gates: usize): void {
  const cell = changetype<C>(0);
  const mode = cell.resetMode;
  // A row that pairs leave over; gru-gemm.ts leaves none over of three and more.
  const leavesOne = mode == ResetMode.NONE || rows == 1 || list != 0;
  const alone = rows & 1 && leavesOne && !perGateDropout(d) ? 1 : 0;
  const together = rows - alone;
  // A round is a panel: its weights come from L2 once, and all rows of the block use them.
  for (let u = 0, Hp = d.Hp; u < Hp && together > 0; u += cell.panelUnits) {
    if (mode == ResetMode.NONE) jointSums<C>(d, block, t, u, list, together, xh, gates);
    else splitSums(mode == ResetMode.AFTER, d, block, t, u, list, together, xh, gates);
  }
  if (alone) rowAlone<C>(d, block, t, rowIn(list, together), xh, gates);
}

/** All gates over [x | h]. */
// @ts-ignore: decorator
@inline
function jointSums<C>(
  d: Descriptor,
  block: i32,
  t: i32,
  u: i32,
  list: usize,
  rows: i32,
  xh: usize,
  gates: usize,
): void {
  const cell = changetype<C>(0);
  const I = d.I;
  const H = d.H;
  const row = d.xhRow;
  const gateRow = d.gateRow;
  const n = cell.panelUnits > 4 ? panelVectors(d, u) : cell.jointGates;
  const at = u * (cell.gateVectors << 2);
  const w = panelAt(d, u);
  const bias = d.biases + at;
  const z = gates + at;
  // Dropout a gate works on masked rows too: their inputs are zeros, and what it makes of them is not used.
  if (perGateDropout(d)) rows4PerGate(xh, row, rowsOf(d, block), w, I + H, d.xhGate, bias, z, gateRow);
  else if (d.tokenOf == 0) listedRows(n, list, rows, xh, row, w, I + recurrentDepth(d, t), bias, 0, z, gateRow);
  else sumsFromTokens(n, d, block, list, rows, xh, w + ((<usize>I * n) << 4), recurrentDepth(d, t), at, z);
}

/** All sums of one row: two panels at a time, and what is left. */
// @ts-ignore: decorator
@inline
function rowAlone<C>(d: Descriptor, block: i32, t: i32, r: i32, xh: usize, gates: usize): void {
  const cell = changetype<C>(0);
  const mode = cell.resetMode;
  const after = mode == ResetMode.AFTER;
  const Hp = d.Hp;
  const inputs = rowInputs(d);
  const depth = recurrentDepth(d, t);
  const k = d.gateCount << 4;
  const a = xh + r * d.xhRow;
  const z = gates + r * d.gateRow;
  const init = d.tokenOf ? initialSum(d, block, r) : d.biases;
  const units = cell.panelUnits;
  const wide = units > 4;
  // Where tokens were multiplied, the panel's first row to go is h's.
  const skipped = d.I - inputs;
  const next = <usize>((d.I + d.H) * (wide ? 64 : k));
  let u = 0;
  for (; u + 2 * units <= Hp; u += 2 * units) {
    const at = u * (cell.gateVectors << 2);
    const w = panelAt(d, u) + skipped * (wide ? 64 : k);
    if (mode == ResetMode.NONE) twoPanels(a, w, next, inputs + depth, init + at, z + at);
    else twoGruPanels(after, a, w, next, inputs, depth, init + at, z + at);
  }
  for (; u < Hp; u += units) {
    const n = wide ? panelVectors(d, u) : cell.jointGates;
    const at = u * (cell.gateVectors << 2);
    const w = panelAt(d, u) + skipped * (wide ? n << 4 : k);
    if (mode == ResetMode.NONE) rowsN(n, a, 0, 1, w, inputs + depth, init + at, 0, z + at, 0);
    else gruRows(after, false, a, 0, 1, w, inputs, depth, 0, init + at, 0, z + at, 0);
  }
}

/** Each row's sums from its token's, `at` bytes on: without a list in one go, else in pairs. */
function sumsFromTokens(
  n: i32,
  d: Descriptor,
  block: i32,
  list: usize,
  rows: i32,
  xh: usize,
  w: usize,
  K: i32,
  at: usize,
  z: usize,
): void {
  const row = d.xhRow;
  const gateRow = d.gateRow;
  // Addresses instead of a base and a distance: rows of one step have tokens that lie anywhere.
  if (list == 0 && n == 4) {
    return rows4FromList(xh, row, rows, w, K, initialSumsOf(d, block), <i32>at, z, gateRow);
  }
  for (let i = 0; i < rows; i += 2) {
    const r = rowIn(list, i);
    const pair = min(2, rows - i);
    // A pair's two sums are as far apart as they are: to the kernel, any two addresses are rows of a matrix.
    const next = rowIn(list, i + pair - 1);
    const apart = next - r;
    const init = initialSum(d, block, r);
    const initRow = <i32>(initialSum(d, block, next) - init);
    rowsN(n, xh + r * row, apart * row, pair, w, K, init + at, initRow, z + r * gateRow, apart * gateRow);
  }
}

/** The joint gates over [x | h]; the candidate over x and, reset after, over h apart. */
// @ts-ignore: decorator
@inline
function splitSums(
  after: bool,
  d: Descriptor,
  block: i32,
  t: i32,
  u: i32,
  list: usize,
  rows: i32,
  xh: usize,
  gates: usize,
): void {
  const row = d.xhRow;
  const gateRow = d.gateRow;
  const gate = d.xhGate;
  const perGate = perGateDropout(d);
  const inputs = rowInputs(d);
  const units = recurrentDepth(d, t);
  const at = (u * d.gateVectors) << 2;
  const z = gates + at;
  const bias = d.biases + at;
  const tokens = d.tokenOf != 0;
  // Where tokens were multiplied, the panel's first row to go is h's.
  const w = panelAt(d, u) + (d.I - inputs) * (d.gateCount << 4);
  if (list == 0) {
    if (tokens) gruRowsFromList(after, xh, row, rows, w, units, initialSumsOf(d, block), at, z, gateRow);
    else gruRows(after, perGate, xh, row, rows, w, inputs, units, gate, bias, 0, z, gateRow);
    return;
  }
  for (let i = 0; i < rows; i += 2) {
    const r = rowIn(list, i);
    const pair = min(2, rows - i);
    const apart = distance(list, i, rows);
    const init = tokens ? initialSum(d, block, r) + at : bias;
    const initRow = tokens ? <i32>(initialSum(d, block, r + apart) + at - init) : 0;
    const a = xh + r * row;
    const out = z + r * gateRow;
    gruRows(after, perGate, a, apart * row, pair, w, inputs, units, gate, init, initRow, out, apart * gateRow);
  }
}

/** Reset before: adds (r·h)·U to the candidate's sums, r·h being behind [x | h] by now. */
export function addResetSums(d: Descriptor, t: i32, list: usize, rows: i32, xh: usize, gates: usize): void {
  const K = recurrentDepth(d, t);
  const Hp = d.Hp;
  const row = d.xhRow;
  const gateRow = d.gateRow;
  // Of a panel's vectors only the candidate's is used here: z's and r's products are done.
  const wStep = d.gateCount << 4;
  const next = <usize>((d.I + d.H) * wStep);
  const candidate = d.jointGates << 4;
  const reset = xh + ((rowInputs(d) + Hp) << 2);
  // Four panels of 16 units together: a vector for two rows is too little to work at.
  const fours = Hp & ~15;
  for (let u = 0; u < fours; u += 16) {
    const w = panelAt(d, u) + d.I * wStep + candidate;
    const out = gates + ((u * d.gateVectors) << 2) + candidate;
    for (let i = 0; i < rows; i += 2) {
      const r = rowIn(list, i);
      const s = rowIn(list, min(i + 1, rows - 1));
      addFourVectors(reset + r * row, reset + s * row, w, wStep, next, K, out + r * gateRow, out + s * gateRow);
    }
  }
  for (let u = fours; u < Hp; u += 4) {
    const w = panelAt(d, u) + d.I * wStep + candidate;
    const out = gates + ((u * d.gateVectors) << 2) + candidate;
    for (let i = 0; i < rows; i += 2) {
      const r = rowIn(list, i);
      const apart = i + 1 < rows ? rowIn(list, i + 1) - r : 0;
      const pair = min(2, rows - i);
      addVector(reset + r * row, apart * row, pair, w, wStep, K, out + r * gateRow, apart * gateRow);
    }
  }
}
