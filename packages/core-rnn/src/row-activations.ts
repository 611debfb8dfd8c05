// Activations over the units of one row, as a cell applies them to each of its gates: those of
// activations.ts unit by unit, and those in which every unit has its say.

import { type ActivationName, activationNames, activations } from "./activations.ts";

/** A function of a row of units and its backward pass. */
export interface RowActivation {
  /** y = f(x). */
  apply(x: Float64Array): Float64Array;
  /** dx = dy·∂y/∂x, where `y` is f(x), already known. */
  backward(dy: Float64Array, x: Float64Array, y: Float64Array): Float64Array;
}

/** The name of an activation of a cell, spelled as in Keras 3. */
export type RowActivationName = ActivationName | "softmax" | "log_softmax";

function unitByUnit(name: ActivationName): RowActivation {
  const { apply, derivative } = activations[name];
  return {
    apply: (x) => x.map((value) => apply(value)),
    backward: (dy, x, y) => dy.map((value, j) => value * derivative(x[j], y[j])),
  };
}

const sum = (x: Float64Array): number => x.reduce((total, value) => total + value, 0);

/** x − max x, so that no exponential overflows. */
function shifted(x: Float64Array): Float64Array {
  const largest = x.reduce((a, b) => Math.max(a, b), -Infinity);
  return x.map((value) => value - largest);
}

/**
 * Every activation of a cell by its Keras 3 name: `activations`, unit by unit, and
 *
 *     softmax      y = eˣ/Σeˣ         dx = y ⊙ (dy − Σ dy ⊙ y)
 *     log_softmax  y = x − ln Σeˣ     dx = dy − eʸ·Σ dy
 *
 * with sums over the units of a row; of a cell with gates, over those of one gate.
 *
 * Reference: https://keras.io/api/layers/activations/
 *
 * @example
 * rowActivations.softmax.apply(Float64Array.of(0, Math.log(3))); // => [0.25, 0.75]
 */
export const rowActivations: Readonly<Record<RowActivationName, RowActivation>> = {
  ...(Object.fromEntries(activationNames.map((name) => [name, unitByUnit(name)])) as Record<
    ActivationName,
    RowActivation
  >),
  softmax: {
    apply(x) {
      const powers = shifted(x).map(Math.exp);
      const total = sum(powers);
      return powers.map((value) => value / total);
    },
    backward(dy, _x, y) {
      const mean = sum(dy.map((value, j) => value * y[j]));
      return dy.map((value, j) => y[j] * (value - mean));
    },
  },
  log_softmax: {
    apply(x) {
      const below = shifted(x);
      const total = Math.log(sum(below.map(Math.exp)));
      return below.map((value) => value - total);
    },
    backward(dy, _x, y) {
      const total = sum(dy);
      return dy.map((value, j) => value - Math.exp(y[j]) * total);
    },
  },
};

/** Every name in `rowActivations`. */
export const rowActivationNames: readonly RowActivationName[] = Object.keys(
  rowActivations,
) as RowActivationName[];
