// The numbers that activations are made of, four times each.

const ONE: f32 = 1;
// q's coefficients: (2^f - 1)/f = C0 + C1·f + … + C5·f⁵; C0 is near ln2, the slope of 2^f at 0.
const C0: f32 = 0.6931471880262288;
const C1: f32 = 0.24022650760568126;
const C2: f32 = 0.05550357114219078;
const C3: f32 = 0.009618082557277852;
const C4: f32 = 0.0013390863364671234;
const C5: f32 = 0.0001545316294512069;
/** 1.5·2^23: adding it rounds to an integer. */
const ROUNDING_TERM: f32 = 12582912;
const MINUS_LOG2E: f32 = -1.4426950408889634;
// σ needs 2^u = e^-x, tanh 2^u = e^2x.
const TWO_LOG2E: f32 = 2.8853900817779268;
// 2^128 is Infinity and 2^-127 is 0 as powers are put together here: σ's limits come out exact.
const MOST: f32 = 128;
const LEAST: f32 = -127;
// tanh's m / (m + 2) must stay finite: at 2^126 it is 1 already.
const MOST_OF_TANH: f32 = 126;
const TWO: f32 = 2;
const LOG2E: f32 = 1.4426950408889634;

// biome-ignore format: a line for each
// @ts-ignore: decorator
@lazy
const table = memory.data<f32>([
  ONE, ONE, ONE, ONE,
  C0, C0, C0, C0,
  C1, C1, C1, C1,
  C2, C2, C2, C2,
  C3, C3, C3, C3,
  C4, C4, C4, C4,
  C5, C5, C5, C5,
  ROUNDING_TERM, ROUNDING_TERM, ROUNDING_TERM, ROUNDING_TERM,
  MINUS_LOG2E, MINUS_LOG2E, MINUS_LOG2E, MINUS_LOG2E,
  TWO_LOG2E, TWO_LOG2E, TWO_LOG2E, TWO_LOG2E,
  MOST, MOST, MOST, MOST,
  LEAST, LEAST, LEAST, LEAST,
  MOST_OF_TANH, MOST_OF_TANH, MOST_OF_TANH, MOST_OF_TANH,
  TWO, TWO, TWO, TWO,
  LOG2E, LOG2E, LOG2E, LOG2E,
], 16);

/**
 * A constant of the table: loaded, not splatted, for a load folds into the instruction that uses it. The
 * module that runs in tfjs's memory can hold no table there (`--use NO_DATA=1`): it splats.
 */
// @ts-ignore: decorator
@inline
function constant(i: usize, value: f32): v128 {
  return isDefined(NO_DATA) ? f32x4.splat(value) : v128.load(table + (i << 4));
}
// @ts-ignore: decorator
@inline
export function one(): v128 {
  return constant(0, ONE);
}
// @ts-ignore: decorator
@inline
export function c0(): v128 {
  return constant(1, C0);
}
// @ts-ignore: decorator
@inline
export function c1(): v128 {
  return constant(2, C1);
}
// @ts-ignore: decorator
@inline
export function c2(): v128 {
  return constant(3, C2);
}
// @ts-ignore: decorator
@inline
export function c3(): v128 {
  return constant(4, C3);
}
// @ts-ignore: decorator
@inline
export function c4(): v128 {
  return constant(5, C4);
}
// @ts-ignore: decorator
@inline
export function c5(): v128 {
  return constant(6, C5);
}
// @ts-ignore: decorator
@inline
export function roundingTerm(): v128 {
  return constant(7, ROUNDING_TERM);
}
// @ts-ignore: decorator
@inline
export function minusLog2e(): v128 {
  return constant(8, MINUS_LOG2E);
}
// @ts-ignore: decorator
@inline
export function twoLog2e(): v128 {
  return constant(9, TWO_LOG2E);
}
// @ts-ignore: decorator
@inline
export function most(): v128 {
  return constant(10, MOST);
}
// @ts-ignore: decorator
@inline
export function least(): v128 {
  return constant(11, LEAST);
}
// @ts-ignore: decorator
@inline
export function mostOfTanh(): v128 {
  return constant(12, MOST_OF_TANH);
}
// @ts-ignore: decorator
@inline
export function two(): v128 {
  return constant(13, TWO);
}
// @ts-ignore: decorator
@inline
export function log2e(): v128 {
  return constant(14, LOG2E);
}
