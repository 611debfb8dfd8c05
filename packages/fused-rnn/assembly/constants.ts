// The numbers that activations are made of, four times each.

// @ts-ignore: decorator
@lazy const table = memory.data<f32>([
  1, 1, 1, 1,
  0.6931471880262288, 0.6931471880262288, 0.6931471880262288, 0.6931471880262288,
  0.24022650760568126, 0.24022650760568126, 0.24022650760568126, 0.24022650760568126,
  0.05550357114219078, 0.05550357114219078, 0.05550357114219078, 0.05550357114219078,
  0.009618082557277852, 0.009618082557277852, 0.009618082557277852, 0.009618082557277852,
  0.0013390863364671234, 0.0013390863364671234, 0.0013390863364671234, 0.0013390863364671234,
  0.0001545316294512069, 0.0001545316294512069, 0.0001545316294512069, 0.0001545316294512069,
  12582912, 12582912, 12582912, 12582912,
  -1.4426950408889634, -1.4426950408889634, -1.4426950408889634, -1.4426950408889634,
  2.8853900817779268, 2.8853900817779268, 2.8853900817779268, 2.8853900817779268,
  128, 128, 128, 128,
  -127, -127, -127, -127,
  126, 126, 126, 126,
  2, 2, 2, 2,
  1.4426950408889634, 1.4426950408889634, 1.4426950408889634, 1.4426950408889634,
], 16);

/**
 * A constant of the table: loaded, not splatted, for a load folds into the instruction that uses it. The
 * module that runs in tfjs's memory can hold no table there (`--use NO_DATA=1`): it splats.
 */
// @ts-ignore
@inline function constant(i: usize, value: f32): v128 {
  return isDefined(NO_DATA) ? f32x4.splat(value) : v128.load(table + (i << 4));
}
// @ts-ignore
@inline export function one(): v128 { return constant(0, 1); }
// @ts-ignore
@inline export function c0(): v128 { return constant(1, 0.6931471880262288); }
// @ts-ignore
@inline export function c1(): v128 { return constant(2, 0.24022650760568126); }
// @ts-ignore
@inline export function c2(): v128 { return constant(3, 0.05550357114219078); }
// @ts-ignore
@inline export function c3(): v128 { return constant(4, 0.009618082557277852); }
// @ts-ignore
@inline export function c4(): v128 { return constant(5, 0.0013390863364671234); }
// @ts-ignore
@inline export function c5(): v128 { return constant(6, 0.0001545316294512069); }
/** 1.5·2^23: adding it rounds to an integer. */
// @ts-ignore
@inline export function roundingTerm(): v128 { return constant(7, 12582912); }
// @ts-ignore
@inline export function minusLog2e(): v128 { return constant(8, -1.4426950408889634); }
// @ts-ignore
@inline export function twoLog2e(): v128 { return constant(9, 2.8853900817779268); }
// @ts-ignore
@inline export function most(): v128 { return constant(10, 128); }
// @ts-ignore
@inline export function least(): v128 { return constant(11, -127); }
// @ts-ignore
@inline export function mostOfTanh(): v128 { return constant(12, 126); }
// @ts-ignore
@inline export function two(): v128 { return constant(13, 2); }
// @ts-ignore
@inline export function log2e(): v128 { return constant(14, 1.4426950408889634); }
