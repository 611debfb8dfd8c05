// What a cell is. The words are Keras's and are fixed here once:
//
//   B batch   T time   I input features   H units   G gates (1 simple, 3 GRU, 4 LSTM)
//
//   kernel           [I, G·H]   input to gates
//   recurrentKernel  [H, G·H]   state to gates
//   bias             [G·H]; [2, 3·H] for a GRU with resetAfter: row 0 of the input, row 1 recurrent
//
// Matrices are flat and row-major, vectors are rows: z = x·kernel. Gate order is i f c o for LSTM
// and z r h for GRU; state order is h, c. A cell is pure: it holds sizes and functions, no weights.
// A gradient has the name and layout of what it belongs to; `stepBackward` adds to parameter
// gradients (every step shares the weights) and assigns those of input and state.

import { type CellKind, type CellName, cellTable, weightShapes } from "./cell-table.ts";
import { checkArray, checkCount, checkPositiveInteger, checkWord } from "./check.ts";
import { checkOptions } from "./options.ts";
import { type RowActivationName, rowActivationNames } from "./row-activations.ts";

/** The weights of one cell, or their gradients; without **bias** the bias is zero. */
export interface CellParams {
  /** [I, G·H]. */
  kernel: Float64Array;
  /** [H, G·H]. */
  recurrentKernel: Float64Array;
  /** [G·H], or [2, 3·H] for a GRU with resetAfter. */
  bias?: Float64Array | undefined;
}

/** Sizes that every cell is made with. */
export interface CellOptions {
  /** I, the number of features of one input. */
  inputSize: number;
  /** H, the width of the state and of the output. */
  units: number;
  /** Of the candidate or output. Default *tanh*. */
  activation?: RowActivationName;
}

/** `CellOptions` of the cells with gates. */
export interface GatedCellOptions extends CellOptions {
  /** Of the gates. Default *sigmoid*. */
  recurrentActivation?: RowActivationName;
}

/**
 * Dropout masks of one row, already scaled (0 or 1/(1−rate)). Each list holds one vector shared by
 * all gates, or one per gate in gate order.
 */
export interface StepDropout {
  /** Vectors [I] that multiply the input in front of the kernel. */
  input?: readonly Float64Array[] | undefined;
  /** Vectors [H] that multiply the state in front of the recurrent kernel, and only there. */
  recurrent?: readonly Float64Array[] | undefined;
  /** Of a stack of cells: the masks of each. */
  cells?: readonly (StepDropout | undefined)[] | undefined;
}

/** What `step` returns. */
export interface Step<Tape = unknown> {
  /** [H]. */
  output: Float64Array;
  /** The next state, one vector for each of `stateSizes`. */
  state: Float64Array[];
  /** What `stepBackward` needs to know about this step. */
  tape: Tape;
}

/** What `stepBackward` returns: gradients of the step's input and of the state before it. */
export interface StepGradients {
  /** [I]. */
  dx: Float64Array;
  /** One vector for each of `stateSizes`. */
  dState: Float64Array[];
}

/**
 * One time step of a recurrent network for one row, forward and backward. `P` is the shape of its
 * parameters, `Tape` what forward keeps for backward.
 */
export interface Cell<P = CellParams, Tape = unknown> {
  /** *simpleRnn*, *gru*, *lstm* or *stacked*; also the name in errors. */
  readonly kind: CellName | "stacked";
  /** I. */
  readonly inputSize: number;
  /** H, the width of the output. */
  readonly units: number;
  /** G, the number of column blocks in the kernels. */
  readonly gates: number;
  /** Shape of the bias. */
  readonly biasShape: readonly number[];
  /** The width of each state vector. */
  readonly stateSizes: readonly number[];
  /** The cells of a stack, first to last; absent for a single cell. */
  readonly cells?: readonly Cell[];
  /** Throws a RangeError unless the parameters have this cell's shapes. */
  checkParams(params: P): void;
  /** Zeros of the same structure, for `stepBackward` to add to. */
  zerosLike(params: P): P;
  /** From input [I] and state to output and next state. */
  step(
    params: P,
    x: Float64Array,
    state: readonly Float64Array[],
    dropout?: StepDropout,
  ): Step<Tape>;
  /**
   * From the gradients of a step's output and next state to those of its input and state; adds the
   * parameters' gradients to `dParams`.
   */
  stepBackward(
    params: P,
    tape: Tape,
    dOutput: Float64Array,
    dState: readonly Float64Array[],
    dParams: P,
  ): StepGradients;
}

