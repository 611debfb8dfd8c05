// What tells one recurrence from another, once for everything that reads it: sizes of weights, gates and states by
// name. The words are those of cell.ts.

/** A recurrence by name; a GRU is two: its reset gate works after the product with the state, or before it. */
export type CellKind = "simpleRnn" | "lstm" | "gruAfter" | "gruBefore";

/** What a recurrence is called where **options** say which of its kinds is meant. */
export type CellName = "simpleRnn" | "lstm" | "gru";

/** A row of `cellTable`. */
export interface CellFacts {
  /** Of the cell in errors, of the operation, of the layer; both kinds of GRU have one. */
  readonly name: CellName;
  /** Keras's name of its layer. */
  readonly className: string;
  /** What a cell, an operation or a layer of this name is given to be of this kind. */
  readonly options: { readonly resetAfter?: boolean };
  /** Names of the gates in the order of the weights' columns; there are G of them. */
  readonly gates: readonly string[];
  /** Names of the states; the first is the output. */
  readonly states: readonly string[];
  /** 1: the bias is [G·H]; 2: [2, G·H], row 0 of the input, row 1 recurrent. */
  readonly biasRows: 1 | 2;
}

const gru = { name: "gru", className: "GRU", gates: ["z", "r", "h"], states: ["h"] } as const;

/**
 * Gates, states and biases of the recurrences, as Keras has them.
 *
 * Reference: https://keras.io/api/layers/recurrent_layers/
 *
 * @example
 * cellTable.lstm.gates; // => ["i", "f", "c", "o"]
 */
export const cellTable: Readonly<Record<CellKind, CellFacts>> = {
  simpleRnn: {
    ...{ name: "simpleRnn", className: "SimpleRNN", options: {} },
    ...{ gates: ["h"], states: ["h"], biasRows: 1 },
  },
  lstm: {
    ...{ name: "lstm", className: "LSTM", options: {} },
    ...{ gates: ["i", "f", "c", "o"], states: ["h", "c"], biasRows: 1 },
  },
  gruAfter: { ...gru, options: { resetAfter: true }, biasRows: 2 },
  gruBefore: { ...gru, options: { resetAfter: false }, biasRows: 1 },
};

/** Every `CellKind`. */
export const cellKinds = Object.keys(cellTable) as readonly CellKind[];

/** Every `CellName`. */
export const cellNames: readonly CellName[] = [
  ...new Set(cellKinds.map((kind) => cellTable[kind].name)),
];

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
