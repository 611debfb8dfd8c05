// Activations and their slopes in terms of what they gave, in WGSL.
//
// WGSL's own tanh is NaN for large arguments on several drivers, and inexact for small ones. Of NaN and infinity
// nothing is promised, so that no text here makes one on the way to a number; and what comes in as NaN, which a
// minimum or a clamp may make a number of, goes out so by its bits.

import type { FusedActivation } from "../activation-names.ts";
import { isNanText } from "./wgsl.ts";

interface ActivationText {
  /** y of x. */
  readonly apply: string;
  /** dy/dx of y. */
  readonly slope: string;
}

const texts: Readonly<Record<FusedActivation, ActivationText>> = {
  linear: { apply: "x", slope: "1.0" },
  tanh: { apply: "tanhOf(x)", slope: "1.0 - y * y" },
  sigmoid: { apply: "sigmoidOf(x)", slope: "y - y * y" },
  relu: { apply: "max(x, 0.0)", slope: "select(0.0, 1.0, y > 0.0)" },
  hard_sigmoid: {
    apply: "clamp((x + 3.0) * (1.0 / 6.0), 0.0, 1.0)",
    slope: "select(0.0, 1.0 / 6.0, y > 0.0 && y < 1.0)",
  },
  hard_sigmoid_keras2: {
    apply: "clamp(0.2 * x + 0.5, 0.0, 1.0)",
    slope: "select(0.0, 0.2, y > 0.0 && y < 1.0)",
  },
  elu: { apply: "select(expm1Of(min(x, 0.0)), x, x > 0.0)", slope: "1.0 + min(y, 0.0)" },
  selu: {
    apply: "1.05070098 * select(1.67326324 * expm1Of(min(x, 0.0)), x, x > 0.0)",
    slope: "select(y + 1.05070098 * 1.67326324, 1.05070098, y >= 0.0)",
  },
  softplus: { apply: "max(x, 0.0) + log1pOf(exp(-abs(x)))", slope: "-expm1Of(-y)" },
  softsign: { apply: "x / (1.0 + abs(x))", slope: "(1.0 - abs(y)) * (1.0 - abs(y))" },
  exponential: { apply: "exp(x)", slope: "y" },
};

/** `tanhOf` and the other functions that the activations are made of. */
const functions = `
fn tanhOf(x: f32) -> f32 {
  let size = abs(x);
  if (size < 0.25) {
    let s = x * x;
    // The odd polynomial of degree 9.
    return x * fma(s, fma(s, fma(s, fma(s, 0.021869488, -0.053968254), 0.13333334), -0.33333334), 1.0);
  }
  return sign(x) * (1.0 - 2.0 / (exp(2.0 * min(size, 15.0)) + 1.0));
}
fn sigmoidOf(x: f32) -> f32 { return 1.0 / (1.0 + exp(-clamp(x, -80.0, 80.0))); }
fn expm1Of(x: f32) -> f32 {
  if (abs(x) > 0.25) { return exp(x) - 1.0; }
  let terms = fma(x, fma(x, fma(x, 0.0013888889, 0.008333334), 0.041666668), 0.16666667);
  return x * fma(x, fma(x, terms, 0.5), 1.0);
}
fn log1pOf(x: f32) -> f32 {
  if (x > 0.0625) { return log(1.0 + x); }
  return x * fma(x, fma(x, fma(x, fma(x, 0.2, -0.25), 0.33333334), -0.5), 1.0);
}`;

const nanText = `
${isNanText}
fn orNan(x: f32, y: f32) -> f32 { return select(y, x, isNan(x)); }`;

/** Functions *activate* and *slope*, and *gate* and *gateSlope* of the gates' activation. */
export function activationText(activation: FusedActivation, recurrent: FusedActivation): string {
  const [own, gate] = [texts[activation], texts[recurrent]];
  return `${functions}${nanText}
fn activate(x: f32) -> f32 { return orNan(x, ${own.apply}); }
fn slope(y: f32) -> f32 { return ${own.slope}; }
fn gate(x: f32) -> f32 { return orNan(x, ${gate.apply}); }
fn gateSlope(y: f32) -> f32 { return ${gate.slope}; }`;
}
