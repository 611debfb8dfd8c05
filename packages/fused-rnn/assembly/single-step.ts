// One step of a few rows on tensors where they lie: weights as Keras has them, not packed. For a call of
// one step, copying and packing the weights would take several times as long as using them.
//
// Eight units at a time; of H units, at least 8, the last eight are the last group, so that some may be
// worked out twice. Sums run in the order of the whole-sequence kernels, whose bits these have
// where weights are finite.
//
// W's rows are read as they lie, 32 bytes of each gate's columns at a time. Of one row of x that is all there is to
// do with them: a panel would be written, and read again, for one use.
import { activate as activateHere } from "./activations";
import { mixed, resetSum } from "./gru";
import { mad, splat } from "./lanes";
import { newCell } from "./lstm";

// @ts-ignore: decorator
@inline
function first(bias: usize, at: usize): v128 {
  return bias ? v128.load(bias + at) : f32x4.splat(0);
}
/** One copy of all activations. */
function activate(kind: i32, x: v128): v128 {
  return activateHere(kind, x);
}
/** The unit that the group from u on begins with. */
// @ts-ignore: decorator
@inline
function group(u: i32, H: i32): usize {
  return (<usize>min(u, H - 8)) << 2;
}

/** h' = act(x·W + h·U + b); h and b may be 0, none. */
export function simpleRnnStep(
  B: i32,
  I: i32,
  H: i32,
  act: i32,
  _rec: i32,
  x: usize,
  w: usize,
  recurrent: usize,
  bias: usize,
  h: usize,
  _c: usize,
  out: usize,
  _newC: usize,
): void {
  const row = (<usize>H) << 2;
  const parts = h ? 2 : 1;
  for (let b = 0; b < B; b++) {
    for (let unit = 0; unit < H; unit += 8) {
      const u = group(unit, H);
      let s0 = first(bias, u);
      let s1 = first(bias, u + 16);
      // x·W and h·U by the same loop, one sum after the other: as long a sum as that over [x | h], in its order.
      for (let part = 0; part < parts; part++) {
        let a = part ? h : x;
        let p = (part ? recurrent : w) + u;
        for (let k = part ? H : I; k > 0; k--) {
          const s = splat(a);
          s0 = mad(s, v128.load(p), s0);
          s1 = mad(s, v128.load(p, 16), s1);
          a += 4;
          p += row;
        }
      }
      v128.store(out + u, activate(act, s0));
      v128.store(out + u, activate(act, s1), 16);
    }
    x += (<usize>I) << 2;
    out += row;
    if (h) h += row;
  }
}

/** The cell's equations are lstm.ts's; h, c and b may be 0, none. */
export function lstmStep(
  B: i32,
  I: i32,
  H: i32,
  act: i32,
  rec: i32,
  x: usize,
  w: usize,
  recurrent: usize,
  bias: usize,
  h: usize,
  c: usize,
  out: usize,
  newC: usize,
): void {
  const gate = (<usize>H) << 2;
  const row = gate << 2;
  const parts = h ? 2 : 1;
  for (let b = 0; b < B; b++) {
    for (let unit = 0; unit < H; unit += 8) {
      const u = group(unit, H);
      let i0 = first(bias, u);
      let i1 = first(bias, u + 16);
      let f0 = first(bias, u + gate);
      let f1 = first(bias, u + gate + 16);
      let g0 = first(bias, u + 2 * gate);
      let g1 = first(bias, u + 2 * gate + 16);
      let o0 = first(bias, u + 3 * gate);
      let o1 = first(bias, u + 3 * gate + 16);
      for (let part = 0; part < parts; part++) {
        let a = part ? h : x;
        let p = (part ? recurrent : w) + u;
        for (let k = part ? H : I; k > 0; k--) {
          // Eight accumulators: two vectors of each of four gates, from rows of W as Keras has them.
          const s = splat(a);
          const q = p + 2 * gate;
          i0 = mad(s, v128.load(p), i0);
          i1 = mad(s, v128.load(p, 16), i1);
          f0 = mad(s, v128.load(p + gate), f0);
          f1 = mad(s, v128.load(p + gate, 16), f1);
          g0 = mad(s, v128.load(q), g0);
          g1 = mad(s, v128.load(q, 16), g1);
          o0 = mad(s, v128.load(q + gate), o0);
          o1 = mad(s, v128.load(q + gate, 16), o1);
          a += 4;
          p += row;
        }
      }
      lstmUnits(act, rec, i0, f0, g0, o0, c ? c + u : 0, out + u, newC + u);
      lstmUnits(act, rec, i1, f1, g1, o1, c ? c + u + 16 : 0, out + u + 16, newC + u + 16);
    }
    x += (<usize>I) << 2;
    out += gate;
    newC += gate;
    if (h) h += gate;
    if (c) c += gate;
  }
}

