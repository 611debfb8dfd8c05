// What the engine's layouts need to know of a cell beside core-rnn's table: assembly/columns.ts draws them.

import { type CellKind, cellTable } from "@rnnkit/core-rnn";
import type { resetModes } from "../generated/descriptor.ts";

/** A row of `cellLayouts`. */
interface CellLayout {
  /** Gates whose sums run over [x | h]; a cell that has one more keeps the halves of that, its candidate's, apart. */
  jointGates: number;
  /** What its reset gate works on. */
  reset: keyof typeof resetModes;
  /** Floats that a unit has in a row of gates. */
  gateVectors: number;
}

/** How each cell lies in the engine's memory. */
export const cellLayouts: Readonly<Record<CellKind, CellLayout>> = {
  simpleRnn: { jointGates: 1, reset: "none", gateVectors: 1 },
  lstm: { jointGates: 4, reset: "none", gateVectors: 4 },
  gruAfter: { jointGates: 2, reset: "after", gateVectors: 4 },
  gruBefore: { jointGates: 2, reset: "before", gateVectors: 4 },
};

/** Gradient columns of a row of `Hp` padded units: reset after, both halves of the candidate have some. */
export function gradientColumns(cell: CellKind, Hp: number): number {
  const { reset } = cellLayouts[cell];
  return (cellTable[cell].gates.length + (reset === "after" ? 1 : 0)) * Hp;
}
