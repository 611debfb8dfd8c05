import { type CellKind, type CellName, cellTable } from "@rnnkit/core-rnn";
import {
  type GatedOptions,
  type GruOptions,
  gru,
  lstm,
  type RecurrentInput,
  type RecurrentResult,
  type RecurrentWeights,
  simpleRnn,
} from "@rnnkit/fused-rnn";

type Operation = (
  x: RecurrentInput,
  weights: RecurrentWeights,
  options: GruOptions,
) => RecurrentResult;

const operations: Readonly<Record<CellName, Operation>> = { simpleRnn, lstm, gru };

/** A cell of **kind** over the whole sequence [B, T, I], as one operation. */
export function fusedOperation(
  kind: CellKind,
  x: RecurrentInput,
  weights: RecurrentWeights,
  options: GatedOptions,
): RecurrentResult {
  return operations[cellTable[kind].name](x, weights, optionsOfKind(kind, options));
}

/** The options that the operation of **kind** takes: a SimpleRNN has no gates to activate. */
export function optionsOfKind(
  kind: CellKind,
  { recurrentActivation, ...options }: GatedOptions,
): GruOptions {
  const { gates, options: ofKind } = cellTable[kind];
  return { ...options, ...(gates.length > 1 && { recurrentActivation }), ...ofKind };
}
