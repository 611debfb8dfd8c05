// Activations on four floats, of many of them in place, and their slopes in terms of what they gave.
//
// tanh and σ, Keras's defaults, are inlined wherever an activation is; the others are behind one call, for they are
// rare, and their code would be in every loop.
import { one } from "./constants";
import { Activation } from "./descriptor";
import { exp, expm1, four, sigmoid, tanh } from "./exponential";

const SELU_SCALE: f32 = 1.0507009873554805;
const SELU_ALPHA: f32 = 1.6732632423543772;

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
// @ts-ignore: decorator
@inline
export function activate(kind: i32, x: v128): v128 {
  if (kind == Activation.TANH) return tanh(x);
  if (kind == Activation.SIGMOID) return sigmoid(x);
  return activateOther(kind, x);
}

function activateOther(kind: i32, x: v128): v128 {
  const zero = f32x4.splat(0);
  switch (kind) {
    case Activation.RELU:
      return f32x4.max(x, zero);
    case Activation.HARD_SIGMOID:
      return f32x4.max(zero, f32x4.min(one(), f32x4.mul(f32x4.add(x, f32x4.splat(3)), f32x4.splat(1.0 / 6.0))));
    case Activation.HARD_SIGMOID_KERAS2:
      return f32x4.max(zero, f32x4.min(one(), f32x4.add(f32x4.mul(x, f32x4.splat(0.2)), f32x4.splat(0.5))));
    // x beyond 0, else e^x - 1: both sides are worked out, and the mask takes one, lane by lane.
    // Clamping keeps the side that is not taken from overflowing.
    case Activation.ELU:
      return v128.bitselect(x, expm1(f32x4.pmin(x, zero)), f32x4.gt(x, zero));
    case Activation.SELU:
      return f32x4.mul(
        f32x4.splat(SELU_SCALE),
        v128.bitselect(x, f32x4.mul(f32x4.splat(SELU_ALPHA), expm1(f32x4.pmin(x, zero))), f32x4.gt(x, zero)),
      );
    case Activation.SOFTSIGN:
      return softsign(x);
    case Activation.SOFTPLUS:
      return softplus(x);
    case Activation.EXPONENTIAL:
      return exp(x);
    default:
      return x;
  }
}

/** x / (1 + |x|), ±1 at ±Infinity. */
// @ts-ignore: decorator
@inline
function softsign(x: v128): v128 {
  const y = f32x4.div(x, f32x4.add(one(), f32x4.abs(x)));
  const infinite = f32x4.eq(f32x4.abs(x), f32x4.splat(Infinity));
  const sign = v128.or(v128.and(x, i32x4.splat(0x80000000)), one());
  return v128.bitselect(sign, y, infinite);
}

/** dy/dx, written in terms of the output y. */
// @ts-ignore: decorator
@inline
export function derivative(kind: i32, y: v128): v128 {
  // Slopes in terms of y: the sums that y was made of need not be kept, one number a gate is enough.
  if (kind == Activation.TANH) return f32x4.sub(one(), f32x4.mul(y, y));
  if (kind == Activation.SIGMOID) return f32x4.sub(y, f32x4.mul(y, y));
  return derivativeOther(kind, y);
}

function derivativeOther(kind: i32, y: v128): v128 {
  const zero = f32x4.splat(0);
  switch (kind) {
    case Activation.RELU:
      return v128.and(f32x4.gt(y, zero), one());
    case Activation.HARD_SIGMOID:
      return v128.and(v128.and(f32x4.gt(y, zero), f32x4.lt(y, one())), f32x4.splat(1.0 / 6.0));
    case Activation.HARD_SIGMOID_KERAS2:
      return v128.and(v128.and(f32x4.gt(y, zero), f32x4.lt(y, one())), f32x4.splat(0.2));
    case Activation.ELU:
      return f32x4.add(one(), f32x4.pmin(y, zero));
    // With y = s·x from 0 on and y = s·α·(e^x - 1) below: the slope below is s·α·e^x = y + s·α.
    case Activation.SELU:
      return v128.bitselect(
        f32x4.splat(SELU_SCALE),
        f32x4.add(y, f32x4.splat(SELU_SCALE * SELU_ALPHA)),
        f32x4.ge(y, zero),
      );
    // y = log(1 + e^x), slope σ(x) = 1 - e^-y: of y alone, and exact where y is small.
    case Activation.SOFTPLUS:
      return f32x4.neg(expm1(f32x4.neg(y)));
    // y = x / (1 + |x|): 1 / (1 + |x|) is 1 - |y|, and the slope its square.
    case Activation.SOFTSIGN: {
      const d = f32x4.sub(one(), f32x4.abs(y));
      return f32x4.mul(d, d);
    }
    case Activation.EXPONENTIAL:
      return y;
    default:
      return one();
  }
}

/** Activates n vectors in place, `step` bytes from one to the next. */
export function activateAll(kind: i32, n: i32, p: usize, step: i32): void {
  // The kind is asked for once a call, not once a vector.
  if (kind == Activation.LINEAR) return;
  if (kind == Activation.TANH) {
    for (; n >= 4; n -= 4) {
      four(true, p, p + step, p + 2 * step, p + 3 * step);
      p += 4 * step;
    }
  } else if (kind == Activation.SIGMOID) {
    for (; n >= 4; n -= 4) {
      four(false, p, p + step, p + 2 * step, p + 3 * step);
      p += 4 * step;
    }
  }
  for (; n > 0; n--) {
    v128.store(p, activate(kind, v128.load(p)));
    p += step;
  }
}

/** Applies one activation to n floats (a multiple of 4) in place: what the accuracy tests call. */
export function activateBuffer(kind: i32, p: usize, n: i32): void {
  activateAll(kind, n >> 2, p, 16);
}
