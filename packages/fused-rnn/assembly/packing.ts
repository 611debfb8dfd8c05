// Keras's matrices to panels and back. Keras: kernel [I, G·H], recurrent kernel [H, G·H], bias
// [G·H] ([2, G·H] for a reset after the product: of x, of h), gates in the order of columns.ts.
//
// Keras's rows are G·H floats long: to multiply by four units of each gate would take loads from G places a row
// apart, each a cache line of its own of which a quarter is used. A panel has them side by side, row after row,
// and is read from its beginning to its end. Packing reads and writes each weight once; a sequence reads the
// panels T times.
//
//     forward     panels over columns of [W; U], K = I + H rows          packWeights
//     backward    panels over rows of [W; U], K = columns of dz          packTransposed
//     gradients   dW laid out as columns of dz                           unpackGradients
import { gateColumns, columnOf, jointColumns, panelAt, panelVectors, unitsFrom } from "./columns";
import { Descriptor, Flag, ResetMode } from "./descriptor";
import { add, loadTail, storeTail } from "./lanes";

/** Rows of a matrix that are taken together where it is read by columns. */
const NEAR_ROWS: i32 = 8;

/** Row p of [kernel; recurrent kernel]. */
// @ts-ignore: decorator
@inline
function rowAt(d: Descriptor, p: i32): usize {
  const I = d.I;
  const width = (d.gateCount * d.H) << 2;
  return p < I ? d.kernel + <usize>p * width : d.recurrent + <usize>(p - I) * width;
}

/** min(4, units) floats, zeros behind. */
// @ts-ignore: decorator
@inline
function unitsOrZeros(from: usize, units: i32): v128 {
  return units < 1 ? f32x4.splat(0) : loadTail(from, units);
}

/** n rows of `vectors` times four floats, `between` bytes from one to the next, behind each other. */
function packVectors(from: usize, n: i32, row: usize, vectors: i32, between: usize, to: usize): void {
  for (let k = 0; k < n; k++) {
    v128.store(to, v128.load(from));
    if (vectors > 1) v128.store(to, v128.load(from + between), 16);
    if (vectors > 2) v128.store(to, v128.load(from + 2 * between), 32);
    if (vectors > 3) v128.store(to, v128.load(from + 3 * between), 48);
    from += row;
    to += vectors << 4;
  }
}

/** Weights and biases of the forward pass. */
export function packWeights(d: Descriptor): void {
  // Panel by panel x's rows and then h's: a step walks `weights` from its beginning to its end.
  packMatrix(d, d.kernel, d.I, 0);
  packMatrix(d, d.recurrent, d.H, d.I);
  packBiases(d);
}

/**
 * `rows` rows of a matrix, rows first.. of the panels: a few rows of all panels at a time, since of a cache line
 * of Keras's a panel has a quarter, and long rows lie on pages of their own.
 */
function packMatrix(d: Descriptor, matrix: usize, rows: i32, first: i32): void {
  const H = d.H;
  const Hp = d.Hp;
  const units = d.panelUnits;
  const wide = units > 4;
  // From one vector of a panel to the next: in one gate the next four units, else the next gate.
  const row = (<usize>d.gateCount * H) << 2;
  const between: usize = wide ? 16 : (<usize>H) << 2;
  for (let k = 0; k < rows; k += NEAR_ROWS) {
    const n = min(NEAR_ROWS, rows - k);
    const from = matrix + <usize>k * row;
    for (let u = 0; u < Hp; u += units) {
      const vectors = panelVectors(d, u);
      let to = panelAt(d, u) + ((<usize>(first + k) * vectors) << 4);
      if (u + (wide ? vectors << 2 : 4) <= H) {
        packVectors(from + (u << 2), n, row, vectors, between, to);
        continue;
      }
      // Padded units: zeros, in the last panel.
      for (let i = 0; i < n; i++) {
        for (let v = 0; v < vectors; v++) {
          const left = H - u - (wide ? v << 2 : 0);
          v128.store(to, loadTail(from + <usize>i * row + (u << 2) + <usize>v * between, left));
          to += 16;
        }
      }
    }
  }
}

/** Biases as rows of gates are; a candidate's halves have one each where there are two rows of them. */
function packBiases(d: Descriptor): void {
  const H = d.H;
  const G = d.gateCount;
  const J = d.jointGates;
  const V = d.gateVectors;
  const bias = d.bias;
  const to = d.biases;
  const after = d.resetMode == ResetMode.AFTER;
  for (let c = 0, columns = V * d.Hp; c < columns; c++) {
    const gate = (c >> 2) % V;
    const unit = ((c / (4 * V)) << 2) | (c & 3);
    let b: f32 = 0;
    if (bias != 0 && unit < H) {
      if (gate < G) b = load<f32>(bias + ((gate * H + unit) << 2));
      // Joint gates sum x and h together; h's half of the candidate follows the gates.
      if (after && gate < J) b += load<f32>(bias + (((G + gate) * H + unit) << 2));
      if (after && gate == G) b = load<f32>(bias + (((2 * G - 1) * H + unit) << 2));
    }
    store<f32>(to + (c << 2), b);
  }
}

