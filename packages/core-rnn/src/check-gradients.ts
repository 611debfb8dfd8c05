import { checkArray } from "./check.ts";
import { checkKinds, optionKinds } from "./option-kinds.ts";
import { checkOptions } from "./options.ts";

/** Options of `checkGradients`. */
export interface CheckGradientsOptions {
  /** Allowed relative error. Default *1e-7*. */
  tolerance?: number;
  /**
   * How far a value x is moved, times max(1, |x|). Default *1e-3*: with the extrapolation below,
   * truncation (step⁴) and rounding (10⁻¹⁶/step) are then both near 10⁻¹².
   */
  step?: number;
}

/** Where a hand-written gradient and the central difference differ most. */
export interface GradientReport {
  /** The relative error there; 0 where there was nothing to compare. */
  worstError: number;
  /** Its place, as in *kernel[3]*. */
  worst: string;
}

/**
 * Proves a hand-written gradient against central differences of the loss.
 *
 *     D(s) = (loss(x + s) − loss(x − s))/2s
 *     dx   ≈ (4·D(s/2) − D(s))/3           Richardson: the error is of order s⁴
 *
 * **loss** is called with one number of **values** moved at a time, in place, and put back. An error
 * is relative to the larger of the two derivatives, or to a thousandth of the array's largest where
 * both are smaller than that; what the rounding of the loss itself can make of D (32·ε·|loss|/step)
 * is no error. Where the loss has a kink within a step (relu at 0), differences cannot tell.
 *
 * @returns the worst place.
 * @throws Error where the worst error is above **tolerance** or not a number; RangeError for
 * gradients that do not fit the values.
 * @example
 * const x = Float64Array.of(3);
 * checkGradients(() => x[0] ** 2, { x }, { x: Float64Array.of(6) }).worst; // => "x[0]"
 * checkGradients(() => x[0] ** 2, { x }, { x: Float64Array.of(5) }); // throws
 */
export function checkGradients(
  loss: () => number,
  values: Readonly<Record<string, Float64Array | undefined>>,
  gradients: Readonly<Record<string, Float64Array | undefined>>,
  options: CheckGradientsOptions = {},
): GradientReport {
  checkOptions("checkGradients", options, ["tolerance", "step"]);
  checkKinds("checkGradients", options, {
    tolerance: optionKinds.positive,
    step: optionKinds.positive,
  });
  const { tolerance = 1e-7, step = 1e-3 } = options;
  const names = Object.keys({ ...values, ...gradients }).filter(
    (name) => values[name] ?? gradients[name],
  );
  const pairs = names.map((name): [string, Float64Array, Float64Array] => {
    const [value, gradient] = [values[name], gradients[name]];
    if (!value || !gradient) {
      const missing = value ? "gradient" : "value";
      throw new RangeError(`checkGradients: expected a ${missing} for ${name}, got none`);
    }
    checkArray("checkGradients", name, value, [value.length]);
    checkArray("checkGradients", `the gradient of ${name}`, gradient, [value.length]);
    return [name, value, gradient];
  });

  const rounding = (32 * Number.EPSILON * Math.abs(loss())) / step;
  let worst = "";
  let worstError = 0;
  let words = "";
  for (const [name, value, gradient] of pairs) {
    const numeric = value.map((_, i) => derivative(loss, value, i, step));
    const largest = gradient.reduce((most, g) => Math.max(most, Math.abs(g)), 0);
    for (let i = 0; i < value.length; i++) {
      const scale = Math.max(Math.abs(gradient[i]), Math.abs(numeric[i]), 1e-3 * largest);
      const excess = Math.max(0, Math.abs(gradient[i] - numeric[i]) - rounding);
      const error = excess === 0 ? 0 : excess / scale;
      // Not `>`: a NaN is the worst of all.
      if (error <= worstError && worst !== "") continue;
      worst = `${name}[${i}]`;
      worstError = error;
      words = `${worst} to be ${numeric[i]}, got ${gradient[i]}`;
      if (Number.isNaN(error)) break;
    }
    if (Number.isNaN(worstError)) break;
  }
  if (!(worstError <= tolerance)) {
    throw new Error(
      `checkGradients: expected the gradient of ${words} (relative error ${worstError})`,
    );
  }
  return { worstError, worst };
}

function derivative(loss: () => number, value: Float64Array, i: number, step: number): number {
  const s = step * Math.max(1, Math.abs(value[i]));
  return (4 * centralDifference(loss, value, i, s / 2) - centralDifference(loss, value, i, s)) / 3;
}

function centralDifference(
  loss: () => number,
  value: Float64Array,
  i: number,
  step: number,
): number {
  const x = value[i];
  try {
    value[i] = x + step;
    const [above, atAbove] = [value[i], loss()];
    value[i] = x - step;
    const [below, atBelow] = [value[i], loss()];
    return (atAbove - atBelow) / (above - below);
  } finally {
    value[i] = x;
  }
}
