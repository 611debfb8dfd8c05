// The one place that tells cells apart. Drivers take a cell's class as a type, so that its equations are compiled
// into each of them; another cell is a class in a file of its own, a number, and a line in each function here.
//
// What a cell's class has, on four units of a row. Its facts, from which build:wasm makes what the host
// knows of it:
//
//     panelUnits       16 for a cell of one gate, else 4 (columns.ts)
//     jointGates       gates whose sums run over [x | h]; one more is the candidate, whose halves are kept apart
//     gateVectors      vectors that four units have in a row of gates
//     resetMode        what its reset gate works on
//     carriesCell      it has a state c beside h
//     mixesState       h' holds a share of h itself, whose gradient passes by the product
//
// Its equations:
//
//     activation(v)    which of the two activations the joint gate v has
//     state(z, a, h)   h' from the gates at z, what was activated last at a, and h
//     gradients(…)     of the gates' sums, stored at dz from its first column on, from dh and dc; returns the
//                      gradient that goes to the state before without a product: of c, or of the share of h
//
//     cellState(z, c)      of a cell with c: c'
//     candidateSum(z)      of a cell that resets after: the candidate's sum from its halves
//     reset(z)             of a cell that resets before: the reset gate
//     resetGradients(…)    the same: the gradient of the reset gate's sum, from that of r·h
import { anyGradients, fastGradients } from "./backward-step";
import { Activation, Descriptor } from "./descriptor";
import { cellStep } from "./forward-step";
import { GruAfter, GruBefore } from "./gru";
import { Lstm } from "./lstm";
import { SimpleRnn } from "./simple-rnn";

/** Recurrences, each a file of equations. */
export const enum CellNumber {
  SIMPLE_RNN = 0,
  LSTM = 1,
  GRU_AFTER = 2,
  GRU_BEFORE = 3,
}

export function forwardCell(d: Descriptor, block: i32, t: i32): void {
  const cell = d.cell;
  if (cell == CellNumber.LSTM) cellStep<Lstm>(d, block, t);
  else if (cell == CellNumber.SIMPLE_RNN) cellStep<SimpleRnn>(d, block, t);
  else if (cell == CellNumber.GRU_AFTER) cellStep<GruAfter>(d, block, t);
  else cellStep<GruBefore>(d, block, t);
}

/** With Keras's default activations LSTM and GRU have loops of their own, in which no slope is looked up. */
export function backwardCell(d: Descriptor, block: i32, t: i32): void {
  const cell = d.cell;
  const fast = d.activation == Activation.TANH && d.recurrentActivation == Activation.SIGMOID;
  if (cell == CellNumber.LSTM) {
    if (fast) fastGradients<Lstm>(d, block, t);
    else anyGradients<Lstm>(d, block, t);
  } else if (cell == CellNumber.SIMPLE_RNN) anyGradients<SimpleRnn>(d, block, t);
  else if (cell == CellNumber.GRU_BEFORE) anyGradients<GruBefore>(d, block, t);
  else if (fast) fastGradients<GruAfter>(d, block, t);
  else anyGradients<GruAfter>(d, block, t);
}
