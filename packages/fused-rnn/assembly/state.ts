// What every cell does around its equations: rows in, states in and out, masked steps, outputs.
import * as J from "./job";
import { isMasked } from "./rows";
import { projectWords } from "./words";

/** Copies the step's inputs into the rows [x | h], times input dropout; zeros, of r*h too, for masked rows. */
export function loadInputs(j: usize, block: i32, t: i32): void {
  const I = J.rowInputs(j), Hp = J.Hp(j), T = J.T(j), rows = J.rowsAt(j, block, t), b0 = J.firstRow(j, block);
  const before = J.CELL(j) == J.GRU_BEFORE, s = J.sourceStep(j, t), masked = J.mask(j) != 0, row = J.xhRow(j);
  const variants = max(1, J.dropGates(j)), dropped = J.dropGates(j) != 0;
  for (let g = 0; g < variants; g++) {
    let to = J.xhAt(j, block, t) + g * J.xhGate(j);
    let drop = J.drop(j) + <usize>(g * J.B(j) + b0) * row;
    for (let r = 0; r < rows; r++) {
      if (masked && isMasked(j, t, b0 + r)) {
        memory.fill(to, 0, I << 2);
        if (before) memory.fill(to + ((I + Hp) << 2), 0, Hp << 2);
      } else copyRow(to, J.x(j) + ((<usize>J.batchRow(j, b0 + r) * T + s) * I << 2), I, dropped ? drop : 0);
      to += row; drop += row;
    }
  }
}

/** n floats, times as many factors where there are some. */
// @ts-ignore: decorator
@inline export function copyRow(to: usize, from: usize, n: i32, factor: usize): void {
  let i = 0;
  for (; i + 4 <= n; i += 4) {
    let v = v128.load(from + (i << 2));
    if (factor) v = f32x4.mul(v, v128.load(factor + (i << 2)));
    v128.store(to + (i << 2), v);
  }
  for (; i < n; i++) {
    let v = load<f32>(from + (i << 2));
    if (factor) v *= load<f32>(factor + (i << 2));
    store<f32>(to + (i << 2), v);
  }
}

/** Units u..u+3 of a new state, dropped out into each variant of the next row. */
export function putDropped(j: usize, u: i32, h: v128, xh: usize, drop: usize): void {
  const at = (J.rowInputs(j) + u) << 2, variants = J.dropGates(j);
  for (let g = 0; g < variants; g++) {
    v128.store(xh + g * J.xhGate(j) + at, f32x4.mul(h, v128.load(drop + <usize>g * J.B(j) * J.xhRow(j) + at)));
  }
}

/** Units u..u+3 of a new state: kept raw and dropped out. */
function putState(j: usize, u: i32, h: v128, raw: usize, xh: usize, drop: usize): void {
  v128.store(raw + (u << 2), h);
  if (J.dropGates(j)) putDropped(j, u, h, xh, drop);
}

/** min(4, n) floats. */
// @ts-ignore
@inline export function putLanes(to: usize, v: v128, n: i32): void {
  if (n >= 4) v128.store(to, v);
  else putTail(to, v, n);
}
function putTail(to: usize, v: v128, n: i32): void {
  store<f32>(to, f32x4.extract_lane(v, 0));
  if (n > 1) store<f32>(to, f32x4.extract_lane(v, 1), 4);
  if (n > 2) store<f32>(to, f32x4.extract_lane(v, 2), 8);
}
/** min(4, n) floats, zeros behind. */
export function getLanes(from: usize, n: i32): v128 {
  if (n >= 4) return v128.load(from);
  let v = f32x4.splat(0);
  v = f32x4.replace_lane(v, 0, load<f32>(from));
  if (n > 1) v = f32x4.replace_lane(v, 1, load<f32>(from, 4));
  if (n > 2) v = f32x4.replace_lane(v, 2, load<f32>(from, 8));
  return v;
}

/**
 * Where row b writes its output at step t; 0 when this step's output is not asked for, or rows begin alike:
 * then spreadOutputs writes it.
 */
// @ts-ignore
@inline export function outputRow(j: usize, t: i32, b: i32): usize {
  if (J.starts(j)) return 0;
  if (J.flags(j) & J.RETURN_SEQUENCES) return J.out(j) + ((<usize>b * J.T(j) + t) * J.H(j) << 2);
  return J.mask(j) != 0 || t == J.T(j) - 1 ? J.out(j) + (<usize>b * J.H(j) << 2) : 0;
}

/** Bytes from a row's output to the next row's. */
export function outputStep(j: usize): i32 {
  return (J.flags(j) & J.RETURN_SEQUENCES ? J.T(j) : 1) * J.H(j) << 2;
}

