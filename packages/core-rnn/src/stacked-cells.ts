import type { Cell, CellParams } from "./cell.ts";
import { checkCount } from "./check.ts";
import { shown } from "./options.ts";

/**
 * Several cells as one: within a time step each feeds its output to the next, and each keeps its own
 * state.
 *
 *     y₀ = x;  yₖ, stateₖ′ = cellₖ(yₖ₋₁, stateₖ);  output = y of the last
 *
 * Parameters are an array, one entry a cell; states are listed flat, first cell first (LSTM then GRU:
 * h₀, c₀, h₁); dropout masks go in **cellDropout**.
 *
 * Reference: https://keras.io/api/layers/recurrent_layers/stacked_rnn_cell/
 *
 * @throws TypeError for what is no list of cells; RangeError for an empty one or sizes that do not chain.
 * @example
 * const stack = stackedCells([
 *   lstmCell({ inputSize: 3, units: 5 }),
 *   gruCell({ inputSize: 5, units: 4 }),
 * ]);
 * stack.stateSizes; // => [5, 5, 4]
 */
export function stackedCells(cells: readonly Cell[]): Cell<CellParams[], unknown[]> {
  if (!Array.isArray(cells) || cells.some((cell) => typeof cell?.step !== "function")) {
    throw new TypeError(`stackedCells: expected a list of cells, got ${shown(cells)}`);
  }
  if (cells.length === 0)
    throw new RangeError("stackedCells: expected at least one cell, got none");
  for (let k = 1; k < cells.length; k++) {
    const { units } = cells[k - 1];
    const { inputSize } = cells[k];
    if (inputSize !== units) {
      throw new RangeError(
        `stackedCells: expected cell ${k} to take ${units} features, got ${inputSize}`,
      );
    }
  }
  const stateSizes = cells.flatMap((cell) => cell.stateSizes);
  // Which of the flat states are cell k's.
  const starts = cells.map((_, k) => cells.slice(0, k).flatMap((cell) => cell.stateSizes).length);
  const statesOf = (state: readonly Float64Array[], k: number) =>
    state.slice(starts[k], starts[k] + cells[k].stateSizes.length);

  return {
    kind: "stacked",
    inputSize: cells[0].inputSize,
    units: cells[cells.length - 1].units,
    gates: cells[0].gates,
    biasShape: cells[0].biasShape,
    stateSizes,
    cells,

    checkParams(params) {
      checkCount("stackedCells", "parameter sets", params, cells.length);
      for (const [k, cell] of cells.entries()) cell.checkParams(params[k]);
    },

    zerosLike: (params) => cells.map((cell, k) => cell.zerosLike(params[k])),

    step(params, x, state, dropout) {
      checkCount("stackedCells", "state vectors", state, stateSizes.length);
      let output = x;
      const next: Float64Array[] = [];
      const tape: unknown[] = [];
      for (const [k, cell] of cells.entries()) {
        const step = cell.step(params[k], output, statesOf(state, k), dropout?.cells?.[k]);
        output = step.output;
        next.push(...step.state);
        tape.push(step.tape);
      }
      return { output, state: next, tape };
    },

    stepBackward(params, tape, dOutput, dState, dParams) {
      let dx = dOutput;
      const dPrevious: Float64Array[] = [];
      for (let k = cells.length - 1; k >= 0; k--) {
        const dStates = statesOf(dState, k);
        const gradients = cells[k].stepBackward(params[k], tape[k], dx, dStates, dParams[k]);
        dx = gradients.dx;
        dPrevious.unshift(...gradients.dState);
      }
      return { dx, dState: dPrevious };
    },
  };
}
