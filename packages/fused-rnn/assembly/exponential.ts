// 2^u, and with it σ, tanh and e^x, on four floats. σ and tanh are within 2e-7 of the true value over the whole
// float range, exact at ±Infinity, and NaN for NaN; tanh keeps its relative accuracy at zero.
//
// Method: u = x·log₂e, n = nearest(u), f = u - n with |f| <= 1/2, and 2^u - 1 = 2^n·p + (2^n - 1)
// with p = 2^f - 1 = f·q(f). q is the degree-5 Chebyshev interpolant of (2^f - 1)/f, error 1e-8.
//
//     σ(x) = 1 / (1 + 2^u),       u = -x·log₂e
//     tanh x = m / (m + 2),       m = 2^u - 1,  u = 2x·log₂e
//
// Both from 2^f - 1, not from 2^f: near 0, m is as exact as x, and so is tanh.
import {
  one,
  c0,
  c1,
  c2,
  c3,
  c4,
  c5,
  roundingTerm,
  minusLog2e,
  twoLog2e,
  most,
  least,
  mostOfTanh,
  two,
  log2e,
} from "./constants";
import { mad } from "./lanes";

/** q = (2^f - 1) / f for |f| <= 1/2: times f it is relatively accurate at 0. */
// @ts-ignore: decorator
@inline
function quotient(f: v128): v128 {
  let q = mad(c5(), f, c4());
  q = mad(q, f, c3());
  q = mad(q, f, c2());
  q = mad(q, f, c1());
  return mad(q, f, c0());
}
// @ts-ignore: decorator
@inline
function exp2m1(f: v128): v128 {
  return f32x4.mul(f, quotient(f));
}
// @ts-ignore: decorator
@inline
function exp2(f: v128): v128 {
  return mad(f, quotient(f), one());
}

/** 2^n from the sum n + 1.5·2^23, whose low bits hold n. */
// @ts-ignore: decorator
@inline
function power(shifted: v128): v128 {
  return i32x4.add(i32x4.shl(shifted, 23), one());
}

/** 1 / (1 + 2^u), u = -x·log₂e clamped to [-127, 128], where 2^u is 0 and Infinity. */
// @ts-ignore: decorator
@inline
export function sigmoid(x: v128): v128 {
  let u = f32x4.mul(x, minusLog2e());
  u = f32x4.pmax(f32x4.pmin(u, most()), least());
  // Adding 1.5·2^23 leaves no bits for a fraction: the sum is rounded to an integer, which its low bits hold.
  const shifted = f32x4.add(u, roundingTerm());
  const f = f32x4.sub(u, f32x4.sub(shifted, roundingTerm()));
  const s = power(shifted);
  // σ = 1 / (1 + 2^n·2^f)
  return f32x4.div(one(), mad(s, exp2(f), one()));
}

/** m / (m + 2), m = 2^u - 1, u = 2x·log₂e. */
// @ts-ignore: decorator
@inline
export function tanh(x: v128): v128 {
  let u = f32x4.mul(x, twoLog2e());
  u = f32x4.pmax(f32x4.pmin(u, mostOfTanh()), least());
  const shifted = f32x4.add(u, roundingTerm());
  const f = f32x4.sub(u, f32x4.sub(shifted, roundingTerm()));
  const s = power(shifted);
  // 2^u - 1 = 2^n·(2^f - 1) + (2^n - 1): near 0, where n is 0, nothing is lost to the 1.
  const m = mad(s, exp2m1(f), f32x4.sub(s, one()));
  return f32x4.div(m, f32x4.add(m, two()));
}

/** u of a clamped x, for four rows at once. */
// @ts-ignore: decorator
@inline
function scaled(isTanh: bool, p: usize): v128 {
  const u = f32x4.mul(v128.load(p), isTanh ? twoLog2e() : minusLog2e());
  return f32x4.pmax(f32x4.pmin(u, isTanh ? mostOfTanh() : most()), least());
}
// @ts-ignore: decorator
@inline
function shift(u: v128): v128 {
  return f32x4.add(u, roundingTerm());
}
// @ts-ignore: decorator
@inline
function rest(u: v128, shifted: v128): v128 {
  return f32x4.sub(u, f32x4.sub(shifted, roundingTerm()));
}
// @ts-ignore: decorator
@inline
function next(isTanh: bool, s: v128, f: v128, q: v128): v128 {
  return isTanh ? mad(s, f32x4.mul(f, q), f32x4.sub(s, one())) : mad(s, mad(f, q, one()), one());
}
// @ts-ignore: decorator
@inline
function last(isTanh: bool, m: v128): v128 {
  return isTanh ? f32x4.div(m, f32x4.add(m, two())) : f32x4.div(one(), m);
}

