// A cell of a stack reads nothing but the outputs of the one below: a stack is one scan after the other.

import type { RecurrentResult } from "@rnnkit/fused-rnn";
import type { Tensor, Tensor2D } from "@tensorflow/tfjs-core";
import type { ScanOptions } from "./fused-cell.ts";

type StackOptions = Omit<ScanOptions, "dropoutMasks">;

/** A cell over a whole sequence. */
export interface CellScan {
  readonly stateCount: number;
  run(x: Tensor, options: StackOptions): RecurrentResult;
}

/** Runs **scans** on top of each other, the first one on x; the states come cell by cell, the first one's first. */
export function scanStack(
  scans: readonly CellScan[],
  x: Tensor,
  options: StackOptions,
): { outputs: Tensor; states: Tensor2D[][] } {
  const { mask, goBackwards, returnSequences, zeroOutputForMask, initialState } = options;
  const given = initialState && statesByCell(scans, initialState);
  let outputs = x;
  const states = scans.map((scan, k) => {
    const last = k === scans.length - 1;
    const result = scan.run(outputs, {
      training: options.training,
      mask,
      goBackwards,
      // Between scans in the order of x, so that the mask, and the direction, are those of each.
      reverseOutputs: last ? options.reverseOutputs : goBackwards,
      returnSequences: !last || returnSequences,
      zeroOutputForMask: last && zeroOutputForMask,
      initialState: given?.[k],
    });
    outputs = result.outputs;
    return result.state;
  });
  return { outputs, states };
}

/** A flat list of states by the scan that each belongs to. */
export function statesByCell(scans: readonly CellScan[], states: readonly Tensor[]): Tensor[][] {
  const rest = [...states];
  return scans.map(({ stateCount }) => rest.splice(0, stateCount));
}
