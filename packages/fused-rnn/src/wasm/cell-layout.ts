// How the kernels lay out each cell; sizes of weights and states are in core-rnn's cell table.

import type { CellKind } from "@rnnkit/core-rnn";

/** A row of `cellLayouts`. */
export interface CellLayout {
  /** Floats of a unit in a row of gate values, and in a token's sums. */
  gateFloats: 1 | 4;
  /** Whether training keeps gate values; else the states are all that the backward pass needs. */
  keepsGates: boolean;
  /** Whether rows [x | h] go on with the reset state r·h. */
  holdsReset: boolean;
  /** Gradient columns of a unit, in a row of dz. */
  gradientColumns: 1 | 3 | 4;
}

/** How the kernels lay out each cell. */
export const cellLayouts: Readonly<Record<CellKind, CellLayout>> = {
  simpleRnn: { gateFloats: 1, keepsGates: false, holdsReset: false, gradientColumns: 1 },
  lstm: { gateFloats: 4, keepsGates: true, holdsReset: false, gradientColumns: 4 },
  // Gate values and gradients of z, r, the candidate's share of x, and its share of h.
  gruAfter: { gateFloats: 4, keepsGates: true, holdsReset: false, gradientColumns: 4 },
  gruBefore: { gateFloats: 4, keepsGates: true, holdsReset: true, gradientColumns: 3 },
};