/** A masked step: states stay, the output repeats (0 before the first kept step) or is 0. */
function skipRow(j: usize, block: i32, t: i32, r: i32): void {
  const H = J.H(j), Hp = J.Hp(j), b = J.firstRow(j, block) + r;
  const from = J.rawAt(j, block, t) + r * J.rawRow(j), to = J.rawAt(j, block, t + 1) + r * J.rawRow(j);
  const xh = J.xhAt(j, block, t + 1) + r * J.xhRow(j), drop = J.drop(j) + b * J.xhRow(j);
  for (let u = 0; u < Hp; u += 4) putState(j, u, v128.load(from + (u << 2)), to, xh, drop);
  if (J.CELL(j) == J.LSTM) {
    const bytes = Hp << 2;
    memory.copy(J.cAt(j, block, t + 1) + r * bytes, J.cAt(j, block, t) + r * bytes, bytes);
  }
  const out = outputRow(j, t, b), zero = (J.flags(j) & J.ZERO_OUTPUT) != 0;
  if (J.flags(j) & J.RETURN_SEQUENCES) {
    if (zero || t == 0) memory.fill(out, 0, H << 2);
    else memory.copy(out, out - (H << 2), H << 2);
  } else if (zero && t == J.T(j) - 1) {
    memory.fill(out, 0, H << 2);
  }
}

/** All rows of a block that step t masks. */
export function skipMasked(j: usize, block: i32, t: i32): void {
  if (J.mask(j) == 0) return;
  const rows = J.rowsOf(j, block), b0 = J.firstRow(j, block);
  for (let r = 0; r < rows; r++) if (isMasked(j, t, b0 + r)) skipRow(j, block, t, r);
}

/** Rows that part at step t from the block's first one go on from its state. */
export function wakeRows(j: usize, block: i32, t: i32): void {
  if (J.starts(j) == 0 || t == 0) return;
  const Hp = J.Hp(j), row = J.rawRow(j), h = J.rawAt(j, block, t), c = J.cAt(j, block, t), cRow = Hp << 2;
  for (let r = J.rowsAt(j, block, t - 1), rows = J.rowsAt(j, block, t); r < rows; r++) {
    copyRow(h + r * row, h, Hp, 0);
    if (J.CELL(j) == J.LSTM) copyRow(c + r * cRow, c, Hp, 0);
  }
}

/** How many units of the state before step t are to be multiplied: none where it is 0. */
// @ts-ignore: decorator
@inline export function unitsBefore(j: usize, t: i32): i32 { return t == 0 && J.h0(j) == 0 ? 0 : J.H(j); }

/** The position of a block whose state is position r's too, after a step that works on the first `awake`. */
// @ts-ignore: decorator
@inline export function standsFor(r: i32, awake: i32): i32 { return r < awake ? r : 0; }

/** The outputs of step t where rows begin alike: the first row's for those that have not parted from it. */
export function spreadOutputs(j: usize, block: i32, t: i32): void {
  const sequences = (J.flags(j) & J.RETURN_SEQUENCES) != 0, T = J.T(j), H = J.H(j), row = J.rawRow(j);
  if (J.starts(j) == 0 || !sequences && t < T - 1) return;
  const b0 = J.firstRow(j, block), states = J.rawAt(j, block, t + 1), awake = J.rowsAt(j, block, t);
  for (let r = 0, rows = J.rowsOf(j, block); r < rows; r++) {
    const b = J.batchRow(j, b0 + r), at = sequences ? b * T + t : b;
    copyRow(J.out(j) + (<usize>at * H << 2), states + standsFor(r, awake) * row, H, 0);
  }
}

/** States before the first step. */
export function startStates(j: usize, block: i32): void {
  projectWords(j, block);
  const H = J.H(j), Hp = J.Hp(j), rows = J.rowsAt(j, block, 0), b0 = J.firstRow(j, block);
  for (let r = 0; r < rows; r++) {
    const b = b0 + r;
    const raw = J.rawAt(j, block, 0) + r * J.rawRow(j), xh = J.xhAt(j, block, 0) + r * J.xhRow(j);
    const c = J.cAt(j, block, 0) + ((r * Hp) << 2);
    for (let u = 0; u < Hp; u += 4) {
      const at = (<usize>b * H + u) << 2;
      const h = J.h0(j) ? getLanes(J.h0(j) + at, H - u) : f32x4.splat(0);
      putState(j, u, h, raw, xh, J.drop(j) + b * J.xhRow(j));
      if (J.CELL(j) == J.LSTM) v128.store(c + (u << 2), J.c0(j) ? getLanes(J.c0(j) + at, H - u) : f32x4.splat(0));
    }
  }
  // Under a mask a row may have no output of its own.
  if (J.mask(j) && !(J.flags(j) & J.RETURN_SEQUENCES)) memory.fill(J.out(j) + (<usize>b0 * H << 2), 0, rows * H << 2);
}

/** States after the last step, [B, H]. */
export function finishStates(j: usize, block: i32): void {
  const H = J.H(j), rows = J.rowsOf(j, block), b0 = J.firstRow(j, block), T = J.T(j);
  const awake = J.rowsAt(j, block, T - 1);
  for (let r = 0; r < rows; r++) {
    const at = (<usize>J.batchRow(j, b0 + r) * H) << 2, from = standsFor(r, awake);
    memory.copy(J.hT(j) + at, J.rawAt(j, block, T) + from * J.rawRow(j), H << 2);
    if (J.CELL(j) == J.LSTM) memory.copy(J.cT(j) + at, J.cAt(j, block, T) + ((from * J.Hp(j)) << 2), H << 2);
  }
}