/**
 * tanh or σ in place at four addresses, the same bits as tanh and sigmoid. Step by step side by side:
 * one after the other, the long chains would fill the processor's queue of waiting operations, and take
 * two and a half times as long.
 *
 * No address is 0. The ways out, to where all four are used, are there to be passed by: without them binaryen
 * makes one expression of each chain, one behind the other, and V8 keeps that order.
 */
// biome-ignore format: a line for a step of the chain
// @ts-ignore: decorator
@inline
export function four(isTanh: bool, p0: usize, p1: usize, p2: usize, p3: usize): void {
  let f0 = scaled(isTanh, p0), f1 = scaled(isTanh, p1), f2 = scaled(isTanh, p2), f3 = scaled(isTanh, p3);
  let s0 = shift(f0), s1 = shift(f1), s2 = shift(f2), s3 = shift(f3);
  f0 = rest(f0, s0); f1 = rest(f1, s1); f2 = rest(f2, s2); f3 = rest(f3, s3);
  // q of four arguments by Horner's rule, each coefficient loaded once for all.
  let c = c4();
  const top = c5();
  let q0 = mad(top, f0, c), q1 = mad(top, f1, c), q2 = mad(top, f2, c), q3 = mad(top, f3, c);
  do {
    if (p0 == 0) break;
    c = c3();
    q0 = mad(q0, f0, c); q1 = mad(q1, f1, c); q2 = mad(q2, f2, c); q3 = mad(q3, f3, c);
    if (p1 == 0) break;
    c = c2();
    q0 = mad(q0, f0, c); q1 = mad(q1, f1, c); q2 = mad(q2, f2, c); q3 = mad(q3, f3, c);
    if (p2 == 0) break;
    c = c1();
    q0 = mad(q0, f0, c); q1 = mad(q1, f1, c); q2 = mad(q2, f2, c); q3 = mad(q3, f3, c);
    if (p3 == 0) break;
    c = c0();
    q0 = mad(q0, f0, c); q1 = mad(q1, f1, c); q2 = mad(q2, f2, c); q3 = mad(q3, f3, c);
    // 2^n, and the last of the chain: what is left of it differs between the two.
    s0 = power(s0); s1 = power(s1); s2 = power(s2); s3 = power(s3);
    q0 = next(isTanh, s0, f0, q0); q1 = next(isTanh, s1, f1, q1);
    q2 = next(isTanh, s2, f2, q2); q3 = next(isTanh, s3, f3, q3);
    q0 = last(isTanh, q0); q1 = last(isTanh, q1); q2 = last(isTanh, q2); q3 = last(isTanh, q3);
  } while (false);
  v128.store(p0, q0); v128.store(p1, q1); v128.store(p2, q2); v128.store(p3, q3);
}

/** n of e^x = 2^n·2^f as a shifted sum; f from x itself, n·ln2 taken off in two parts. */
// @ts-ignore: decorator
@inline
function shiftedOf(x: v128): v128 {
  let u = f32x4.mul(x, log2e());
  u = f32x4.pmax(f32x4.pmin(u, most()), least());
  return f32x4.add(u, roundingTerm());
}

// @ts-ignore: decorator
@inline
function fractionOf(x: v128, shifted: v128): v128 {
  const n = f32x4.sub(shifted, roundingTerm());
  // ln2 in two parts, the first of so few bits that its product with n is exact: x - n·ln2 keeps the low bits.
  const r = f32x4.sub(f32x4.sub(x, f32x4.mul(n, f32x4.splat(0.693359375))), f32x4.mul(n, f32x4.splat(-2.1219444e-4)));
  const f = f32x4.mul(r, log2e());
  // Beyond ±1 only where n was clamped; there 2^n alone is the answer.
  return v128.andnot(f, f32x4.gt(f32x4.abs(f), one()));
}

export function exp(x: v128): v128 {
  const shifted = shiftedOf(x);
  return f32x4.mul(power(shifted), exp2(fractionOf(x, shifted)));
}

/** e^x - 1 for x <= 0. */
export function expm1(x: v128): v128 {
  const shifted = shiftedOf(x);
  const s = power(shifted);
  return f32x4.add(f32x4.mul(s, exp2m1(fractionOf(x, shifted))), f32x4.sub(s, one()));
}
