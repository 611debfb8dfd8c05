// The equations of the cells in WGSL, forward beside backward, and how their numbers are laid out.
//
// A step of a row keeps planes of H numbers: the gates' values, and of a GRU that resets after the product the
// state's share of its candidate. Its gradients have the same planes.

import { type CellKind, cellTable } from "@rnnkit/core-rnn";

/** What a cell is to the kernels. */
export interface CellText {
  /** Planes of a step that is kept for the backward pass, and of its gradients. */
  readonly planes: number;
  /** For each gate, the plane whose gradient is that of the gate's sum over x, and of that over h. */
  readonly xPlanes: readonly number[];
  readonly hPlanes: readonly number[];
  /**
   * Gates whose sums over h come first; those of **second** go over r·h, once all rows have their r. In the text of
   * **forward** a gate's sum over x is `x0` and so on, over h `h0`; it sets `state` (a GRU's first part: nothing)
   * from `before` (h) and `memory` (c).
   */
  readonly first: readonly number[];
  readonly second: readonly number[];
  readonly forward: string;
  /** What follows the sums of **second**, where there are any. */
  readonly forwardSecond?: string;
  /**
   * From `dh` and, of an LSTM, `dc` (what comes back to the states after the step): the planes' gradients `d0` …,
   * `bypass` (what goes to h before past the products) and the new `dc`. Gate values are `y0` …
   */
  readonly backward: string;
  /** From `dq`, the gradient of r·h, where there is a second sum: sets `d1`, adds to `bypass`; `factor` is h's dropout. */
  readonly backwardSecond?: string;
}

const lstm: CellText = {
  ...{ planes: 4, xPlanes: [0, 1, 2, 3], hPlanes: [0, 1, 2, 3], first: [0, 1, 2, 3], second: [] },
  forward: `
let y0 = gate(x0 + h0); let y1 = gate(x1 + h1); let y2 = activate(x2 + h2); let y3 = gate(x3 + h3);
memory = y1 * memory + y0 * y2;
state = y3 * activate(memory);`,
  backward: `
let y = activate(after);
d3 = dh * y * gateSlope(y3);
let dm = dc + dh * y3 * slope(y);
d0 = dm * y2 * gateSlope(y0);
d1 = dm * memory * gateSlope(y1);
d2 = dm * y0 * slope(y2);
dc = dm * y1;`,
};

const simpleRnn: CellText = {
  ...{ planes: 1, xPlanes: [0], hPlanes: [0], first: [0], second: [] },
  forward: "let y0 = activate(x0 + h0); state = y0;",
  backward: "d0 = dh * slope(y0);",
};

const gruAfter: CellText = {
  ...{ planes: 4, xPlanes: [0, 1, 2], hPlanes: [0, 1, 3], first: [0, 1, 2], second: [] },
  forward: `
let y0 = gate(x0 + h0); let y1 = gate(x1 + h1); let y3 = h2; let y2 = activate(x2 + y1 * y3);
state = y0 * before + (1.0 - y0) * y2;`,
  backward: `
d2 = dh * (1.0 - y0) * slope(y2);
d0 = dh * (before - y2) * gateSlope(y0);
d1 = d2 * y3 * gateSlope(y1);
d3 = d2 * y1;
bypass = dh * y0;`,
};

const gruBefore: CellText = {
  ...{ planes: 3, xPlanes: [0, 1, 2], hPlanes: [0, 1, 2], first: [0, 1], second: [2] },
  forward: "let y0 = gate(x0 + h0); let y1 = gate(x1 + h1);",
  forwardSecond: `
let y2 = activate(x2 + h2);
state = y0 * before + (1.0 - y0) * y2;`,
  backward: `
d2 = dh * (1.0 - y0) * slope(y2);
d0 = dh * (before - y2) * gateSlope(y0);
bypass = dh * y0;`,
  backwardSecond: `
d1 = dq * before * factor * gateSlope(y1);
bypass += dq * y1 * factor;`,
};

/** Every cell's. */
export const cellTexts: Readonly<Record<CellKind, CellText>> = {
  ...{ lstm, simpleRnn, gruAfter, gruBefore },
};

/** Gates of a cell, and states. */
export function countsOf(cell: CellKind): { G: number; S: number } {
  return { G: cellTable[cell].gates.length, S: cellTable[cell].states.length };
}

/** Rows of the sum over h in the weights' gradients: a second row of biases has a row of its own. */
export const recurrentRows = (cell: CellKind, H: number): number =>
  H + (cell === "gruAfter" ? 1 : 0);
