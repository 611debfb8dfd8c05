// Gradients of what a step's products read: [dx | dh] = dz · [W; U]ᵀ, through the dropout of the gates.
//
// `transposed` holds sets of panels, each over the rows p of [W; U] that are its columns, its rows being columns of
// dz, in the order in which they are read here and written by packTransposed:
//
//     joint gates only     rows of x (where dx is asked for) and of h together, all columns of dz
//     reset after          x: joint gates and x's half; h: joint gates and h's half
//     reset before         x: joint gates and candidate; h: joint gates; r·h: candidate
import { dropoutAt, dzAt, inputColumns, perGateDropout, recurrentDepth, rowInputs } from "./buffers";
import { gateColumns, jointColumns, setBytes, vectorsAt } from "./columns";
import { mad } from "./lanes";
import { Descriptor, ResetMode } from "./descriptor";
import { listedRows, zeros } from "./gemm";
import { firstRow, rowList, rowsOf } from "./rows";

/** dx and dh of the `rows` rows listed. */
export function dataGradients(d: Descriptor, block: i32, t: i32, rows: i32): void {
  const Hp = d.Hp;
  const H = d.H;
  const ic = inputColumns(d);
  const perGate = perGateDropout(d);
  // Nobody asks for the gradient of a state that was not given.
  if (ic == 0 && recurrentDepth(d, t) == 0) return;
  let w = d.transposed;
  if (d.resetMode == ResetMode.NONE) {
    // One set: x's rows and h's lie behind each other, so the product gives [dx | dh] in one go.
    const K = d.dzColumns;
    if (perGate) productPerGate(d, block, t, w, K, ic + H, 0, rowInputs(d) - ic, -1);
    else product(d, block, t, rows, w, 0, K, K, ic + H, 0, false);
    return;
  }
  const joint = jointColumns(d);
  const all = gateColumns(d);
  // x's half and h's half of the candidate have gradients of their own: x and h have sets of their own.
  if (ic) {
    if (perGate) productPerGate(d, block, t, w, all, ic, 0, 0, joint);
    else product(d, block, t, rows, w, 0, all, all, ic, 0, false);
    w += setBytes(ic, all);
  }
  // Reset before, the candidate has had its product, from which r·h got its gradient (resetStateGradients).
  const after = d.resetMode == ResetMode.AFTER;
  const K = after ? joint + Hp : joint;
  if (perGate) return productPerGate(d, block, t, w, K, H, ic, rowInputs(d), after ? all : -1);
  product(d, block, t, rows, w, 0, joint, K, H, ic, false);
  // h's half of the candidate lies behind x's, which is not in these panels.
  if (after) product(d, block, t, rows, w, all, Hp, K, H, ic, true);
}

/** Reset before: d(r·h) of the `rows` rows listed, to the beginning of the rows dxh. */
export function resetStateGradients(d: Descriptor, block: i32, t: i32, rows: i32): void {
  const Hp = d.Hp;
  const H = d.H;
  const joint = jointColumns(d);
  const w = d.transposed + setBytes(inputColumns(d), gateColumns(d)) + setBytes(H, joint);
  product(d, block, t, rows, w, joint, Hp, Hp, H, 0, false);
}

/**
 * dz[first .. first+K) of the `rows` rows listed, times panels that hold `panelK` rows; `more` adds to what
 * is there the product with a panel's last K.
 */
function product(
  d: Descriptor,
  block: i32,
  t: i32,
  rows: i32,
  w: usize,
  first: i32,
  K: i32,
  panelK: i32,
  columns: i32,
  to: i32,
  more: bool,
): void {
  const list = rowList(d, block);
  const row = d.dxhRow;
  const dzRow = d.dzRow;
  const dz = dzAt(d, block, t) + (first << 2);
  const out = d.dxh + firstRow(d, block) * row + (to << 2);
  for (let q = 0; q < columns; q += 16) {
    // Panels are walked once for all rows of the block: the panel stays in L1, rows of dz stream by.
    const n = vectorsAt(q, columns);
    const skip = more ? (panelK - K) * (n << 4) : 0;
    const at = out + (q << 2);
    listedRows(n, list, rows, dz, dzRow, w + skip, K, more ? at : zeros(), more ? row : 0, at, row);
    w += panelK * (n << 4);
  }
}

/**
 * As product, each gate's share through dropout factors of its own, from column `factor` on. The candidate's
 * gradients begin at column `candidate` of dz; below 0 it has none here.
 */
function productPerGate(
  d: Descriptor,
  block: i32,
  t: i32,
  w: usize,
  panelK: i32,
  columns: i32,
  to: i32,
  factor: i32,
  candidate: i32,
): void {
  const rows = rowsOf(d, block);
  const row = d.dxhRow;
  const b0 = firstRow(d, block);
  const groups = d.Hp >> 2;
  const J = d.jointGates;
  const joint = jointColumns(d);
  const dzs = dzAt(d, block, t);
  const dzRow = d.dzRow;
  for (let q = 0; q < columns; q += 16) {
    const n = vectorsAt(q, columns);
    const from = (factor + q) << 2;
    for (let r = 0; r < rows; r++) {
      const b = b0 + r;
      const dz = dzs + r * dzRow;
      const out = d.dxh + b * row + ((to + q) << 2);
      // dh = Σ_g factor_g ⊙ (dz_g · U_gᵀ): the factors stand outside the sum over a gate's units, so each gate's
      // sum is worked out by itself.
      for (let g = 0; g < J; g++) {
        gateShare(dz + (g << 4), w, g << 2, J << 2, groups, n, dropoutAt(d, g, b) + from, out, g == 0);
      }
      if (candidate >= 0) {
        gateShare(dz + (candidate << 2), w, joint, 4, groups, n, dropoutAt(d, J, b) + from, out, false);
      }
    }
    w += panelK * (n << 4);
  }
}

/** out = [out +] factor ⊙ Σ over four columns in every `stride` of dz, the panel's rows from `first` on. */
function gateShare(
  dz: usize,
  w: usize,
  first: i32,
  stride: i32,
  groups: i32,
  n: i32,
  factor: usize,
  out: usize,
  fresh: bool,
): void {
  for (let v = 0; v < n; v++) {
    let sum = f32x4.splat(0);
    let a = dz;
    let p = w + first * (n << 4) + (v << 4);
    for (let i = 0; i < groups; i++) {
      for (let k = 0; k < 4; k++) {
        sum = mad(v128.load_splat<f32>(a + (k << 2)), v128.load(p + k * (n << 4)), sum);
      }
      a += stride << 2;
      p += stride * (n << 4);
    }
    sum = f32x4.mul(sum, v128.load(factor + (v << 4)));
    v128.store(out + (v << 4), fresh ? sum : f32x4.add(v128.load(out + (v << 4)), sum));
  }
}
