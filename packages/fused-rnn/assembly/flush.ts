// Numbers too small to matter become 0. WebAssembly has no flush-to-zero, and on many processors
// arithmetic with denormal numbers takes thirty times as long: gradients that fade over a long
// sequence, and means of squares that decay, would otherwise end there and stay.
//
// A lane that is below the least is masked to 0, whichever its sign: a comparison and an and-not, no branch.

/**
 * 2^-80. Products of a gradient with a gate's slope and with a weight stay normal numbers as long as
 * these two are above 2^-46 together.
 */
export const LEAST_GRADIENT: f32 = 8.271806125530277e-25;

/** 2^-115: a thousandth of it, which Adam takes of a mean of squares, is a normal number still. */
export const LEAST_MEAN: f32 = 2.407412430484045e-35;

/** The gradient whose share of a mean of squares is LEAST_MEAN: a smaller one would not add up. */
// @ts-ignore: decorator
@inline
export function leastSquared(share: f32): f32 {
  return share > 0 ? sqrt<f32>(LEAST_MEAN / share) : 0;
}

/** x, or 0 where |x| < least. */
// @ts-ignore: decorator
@inline
export function flushed(x: v128, least: v128): v128 {
  return v128.andnot(x, f32x4.lt(f32x4.abs(x), least));
}
