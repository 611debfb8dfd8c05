// What tells one recurrence from another, once for everything that reads it: sizes of weights, gates and states by
// name. The words are those of cell.ts.

/** A recurrence by name; a GRU is two: its reset gate works after the product with the state, or before it. */
export type CellKind = "simpleRnn" | "lstm" | "gruAfter" | "gruBefore";

/** A row of `cellTable`. */
export interface CellFacts {
  /** Names of the gates in the order of the weights' columns; there are G of them. */
  readonly gates: readonly string[];
  /** Names of the states; the first is the output. */
  readonly states: readonly string[];
  /** 1: the bias is [G·H]; 2: [2, G·H], row 0 of the input, row 1 recurrent. */
  readonly biasRows: 1 | 2;
}

/**
 * Gates, states and biases of the recurrences, as Keras has them.
 *
 * Reference: https://keras.io/api/layers/recurrent_layers/
 *
 * @example
 * cellTable.lstm.gates; // => ["i", "f", "c", "o"]
 */
export const cellTable: Readonly<Record<CellKind, CellFacts>> = {
  simpleRnn: { gates: ["h"], states: ["h"], biasRows: 1 },
  lstm: { gates: ["i", "f", "c", "o"], states: ["h", "c"], biasRows: 1 },
  gruAfter: { gates: ["z", "r", "h"], states: ["h"], biasRows: 2 },
  gruBefore: { gates: ["z", "r", "h"], states: ["h"], biasRows: 1 },
};

/** Every `CellKind`. */
export const cellKinds = Object.keys(cellTable) as readonly CellKind[];

/** Shapes of a cell's weights. */
export interface WeightShapes {
  kernel: [I: number, columns: number];
  recurrentKernel: [H: number, columns: number];
  bias: number[];
}

/**
 * Shapes of the weights of a cell: **kernel** [I, G·H], **recurrentKernel** [H, G·H], **bias** [G·H] or [2, G·H].
 *
 * @example
 * weightShapes("gruAfter", 8, 32).bias; // => [2, 96]
 */
export function weightShapes(kind: CellKind, inputSize: number, units: number): WeightShapes {
  const { gates, biasRows } = cellTable[kind];
  const columns = gates.length * units;
  return {
    kernel: [inputSize, columns],
    recurrentKernel: [units, columns],
    bias: biasRows === 1 ? [columns] : [biasRows, columns],
  };
}
