import type { Cell, CellParams } from "../src/cell.ts";
import { cellOf } from "../src/cell-of.ts";
import { cellKinds } from "../src/cell-table.ts";
import { seededRandom } from "../src/random.ts";
import { runSequence, runSequenceBackward } from "../src/sequence.ts";
import type { SequenceOptions, Tensor64 } from "../src/sequence-options.ts";

export const sizes = { inputSize: 2, units: 3 };
export const cells: Cell[] = cellKinds.map((kind) => cellOf(kind, sizes));
export const [B, T, I, H] = [3, 5, 2, 3];

export const normals = (length: number, seed: number) =>
  Float64Array.from({ length }, seededRandom(seed).normal);
export const sequence = (seed: number, steps = T): Tensor64 => ({
  data: normals(B * steps * I, seed),
  shape: [B, steps, I],
});
export const states = (cell: Cell, seed: number) =>
  cell.stateSizes.map((size, k) => normals(B * size, seed + k));

/** Runs forward and backward with random cotangents for outputs and state. */
export function both(cell: Cell, params: CellParams, x: Tensor64, options: SequenceOptions) {
  const forward = runSequence(cell, params, x, options);
  const dOutputs = normals(forward.outputs.data.length, 91);
  const dState = states(cell, 92);
  const cotangents = { dOutputs, dState };
  return {
    ...forward,
    ...cotangents,
    ...runSequenceBackward(cell, params, forward.tape, cotangents),
  };
}