/** A cell of the table, with its kernel, recurrent kernel and bias, from its passes; adds the checks. */
export function singleCell<Tape>(
  row: CellKind,
  { inputSize, units }: Pick<CellOptions, "inputSize" | "units">,
  passes: Pick<Cell<CellParams, Tape>, "step" | "stepBackward">,
): Cell<CellParams, Tape> {
  const { name: kind, gates: gateNames, states } = cellTable[row];
  const shapes = weightShapes(row, inputSize, units);
  const weights = Object.keys(shapes) as (keyof CellParams)[];
  const gates = gateNames.length;
  const stateSizes = states.map(() => units);
  return {
    ...{ kind, inputSize, units, gates, stateSizes, biasShape: shapes.bias },

    checkParams(params) {
      checkOptions(kind, params, weights, `{ ${weights.join(", ")} }`, "parameters");
      for (const name of weights) {
        if (name !== "bias" || params.bias) checkArray(kind, name, params[name], shapes[name]);
      }
    },

    zerosLike: ({ kernel, recurrentKernel, bias }) => ({
      kernel: new Float64Array(kernel.length),
      recurrentKernel: new Float64Array(recurrentKernel.length),
      bias: bias && new Float64Array(bias.length),
    }),

    step(params, x, state, dropout) {
      checkArray(kind, "x", x, [inputSize]);
      checkStates(kind, "state", stateSizes, state);
      checkMasks(kind, "input", dropout?.input, gates, inputSize);
      checkMasks(kind, "recurrent", dropout?.recurrent, gates, units);
      return passes.step(params, x, state, dropout);
    },

    stepBackward(params, tape, dOutput, dState, dParams) {
      checkArray(kind, "dOutput", dOutput, [units]);
      checkStates(kind, "dState", stateSizes, dState);
      return passes.stepBackward(params, tape, dOutput, dState, dParams);
    },
  };
}

/** Throws unless the options of a cell factory are among those of all cells and `more`, and make sense. */
export function checkCellOptions(
  who: string,
  options: GatedCellOptions,
  more: readonly string[] = [],
): void {
  const names = ["inputSize", "units", "activation", ...more];
  checkOptions(who, options, names, "{ inputSize: 3, units: 4 }");
  checkPositiveInteger(who, "inputSize", options.inputSize);
  checkPositiveInteger(who, "units", options.units);
  const { activation = "tanh", recurrentActivation = "sigmoid" } = options;
  checkWord(who, "activation", activation, rowActivationNames);
  checkWord(who, "recurrentActivation", recurrentActivation, rowActivationNames);
}

function checkStates(
  who: string,
  what: string,
  sizes: readonly number[],
  states: readonly Float64Array[],
): void {
  checkCount(who, `vectors of ${what}`, states, sizes.length);
  for (const [k, size] of sizes.entries()) checkArray(who, `${what}[${k}]`, states[k], [size]);
}

function checkMasks(
  who: string,
  what: string,
  masks: readonly Float64Array[] | undefined,
  gates: number,
  size: number,
): void {
  if (!masks) return;
  if (masks.length !== 1) checkCount(who, `${what} dropout masks (or 1)`, masks, gates);
  for (const [k, mask] of masks.entries()) {
    checkArray(who, `${what} dropout mask ${k}`, mask, [size]);
  }
}
