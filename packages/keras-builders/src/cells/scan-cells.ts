// Cells over a sequence: each fused where it can be, step by step where it is a custom one.

import { type RecurrentResult, stepLoop } from "@rnnkit/fused-rnn";
import { dispose, type Tensor, type TensorContainer, tidy } from "@tensorflow/tfjs-core";
import { layers } from "@tensorflow/tfjs-layers";
import { checkShape } from "../shape.ts";
import { type AnyCell, initialStates, outputSize, stateNames, stateSizes } from "./any-cell.ts";
import { FusedCell, type ScanOptions } from "./fused-cell.ts";
import { RecurrentCell } from "./recurrent-cell.ts";
import { type CellScan, scanStack } from "./scan-stack.ts";

/** Runs **cells** over a sequence [B, T, ...], the first one first; `who` names the layer in errors. */
export function scanCells(
  who: string,
  cells: readonly AnyCell[],
  x: Tensor,
  { dropoutMasks, ...options }: ScanOptions,
): RecurrentResult {
  const scans = cells.map(
    (cell, k): CellScan => ({
      stateCount: stateSizes(cell).length,
      run: (sequence, own) =>
        scanCell(who, cell, sequence, {
          ...own,
          dropoutMasks: dropoutMasks && [dropoutMasks[k] ?? {}],
        }),
    }),
  );
  const { outputs, states } = scanStack(scans, x, options);
  return { outputs, state: states.flat() };
}

function scanCell(who: string, cell: AnyCell, x: Tensor, options: ScanOptions): RecurrentResult {
  if (cell instanceof FusedCell) return cell.scan(x, options);
  const scan = (): RecurrentResult => stepped(who, cell, x, options);
  if (cell instanceof RecurrentCell) return cell.sequence(scan);
  if (!(cell instanceof layers.RNNCell)) return scan();
  // tfjs-layers' cells draw masks when they have none, and keep them.
  type Mask = "dropoutMask" | "recurrentDropoutMask";
  const masks = cell as unknown as Record<Mask, TensorContainer | null>;
  const forget = (): void => {
    dispose([masks.dropoutMask, masks.recurrentDropoutMask] as Tensor[]);
    masks.dropoutMask = masks.recurrentDropoutMask = null;
  };
  forget();
  try {
    return scan();
  } finally {
    forget();
  }
}

/** A cell step by step. */
function stepped(
  who: string,
  cell: AnyCell,
  x: Tensor,
  { training, dropoutMasks: _, ...options }: ScanOptions,
): RecurrentResult {
  const [B, T] = x.shape as [number, number];
  if (options.mask) checkShape(who, "a mask", options.mask.shape, [B, T], "BT");
  return tidy(() => {
    const initialState = options.initialState ?? initialStates(cell, B);
    checkStates(who, cell, "a first state", initialState, B);
    if (T === 0) throw new Error(`${who}: expected a sequence of at least one step, got none`);
    const step = (input: Tensor, before: readonly Tensor[], t: number): Tensor[] => {
      const results = tidy(() => [cell.call([input, ...before], { training })].flat());
      if (t > 0) return results;
      const [y, ...next] = results as [Tensor, ...Tensor[]];
      checkShape(who, `an output of ${cell.name}`, y.shape, [B, outputSize(cell)], "BH");
      checkStates(who, cell, "a state", next, B);
      return results;
    };
    const { outputs, state } = stepLoop(step, x, { ...options, initialState });
    return { outputs, state };
  });
}

function checkStates(
  who: string,
  cell: AnyCell,
  what: string,
  states: readonly Tensor[],
  B: number,
): void {
  const sizes = stateSizes(cell);
  if (states.length !== sizes.length) {
    throw new Error(
      `${who}: expected ${cell.name} to give ${sizes.length} states, got ${states.length}`,
    );
  }
  for (const [i, size] of sizes.entries()) {
    const name = `${what} of ${cell.name} (${stateNames(cell)[i]})`;
    checkShape(who, name, states[i]!.shape, [B, size], "BH");
  }
}
