// Activations on four floats. σ and tanh are within 2e-7 of the true value over the whole float
// range, exact at ±Infinity, and NaN for NaN; tanh keeps its relative accuracy at zero.
//
// Method: u = x·log₂e, n = nearest(u), f = u - n with |f| <= 1/2, and 2^u - 1 = 2^n·p + (2^n - 1)
// with p = 2^f - 1 = f·q(f). q is the degree-5 Chebyshev interpolant of (2^f - 1)/f, error 1e-8.

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

const SELU_SCALE: f32 = 1.0507009873554805;
const SELU_ALPHA: f32 = 1.6732632423543772;

// Constants are loaded, not splatted: a load folds into the instruction that uses it.
// @ts-ignore: decorator
@lazy const table = memory.data<f32>([
  1, 1, 1, 1, // 0
  0.6931471880262288, 0.6931471880262288, 0.6931471880262288, 0.6931471880262288, // 16
  0.24022650760568126, 0.24022650760568126, 0.24022650760568126, 0.24022650760568126, // 32
  0.05550357114219078, 0.05550357114219078, 0.05550357114219078, 0.05550357114219078, // 48
  0.009618082557277852, 0.009618082557277852, 0.009618082557277852, 0.009618082557277852, // 64
  0.0013390863364671234, 0.0013390863364671234, 0.0013390863364671234, 0.0013390863364671234, // 80
  0.0001545316294512069, 0.0001545316294512069, 0.0001545316294512069, 0.0001545316294512069, // 96
  12582912, 12582912, 12582912, 12582912, // 112: adding 1.5·2^23 rounds to an integer
  -1.4426950408889634, -1.4426950408889634, -1.4426950408889634, -1.4426950408889634, // 128
  2.8853900817779268, 2.8853900817779268, 2.8853900817779268, 2.8853900817779268, // 144
  128, 128, 128, 128, // 160
  -127, -127, -127, -127, // 176
  126, 126, 126, 126, // 192
  2, 2, 2, 2, // 208
  1.4426950408889634, 1.4426950408889634, 1.4426950408889634, 1.4426950408889634, // 224
], 16);
// @ts-ignore
@inline function one(): v128 { return v128.load(table); }
// @ts-ignore
@inline function two(): v128 { return v128.load(table, 208); }

// @ts-ignore
@inline export function mad(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, c);
  return f32x4.add(f32x4.mul(a, b), c);
}

/** p = 2^f - 1 for |f| <= 1/2, relatively accurate at 0. */
// @ts-ignore
@inline function exp2m1(f: v128): v128 {
  const f2 = f32x4.mul(f, f);
  const a = mad(v128.load(table, 32), f, v128.load(table, 16));
  const b = mad(v128.load(table, 64), f, v128.load(table, 48));
  const c = mad(v128.load(table, 96), f, v128.load(table, 80));
  return f32x4.mul(f, mad(mad(c, f2, b), f2, a));
}

/** 2^n from the sum n + 1.5·2^23, whose low bits hold n. */
// @ts-ignore
@inline function power(shifted: v128): v128 {
  return i32x4.add(i32x4.shl(shifted, 23), v128.load(table));
}

/** 1 / (1 + 2^u), u = -x·log₂e clamped to [-127, 128], where 2^u is 0 and Infinity. */
// @ts-ignore
@inline export function sigmoid(x: v128): v128 {
  let u = f32x4.mul(x, v128.load(table, 128));
  u = f32x4.pmax(f32x4.pmin(u, v128.load(table, 160)), v128.load(table, 176));
  const shifted = f32x4.add(u, v128.load(table, 112));
  const f = f32x4.sub(u, f32x4.sub(shifted, v128.load(table, 112)));
  const s = power(shifted);
  const e = f32x4.mul(s, f32x4.add(exp2m1(f), one()));
  return f32x4.div(one(), f32x4.add(e, one()));
}

/** m / (m + 2), m = 2^u - 1, u = 2x·log₂e. */
// @ts-ignore
@inline export function tanh(x: v128): v128 {
  let u = f32x4.mul(x, v128.load(table, 144));
  u = f32x4.pmax(f32x4.pmin(u, v128.load(table, 192)), v128.load(table, 176));
  const shifted = f32x4.add(u, v128.load(table, 112));
  const f = f32x4.sub(u, f32x4.sub(shifted, v128.load(table, 112)));
  const s = power(shifted);
  const m = mad(s, exp2m1(f), f32x4.sub(s, one()));
  return f32x4.div(m, f32x4.add(m, two()));
}

/** n of e^x = 2^n·2^f as a shifted sum; f from x itself, n·ln2 taken off in two parts. */
// @ts-ignore
@inline function shiftedOf(x: v128): v128 {
  let u = f32x4.mul(x, v128.load(table, 224));
  u = f32x4.pmax(f32x4.pmin(u, v128.load(table, 160)), v128.load(table, 176));
  return f32x4.add(u, v128.load(table, 112));
}

// @ts-ignore
@inline function fractionOf(x: v128, shifted: v128): v128 {
  const n = f32x4.sub(shifted, v128.load(table, 112));
  const r = f32x4.sub(
    f32x4.sub(x, f32x4.mul(n, f32x4.splat(0.693359375))),
    f32x4.mul(n, f32x4.splat(-2.12194440e-4)),
  );
  const f = f32x4.mul(r, v128.load(table, 224));
  // Beyond ±1 only where n was clamped; there 2^n alone is the answer.
  return v128.andnot(f, f32x4.gt(f32x4.abs(f), one()));
}

function exp(x: v128): v128 {
  const shifted = shiftedOf(x);
  return f32x4.mul(power(shifted), f32x4.add(exp2m1(fractionOf(x, shifted)), one()));
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

/** Applies one activation to n floats (a multiple of 4) in place: what the accuracy tests call. */
export function activateBuffer(kind: i32, p: usize, n: i32): void {
  for (const end = p + (n << 2); p < end; p += 16) v128.store(p, activate(kind, v128.load(p)));
}