/** Transposed weights of the backward pass, in the sets that data-gradients.ts reads. */
export function packTransposed(d: Descriptor): void {
  const I = d.I;
  const H = d.H;
  const Hp = d.Hp;
  const joint = jointColumns(d);
  const all = gateColumns(d);
  const needDx = (d.flags & Flag.NEED_DX) != 0;
  const tokens = d.tokenOf != 0;
  const needRows = needDx && !tokens;
  let to = d.transposed;
  if (d.resetMode == ResetMode.NONE) {
    const first = needRows ? 0 : I;
    to = packSet(d, to, first, I + H - first, 0, joint, 0, 0);
  } else {
    if (needRows) to = packSet(d, to, 0, I, 0, all, 0, 0);
    if (d.resetMode == ResetMode.AFTER) {
      to = packSet(d, to, I, H, 0, joint, all, all + Hp);
    } else {
      to = packSet(d, to, I, H, 0, joint, 0, 0);
      to = packSet(d, to, I, H, joint, all, 0, 0);
    }
  }
  // The tokens' gradients are multiplied apart from the steps'.
  if (needDx && tokens) packSet(d, to, 0, I, 0, all, 0, 0);
}

/** Panels over rows p0..p0+n of [W; U]; their rows are gradient columns k0..k1, then k2..k3. */
function packSet(d: Descriptor, to: usize, p0: i32, n: i32, k0: i32, k1: i32, k2: i32, k3: i32): usize {
  for (let q = 0; q < n; q += 16) {
    const width = min(16, (n - q + 3) & ~3);
    to = packRows(d, to, p0 + q, min(width, n - q), width, k0, k1);
    to = packRows(d, to, p0 + q, min(width, n - q), width, k2, k3);
  }
  return to;
}

/** One panel: `n` rows of [W; U] from p on, as columns of a panel `width` wide. */
function packRows(d: Descriptor, to: usize, p: i32, n: i32, width: i32, k0: i32, k1: i32): usize {
  const row = (<usize>width) << 2;
  for (let k = k0; k < k1; k += 4) {
    const column = columnOf(d, k) << 2;
    const units = unitsFrom(d, k);
    // Four floats down a row of [W; U] become a column of the panel: a transposition of four by one.
    // Columns beyond the last are zeros, so that the kernels multiply by whole vectors.
    for (let c = 0; c < width; c++) {
      const four = c < n ? unitsOrZeros(rowAt(d, p + c) + column, units) : f32x4.splat(0);
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
export function unpackGradients(d: Descriptor, blocks: i32): void {
  const I = d.I;
  const H = d.H;
  const dwRow = d.dwRow;
  const floats = (I + H + 1) * (dwRow >> 2);
  const total = d.dw;
  // In the order of the blocks, by one thread: the only sum over blocks, so its order is fixed.
  for (let block = 1; block < blocks; block++) add(total, total + ((<usize>block * floats) << 2), floats);
  // Every column of dz is a column of Keras's matrices, but the candidate's of which there are two: of x's rows,
  // the first; of h's, the second.
  const after = d.resetMode == ResetMode.AFTER;
  const joint = jointColumns(d);
  const all = gateColumns(d);
  for (let first = 0; first < I + H; first += NEAR_ROWS) {
    const last = min(first + NEAR_ROWS, I + H);
    for (let k = 0; k < d.dzColumns; k += 4) {
      const column = columnOf(d, k) << 2;
      const units = unitsFrom(d, k);
      if (units < 1) continue;
      let row = total + <usize>first * dwRow + (k << 2);
      for (let p = first; p < last; p++) {
        // Reset after keeps the candidate's two halves apart: x's for x rows, h's for h rows.
        const other = after && k >= joint && p >= I != k >= all;
        if (!other) storeTail(rowAt(d, p) + column, v128.load(row), units);
        row += dwRow;
      }
    }
  }
  if (d.bias) unpackBiases(d, total + <usize>(I + H) * dwRow);
}

/** The same for biases: of the joint gates, both rows have the gradient of the one sum they are in. */
function unpackBiases(d: Descriptor, sums: usize): void {
  const after = d.resetMode == ResetMode.AFTER;
  const joint = jointColumns(d);
  const all = gateColumns(d);
  for (let k = 0; k < d.dzColumns; k += 4) {
    const units = unitsFrom(d, k);
    const to = d.bias + (columnOf(d, k) << 2);
    const second = to + ((d.gateCount * d.H) << 2);
    if (units < 1) continue;
    const four = v128.load(sums + (k << 2));
    if (!after || k < all) storeTail(to, four, units);
    if (after && (k < joint || k >= all)) storeTail(second, four, units);
  }
}
