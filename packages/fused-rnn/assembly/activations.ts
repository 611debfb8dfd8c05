// Activations on four floats. σ and tanh are within 2e-7 of the true value over the whole float
// range, exact at ±Infinity, and NaN for NaN; tanh keeps its relative accuracy at zero.
//
// Method: u = x·log₂e, n = nearest(u), f = u - n with |f| <= 1/2, and 2^u - 1 = 2^n·p + (2^n - 1)
// with p = 2^f - 1 = f·q(f). q is the degree-5 Chebyshev interpolant of (2^f - 1)/f, error 1e-8.

import {
  one, c0, c1, c2, c3, c4, c5, roundingTerm,
  minusLog2e, twoLog2e, most, least, mostOfTanh, two, log2e,
} from "./constants";

export const LINEAR = 0;
export const TANH = 1;
export const SIGMOID = 2;
export const RELU = 3;
export const HARD_SIGMOID = 4;
export const ELU = 5;
export const SELU = 6;
export const SOFTPLUS = 7;
export const SOFTSIGN = 8;
export const EXPONENTIAL = 9;
export const HARD_SIGMOID_KERAS2 = 10;

const SELU_SCALE: f32 = 1.0507009873554805;
const SELU_ALPHA: f32 = 1.6732632423543772;

// @ts-ignore
@inline export function mad(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, c);
  return f32x4.add(f32x4.mul(a, b), c);
}

/** q = (2^f - 1) / f for |f| <= 1/2: times f it is relatively accurate at 0. */
// @ts-ignore
@inline function quotient(f: v128): v128 {
  let q = mad(c5(), f, c4());
  q = mad(q, f, c3());
  q = mad(q, f, c2());
  q = mad(q, f, c1());
  return mad(q, f, c0());
}
// @ts-ignore
@inline function exp2m1(f: v128): v128 { return f32x4.mul(f, quotient(f)); }
// @ts-ignore
@inline function exp2(f: v128): v128 { return mad(f, quotient(f), one()); }

/** 2^n from the sum n + 1.5·2^23, whose low bits hold n. */
// @ts-ignore
@inline function power(shifted: v128): v128 {
  return i32x4.add(i32x4.shl(shifted, 23), one());
}

/** 1 / (1 + 2^u), u = -x·log₂e clamped to [-127, 128], where 2^u is 0 and Infinity. */
// @ts-ignore
@inline export function sigmoid(x: v128): v128 {
  let u = f32x4.mul(x, minusLog2e());
  u = f32x4.pmax(f32x4.pmin(u, most()), least());
  const shifted = f32x4.add(u, roundingTerm());
  const f = f32x4.sub(u, f32x4.sub(shifted, roundingTerm()));
  const s = power(shifted);
  return f32x4.div(one(), mad(s, exp2(f), one()));
}

/** m / (m + 2), m = 2^u - 1, u = 2x·log₂e. */
// @ts-ignore
@inline export function tanh(x: v128): v128 {
  let u = f32x4.mul(x, twoLog2e());
  u = f32x4.pmax(f32x4.pmin(u, mostOfTanh()), least());
  const shifted = f32x4.add(u, roundingTerm());
  const f = f32x4.sub(u, f32x4.sub(shifted, roundingTerm()));
  const s = power(shifted);
  const m = mad(s, exp2m1(f), f32x4.sub(s, one()));
  return f32x4.div(m, f32x4.add(m, two()));
}

/** u of a clamped x, for four rows at once. */
// @ts-ignore
@inline function scaled(isTanh: bool, p: usize): v128 {
  const u = f32x4.mul(v128.load(p), isTanh ? twoLog2e() : minusLog2e());
  return f32x4.pmax(f32x4.pmin(u, isTanh ? mostOfTanh() : most()), least());
}
// @ts-ignore
@inline function shift(u: v128): v128 { return f32x4.add(u, roundingTerm()); }
// @ts-ignore
@inline function rest(u: v128, shifted: v128): v128 {
  return f32x4.sub(u, f32x4.sub(shifted, roundingTerm()));
}
// @ts-ignore
@inline function next(isTanh: bool, s: v128, f: v128, q: v128): v128 {
  return isTanh ? mad(s, f32x4.mul(f, q), f32x4.sub(s, one())) : mad(s, mad(f, q, one()), one());
}
// @ts-ignore
@inline function last(isTanh: bool, m: v128): v128 {
  return isTanh ? f32x4.div(m, f32x4.add(m, two())) : f32x4.div(one(), m);
}

/**
 * tanh or σ in place at four addresses, the same bits as tanh and sigmoid. Step by step side by side:
 * one after the other, the long chains would fill the processor's queue of waiting operations, and take
 * two and a half times as long.
 */
