// Keras's matrices to panels and back. Keras: kernel [I, G·H], recurrent kernel [H, G·H], bias
// [G·H] ([2, 3H] for GRU with reset after), gates i f c o and z r h.
import { dzColumns } from "./gradient";
import * as J from "./job";
import { getLanes, putLanes } from "./state";
import { gateColumns } from "./words";

export function gateCount(j: usize): i32 {
  return J.CELL(j) == J.SIMPLE ? 1 : J.CELL(j) == J.LSTM ? 4 : 3;
}

/** Vectors of the panel at column q of n columns. */
// @ts-ignore
@inline export function vectorsAt(q: i32, n: i32): i32 { return min(4, (n - q + 3) >> 2); }
/** Bytes of a set of panels over `columns` columns and K rows. */
// @ts-ignore
@inline export function setBytes(columns: i32, K: i32): usize { return <usize>((columns + 3) & ~3) * K << 2; }

/**
 * Gradient columns k..k+3 are four units of one gate: where their Keras columns begin. The gate's last
 * column is (gate + 1)·H - 1, so of the four min(4, unitsFrom) are real, none where that is below 1.
 */
function columnOf(j: usize, k: i32): i32 {
  const H = J.H(j), Hp = J.Hp(j), cell = J.CELL(j);
  if (cell == J.SIMPLE) return k;
  if (cell == J.LSTM) return ((k >> 2) & 3) * H + ((k >> 4) << 2);
  if (k < 2 * Hp) return ((k >> 2) & 1) * H + ((k >> 3) << 2);
  return 2 * H + (k - 2 * Hp) % Hp;
}
/** Units of the gate from gradient column k on. */
function unitsFrom(j: usize, k: i32): i32 {
  const H = J.H(j), Hp = J.Hp(j), cell = J.CELL(j);
  if (cell == J.SIMPLE) return H - k;
  if (cell == J.LSTM) return H - ((k >> 4) << 2);
  return k < 2 * Hp ? H - ((k >> 3) << 2) : H - (k - 2 * Hp) % Hp;
}

/** Row p of [kernel; recurrent kernel]. */
// @ts-ignore: decorator
@inline function rowAt(j: usize, p: i32, G: i32): usize {
  const I = J.I(j), width = (G * J.H(j)) << 2;
  return p < I ? J.kernel(j) + <usize>p * width : J.recurrent(j) + <usize>(p - I) * width;
}

/** min(4, units) floats, zeros behind. */
// @ts-ignore
@inline function lanesOf(from: usize, units: i32): v128 {
  return units < 1 ? f32x4.splat(0) : getLanes(from, units);
}

/** Units u..u+3 of a gate in a row of Keras's matrix; zeros for padding. */
// @ts-ignore
@inline function fourAt(row: usize, gate: i32, u: i32, H: i32): v128 {
  return getLanes(row + ((gate * H + u) << 2), H - u);
}

/** n rows of `vectors` times four floats, `between` bytes from one to the next, behind each other. */
function packVectors(from: usize, n: i32, row: usize, vectors: i32, between: usize, to: usize): usize {
  for (let k = 0; k < n; k++) {
    v128.store(to, v128.load(from));
    if (vectors > 1) v128.store(to, v128.load(from + between), 16);
    if (vectors > 2) v128.store(to, v128.load(from + 2 * between), 32);
    if (vectors > 3) v128.store(to, v128.load(from + 3 * between), 48);
    from += row; to += vectors << 4;
  }
  return to;
}

/** Weights and biases of the forward pass. */
export function packWeights(j: usize): void {
  const I = J.I(j), H = J.H(j), Hp = J.Hp(j), G = gateCount(j), cell = J.CELL(j);
  let to = J.weights(j);
  const gru = cell >= J.GRU_AFTER, simple = cell == J.SIMPLE;
  const row = <usize>(G * H) << 2, between: usize = simple ? 16 : <usize>H << 2;
  for (let u = 0; u < Hp; u += simple ? 16 : 4) {
    const vectors = simple ? min(4, (Hp - u) >> 2) : G;
    if (u + (simple ? vectors << 2 : 4) <= H) {
      to = packVectors(J.kernel(j) + (u << 2), I, row, vectors, between, to);
      to = packVectors(J.recurrent(j) + (u << 2), H, row, vectors, between, to);
      continue;
    }
    for (let k = 0; k < I + H; k++) {
      for (let v = 0; v < vectors; v++) {
        v128.store(to, simple ? fourAt(rowAt(j, k, G), 0, u + (v << 2), H) : fourAt(rowAt(j, k, G), v, u, H));
        to += 16;
      }
    }
  }
  const bias = J.bias(j);
  to = J.biases(j);
  const columns = cell == J.SIMPLE ? Hp : 4 * Hp;
  for (let c = 0; c < columns; c++) {
    const gate = cell == J.SIMPLE ? 0 : (c >> 2) & 3, unit = cell == J.SIMPLE ? c : ((c >> 4) << 2) | (c & 3);
    let b: f32 = 0;
    if (bias != 0 && unit < H) {
      if (!gru) b = load<f32>(bias + ((gate * H + unit) << 2));
      else if (gate < 3) b = load<f32>(bias + ((gate * H + unit) << 2));
      if (cell == J.GRU_AFTER && gate < 2) b += load<f32>(bias + (((3 + gate) * H + unit) << 2));
      if (cell == J.GRU_AFTER && gate == 3) b = load<f32>(bias + ((5 * H + unit) << 2));
    }
    store<f32>(to + (c << 2), b);
  }
}

