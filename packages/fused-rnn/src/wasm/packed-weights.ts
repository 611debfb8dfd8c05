// Weights as the kernels read them, packed once as long as they stay the same: a model in service predicts thousands
// of times with one set of them, and of a small batch packing is a good part of the work. They are kept outside of the
// engine's memory, beside the numbers that they were made of, and go with these.

import type { CellKind } from "@rnnkit/core-rnn";

/** What tells one set of numbers from another: an object for each, which an assignment replaces. */
export interface WeightIdentity {
  kernel: object;
  recurrentKernel: object;
  bias: object | undefined;
}

/** Packed weights, and biases as rows of gates are. */
export interface PackedWeights {
  weights: Float32Array;
  biases: Float32Array;
}

interface Entry extends WeightIdentity {
  cell: CellKind;
  packed: PackedWeights;
}

const entries = new WeakMap<object, Entry>();

/** What was packed of these numbers for this cell; undefined where they are others now. */
export function packedWeights(
  cell: CellKind,
  { kernel, recurrentKernel, bias }: WeightIdentity,
): PackedWeights | undefined {
  const entry = entries.get(kernel);
  const isSame = entry?.recurrentKernel === recurrentKernel && entry.bias === bias;
  return isSame && entry.cell === cell ? entry.packed : undefined;
}

/** Keeps what was packed. */
export function keepPacked(
  cell: CellKind,
  identity: WeightIdentity,
  packed: PackedWeights,
): void {
  entries.set(identity.kernel, { ...identity, cell, packed });
}