// @ts-ignore
@inline function four(isTanh: bool, p0: usize, p1: usize, p2: usize, p3: usize): void {
  let f0 = scaled(isTanh, p0), f1 = scaled(isTanh, p1), f2 = scaled(isTanh, p2), f3 = scaled(isTanh, p3);
  let s0 = shift(f0), s1 = shift(f1), s2 = shift(f2), s3 = shift(f3);
  f0 = rest(f0, s0); f1 = rest(f1, s1); f2 = rest(f2, s2); f3 = rest(f3, s3);
  let c = c4();
  const top = c5();
  let q0 = mad(top, f0, c), q1 = mad(top, f1, c), q2 = mad(top, f2, c), q3 = mad(top, f3, c);
  c = c3();
  q0 = mad(q0, f0, c); q1 = mad(q1, f1, c); q2 = mad(q2, f2, c); q3 = mad(q3, f3, c);
  c = c2();
  q0 = mad(q0, f0, c); q1 = mad(q1, f1, c); q2 = mad(q2, f2, c); q3 = mad(q3, f3, c);
  c = c1();
  q0 = mad(q0, f0, c); q1 = mad(q1, f1, c); q2 = mad(q2, f2, c); q3 = mad(q3, f3, c);
  c = c0();
  q0 = mad(q0, f0, c); q1 = mad(q1, f1, c); q2 = mad(q2, f2, c); q3 = mad(q3, f3, c);
  s0 = power(s0); s1 = power(s1); s2 = power(s2); s3 = power(s3);
  f0 = next(isTanh, s0, f0, q0); f1 = next(isTanh, s1, f1, q1); f2 = next(isTanh, s2, f2, q2); f3 = next(isTanh, s3, f3, q3);
  v128.store(p0, last(isTanh, f0)); v128.store(p1, last(isTanh, f1));
  v128.store(p2, last(isTanh, f2)); v128.store(p3, last(isTanh, f3));
}

/** n of e^x = 2^n·2^f as a shifted sum; f from x itself, n·ln2 taken off in two parts. */
// @ts-ignore
@inline function shiftedOf(x: v128): v128 {
  let u = f32x4.mul(x, log2e());
  u = f32x4.pmax(f32x4.pmin(u, most()), least());
  return f32x4.add(u, roundingTerm());
}

// @ts-ignore
@inline function fractionOf(x: v128, shifted: v128): v128 {
  const n = f32x4.sub(shifted, roundingTerm());
  const r = f32x4.sub(
    f32x4.sub(x, f32x4.mul(n, f32x4.splat(0.693359375))),
    f32x4.mul(n, f32x4.splat(-2.12194440e-4)),
  );
  const f = f32x4.mul(r, log2e());
  // Beyond ±1 only where n was clamped; there 2^n alone is the answer.
  return v128.andnot(f, f32x4.gt(f32x4.abs(f), one()));
}

function exp(x: v128): v128 {
  const shifted = shiftedOf(x);
  return f32x4.mul(power(shifted), exp2(fractionOf(x, shifted)));
}

/** e^x - 1 for x <= 0. */
function expm1(x: v128): v128 {
  const shifted = shiftedOf(x);
  const s = power(shifted);
  return f32x4.add(f32x4.mul(s, exp2m1(fractionOf(x, shifted))), f32x4.sub(s, one()));
}

/** max(x, 0) + log(1 + e^-|x|): the logarithm lane by lane, this activation is rare. */
function softplus(x: v128): v128 {
  const e = exp(f32x4.neg(f32x4.abs(x)));
  let y = f32x4.splat(0);
  y = f32x4.replace_lane(y, 0, <f32>Math.log1p(<f64>f32x4.extract_lane(e, 0)));
  y = f32x4.replace_lane(y, 1, <f32>Math.log1p(<f64>f32x4.extract_lane(e, 1)));
  y = f32x4.replace_lane(y, 2, <f32>Math.log1p(<f64>f32x4.extract_lane(e, 2)));
  y = f32x4.replace_lane(y, 3, <f32>Math.log1p(<f64>f32x4.extract_lane(e, 3)));
  return f32x4.add(f32x4.max(x, f32x4.splat(0)), y);
}

/** y = kind(x). */
// @ts-ignore
@inline export function activate(kind: i32, x: v128): v128 {
  if (kind == TANH) return tanh(x);
  if (kind == SIGMOID) return sigmoid(x);
  return activateOther(kind, x);
}

