import { type Cell, checkCellOptions, type GatedCellOptions } from "./cell.ts";
import { type CellKind, type CellName, cellKinds, cellTable } from "./cell-table.ts";
import { checkWord } from "./check.ts";
import { type GruCellOptions, gruCell } from "./gru-cell.ts";
import { lstmCell } from "./lstm-cell.ts";
import { simpleRnnCell } from "./simple-rnn-cell.ts";

const factories: Readonly<Record<CellName, (options: GruCellOptions) => Cell>> = {
  simpleRnn: simpleRnnCell,
  lstm: lstmCell,
  gru: gruCell,
};

/**
 * The cell of a kind, for what goes over all of them: `simpleRnnCell`, `lstmCell`, or `gruCell` in one of its
 * two forms.
 *
 * @throws RangeError for an unknown kind, and what that cell's own function throws: a simpleRnn has no
 * **recurrentActivation**.
 * @example
 * cellOf("gruBefore", { inputSize: 3, units: 4 }).biasShape; // => [12]
 */
export function cellOf(kind: CellKind, options: GatedCellOptions): Cell {
  checkWord("cellOf", "kind", kind, cellKinds);
  checkCellOptions("cellOf", options, ["recurrentActivation"]);
  const { name, options: ofKind } = cellTable[kind];
  return factories[name]({ ...options, ...ofKind });
}
