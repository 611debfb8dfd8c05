// How the cells lie in the engine's memory: what their classes in assembly/ say of themselves, beside core-rnn's table.

import { type CellKind, cellTable } from "@rnnkit/core-rnn";
import { cellFacts, resetModes } from "../generated/descriptor.ts";

/** A row of `cellLayouts`; assembly/cells.ts says what the facts are. */
interface CellLayout {
  panelUnits: number;
  jointGates: number;
  gateVectors: number;
  resetMode: number;
  carriesCell: boolean;
}

/** Facts of each cell. */
export const cellLayouts: Readonly<Record<CellKind, Readonly<CellLayout>>> = cellFacts;

/** Gradient columns of a row of `Hp` padded units: reset after, each half of the candidate has some. */
export function gradientColumns(cell: CellKind, Hp: number): number {
  const halves = cellLayouts[cell].resetMode === resetModes.after ? 1 : 0;
  return (cellTable[cell].gates.length + halves) * Hp;
}