function lstmUnits(
  act: i32,
  rec: i32,
  i: v128,
  f: v128,
  g: v128,
  o: v128,
  before: usize,
  out: usize,
  newC: usize,
): void {
  const c = before ? v128.load(before) : f32x4.splat(0);
  const next = newCell(activate(rec, i), activate(rec, f), activate(act, g), c);
  v128.store(newC, next);
  v128.store(out, f32x4.mul(activate(rec, o), activate(act, next)));
}

/** A GRU that resets after the product, bias [2, 3H]; the equations are gru.ts's; h and b may be 0, none. */
export function gruAfterStep(
  B: i32,
  I: i32,
  H: i32,
  act: i32,
  rec: i32,
  x: usize,
  w: usize,
  recurrent: usize,
  bias: usize,
  h: usize,
  _c: usize,
  out: usize,
  _newC: usize,
): void {
  const gate = (<usize>H) << 2;
  const row = gate + (gate << 1);
  const recurrentBias = bias ? bias + row : 0;
  for (let b = 0; b < B; b++) {
    for (let unit = 0; unit < H; unit += 8) {
      const u = group(unit, H);
      let z0 = bothBiases(bias, row, u);
      let z1 = bothBiases(bias, row, u + 16);
      let r0 = bothBiases(bias, row, u + gate);
      let r1 = bothBiases(bias, row, u + gate + 16);
      let x0 = first(bias, u + 2 * gate);
      let x1 = first(bias, u + 2 * gate + 16);
      let h0 = first(recurrentBias, u + 2 * gate);
      let h1 = first(recurrentBias, u + 2 * gate + 16);
      // z and r go on summing over h; the candidate's halves are x0, x1 and h0, h1.
      let a = x;
      let p = w + u;
      for (let k = I; k > 0; k--) {
        const s = splat(a);
        z0 = mad(s, v128.load(p), z0);
        z1 = mad(s, v128.load(p, 16), z1);
        r0 = mad(s, v128.load(p + gate), r0);
        r1 = mad(s, v128.load(p + gate, 16), r1);
        x0 = mad(s, v128.load(p + 2 * gate), x0);
        x1 = mad(s, v128.load(p + 2 * gate, 16), x1);
        a += 4;
        p += row;
      }
      a = h;
      p = recurrent + u;
      for (let k = h ? H : 0; k > 0; k--) {
        const s = splat(a);
        z0 = mad(s, v128.load(p), z0);
        z1 = mad(s, v128.load(p, 16), z1);
        r0 = mad(s, v128.load(p + gate), r0);
        r1 = mad(s, v128.load(p + gate, 16), r1);
        h0 = mad(s, v128.load(p + 2 * gate), h0);
        h1 = mad(s, v128.load(p + 2 * gate, 16), h1);
        a += 4;
        p += row;
      }
      gruUnits(act, rec, z0, r0, x0, h0, h ? h + u : 0, out + u);
      gruUnits(act, rec, z1, r1, x1, h1, h ? h + u + 16 : 0, out + u + 16);
    }
    x += (<usize>I) << 2;
    out += gate;
    if (h) h += gate;
  }
}

// @ts-ignore: decorator
@inline
function bothBiases(bias: usize, row: usize, at: usize): v128 {
  return bias ? f32x4.add(v128.load(bias + at), v128.load(bias + row + at)) : f32x4.splat(0);
}

function gruUnits(act: i32, rec: i32, z: v128, r: v128, x: v128, h: v128, before: usize, out: usize): void {
  const c = activate(act, resetSum(activate(rec, r), x, h));
  v128.store(out, mixed(activate(rec, z), before ? v128.load(before) : f32x4.splat(0), c));
}