/** Transposed weights of the backward pass, in the sets that gradient.ts reads. */
export function packTransposed(j: usize): void {
  const I = J.I(j), H = J.H(j), Hp = J.Hp(j), cell = J.CELL(j);
  const needDx = (J.flags(j) & J.NEED_DX) != 0;
  const words = J.wordOf(j) != 0;
  let to = J.transposed(j);
  if (cell == J.LSTM || cell == J.SIMPLE) {
    const first = needDx && !words ? 0 : I;
    to = packSet(j, to, first, I + H - first, 0, dzColumns(j), 0, 0);
  } else {
    if (needDx && !words) to = packSet(j, to, 0, I, 0, 3 * Hp, 0, 0);
    if (cell == J.GRU_AFTER) {
      to = packSet(j, to, I, H, 0, 2 * Hp, 3 * Hp, 4 * Hp);
    } else {
      to = packSet(j, to, I, H, 0, 2 * Hp, 0, 0);
      to = packSet(j, to, I, H, 2 * Hp, 3 * Hp, 0, 0);
    }
  }
  // The words' gradients are multiplied apart from the steps'.
  if (needDx && words) packSet(j, to, 0, I, 0, gateColumns(j), 0, 0);
}

/** Panels over rows p0..p0+n of [W; U]; their rows are gradient columns k0..k1, then k2..k3. */
function packSet(j: usize, to: usize, p0: i32, n: i32, k0: i32, k1: i32, k2: i32, k3: i32): usize {
  for (let q = 0; q < n; q += 16) {
    const width = min(16, (n - q + 3) & ~3);
    to = packRows(j, to, p0 + q, min(width, n - q), width, k0, k1);
    to = packRows(j, to, p0 + q, min(width, n - q), width, k2, k3);
  }
  return to;
}

/** One panel: `n` rows of [W; U] from p on, as columns of a panel `width` wide. */
function packRows(j: usize, to: usize, p: i32, n: i32, width: i32, k0: i32, k1: i32): usize {
  const G = gateCount(j), row = <usize>width << 2;
  for (let k = k0; k < k1; k += 4) {
    const column = columnOf(j, k) << 2, units = unitsFrom(j, k);
    for (let c = 0; c < width; c++) {
      const four = c < n ? lanesOf(rowAt(j, p + c, G) + column, units) : f32x4.splat(0);
      v128.store32_lane(to, four, 0);
      v128.store32_lane(to + row, four, 1);
      v128.store32_lane(to + 2 * row, four, 2);
      v128.store32_lane(to + 3 * row, four, 3);
      to += 4;
    }
    to += 3 * row;
  }
  return to;
}

/** Sums the blocks' weight gradients in the order of the blocks and writes them as Keras's. */
export function unpackGradients(j: usize, blocks: i32): void {
  const I = J.I(j), H = J.H(j), Hp = J.Hp(j), G = gateCount(j), cell = J.CELL(j);
  const size = <usize>(I + H + 1) * J.dwRow(j), total = J.dw(j);
  for (let block = 1; block < blocks; block++) {
    const from = total + <usize>block * size;
    for (let i: usize = 0; i < size; i += 16) v128.store(total + i, f32x4.add(v128.load(total + i), v128.load(from + i)));
  }
  const columns = dzColumns(j);
  for (let k = 0; k < columns; k += 4) {
    const column = columnOf(j, k) << 2, units = unitsFrom(j, k);
    if (units < 1) continue;
    let row = total + (k << 2);
    for (let p = 0; p < I + H; p++) {
      // Reset after keeps the candidate's two halves apart: xc for x rows, hc for h rows.
      const other = cell == J.GRU_AFTER && k >= 2 * Hp && p >= I != k >= 3 * Hp;
      if (!other) putLanes(rowAt(j, p, G) + column, v128.load(row), units);
      row += J.dwRow(j);
    }
  }
  const bias = J.bias(j);
  if (bias == 0) return;
  const sums = total + <usize>(I + H) * J.dwRow(j);
  for (let k = 0; k < columns; k += 4) {
    const units = unitsFrom(j, k), to = bias + (columnOf(j, k) << 2), second = to + ((3 * H) << 2);
    if (units < 1) continue;
    const four = v128.load(sums + (k << 2));
    if (cell != J.GRU_AFTER || k < 3 * Hp) putLanes(to, four, units);
    if (cell == J.GRU_AFTER && (k < 2 * Hp || k >= 3 * Hp)) putLanes(second, four, units);
  }
}