function activateOther(kind: i32, x: v128): v128 {
  const zero = f32x4.splat(0);
  switch (kind) {
    case RELU:
      return f32x4.max(x, zero);
    case HARD_SIGMOID:
      return f32x4.max(
        zero,
        f32x4.min(one(), f32x4.mul(f32x4.add(x, f32x4.splat(3)), f32x4.splat(1.0 / 6.0))),
      );
    case HARD_SIGMOID_KERAS2:
      return f32x4.max(
        zero,
        f32x4.min(one(), f32x4.add(f32x4.mul(x, f32x4.splat(0.2)), f32x4.splat(0.5))),
      );
    case ELU:
      return v128.bitselect(x, expm1(f32x4.pmin(x, zero)), f32x4.gt(x, zero));
    case SELU:
      return f32x4.mul(
        f32x4.splat(SELU_SCALE),
        v128.bitselect(
          x,
          f32x4.mul(f32x4.splat(SELU_ALPHA), expm1(f32x4.pmin(x, zero))),
          f32x4.gt(x, zero),
        ),
      );
    case SOFTSIGN:
      return softsign(x);
    case SOFTPLUS:
      return softplus(x);
    case EXPONENTIAL:
      return exp(x);
    default:
      return x;
  }
}

/** x / (1 + |x|), ±1 at ±Infinity. */
// @ts-ignore
@inline function softsign(x: v128): v128 {
  const y = f32x4.div(x, f32x4.add(one(), f32x4.abs(x)));
  const infinite = f32x4.eq(f32x4.abs(x), f32x4.splat(Infinity));
  const sign = v128.or(v128.and(x, i32x4.splat(0x80000000)), one());
  return v128.bitselect(sign, y, infinite);
}

/** dy/dx, written in terms of the output y. */
// @ts-ignore
@inline export function derivative(kind: i32, y: v128): v128 {
  if (kind == TANH) return f32x4.sub(one(), f32x4.mul(y, y));
  if (kind == SIGMOID) return f32x4.sub(y, f32x4.mul(y, y));
  return derivativeOther(kind, y);
}

function derivativeOther(kind: i32, y: v128): v128 {
  const zero = f32x4.splat(0);
  switch (kind) {
    case RELU:
      return v128.and(f32x4.gt(y, zero), one());
    case HARD_SIGMOID:
      return v128.and(
        v128.and(f32x4.gt(y, zero), f32x4.lt(y, one())),
        f32x4.splat(1.0 / 6.0),
      );
    case HARD_SIGMOID_KERAS2:
      return v128.and(
        v128.and(f32x4.gt(y, zero), f32x4.lt(y, one())),
        f32x4.splat(0.2),
      );
    case ELU:
      return f32x4.add(one(), f32x4.pmin(y, zero));
    case SELU:
      return v128.bitselect(
        f32x4.splat(SELU_SCALE),
        f32x4.add(y, f32x4.splat(SELU_SCALE * SELU_ALPHA)),
        f32x4.gt(y, zero),
      );
    case SOFTPLUS:
      return f32x4.neg(expm1(f32x4.neg(y)));
    case SOFTSIGN: {
      const d = f32x4.sub(one(), f32x4.abs(y));
      return f32x4.mul(d, d);
    }
    case EXPONENTIAL:
      return y;
    default:
      return one();
  }
}

/** Activates in place four units of each of the `rows` rows of a list, `step` bytes from row to row. */
// @ts-ignore
@inline export function activateRows(kind: i32, list: usize, rows: i32, p: usize, step: i32): void {
  if (list) activateListed(kind, list, rows, p, step);
  else activateAll(kind, rows, p, step);
}
function activateListed(kind: i32, list: usize, rows: i32, p: usize, step: i32): void {
  if (kind == LINEAR) return;
  let i = 0;
  if (kind == TANH) for (; i + 4 <= rows; i += 4) fourListed(true, list + (i << 2), p, step);
  else if (kind == SIGMOID) for (; i + 4 <= rows; i += 4) fourListed(false, list + (i << 2), p, step);
  for (; i < rows; i++) {
    const at = p + load<i32>(list + (i << 2)) * step;
    v128.store(at, activate(kind, v128.load(at)));
  }
}
// @ts-ignore
@inline function fourListed(isTanh: bool, list: usize, p: usize, step: i32): void {
  four(
    isTanh, p + load<i32>(list) * step, p + load<i32>(list, 4) * step, p + load<i32>(list, 8) * step,
    p + load<i32>(list, 12) * step,
  );
}
function activateAll(kind: i32, rows: i32, p: usize, step: i32): void {
  if (kind == LINEAR) return;
  if (kind == TANH) {
    for (; rows >= 4; rows -= 4) {
      four(true, p, p + step, p + 2 * step, p + 3 * step);
      p += 4 * step;
    }
  } else if (kind == SIGMOID) {
    for (; rows >= 4; rows -= 4) {
      four(false, p, p + step, p + 2 * step, p + 3 * step);
      p += 4 * step;
    }
  }
  for (; rows > 0; rows--) {
    v128.store(p, activate(kind, v128.load(p)));
    p += step;
  }
}

/** Applies one activation to n floats (a multiple of 4) in place: what the accuracy tests call. */
export function activateBuffer(kind: i32, p: usize, n: i32): void { activateRows(kind, 0, n >> 2, p, 16); }
