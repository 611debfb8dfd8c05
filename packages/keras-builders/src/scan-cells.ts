// Cells over a sequence. A cell of a stack reads nothing but the outputs of the one below, so a stack
// is one scan after the other: each fused where its cell can be, step by step where it is a custom one.

import type { RecurrentResult } from "@rnnkit/fused-rnn";
import {
  clone,
  dispose,
  expandDims,
  reshape,
  squeeze,
  stack,
  type Tensor,
  type Tensor2D,
  type TensorContainer,
  tidy,
  unstack,
  where,
  zerosLike,
} from "@tensorflow/tfjs-core";
import { layers } from "@tensorflow/tfjs-layers";
import { type AnyCell, initialStates, outputSize, stateNames, stateSizes } from "./any-cell.ts";
import { turned } from "./carried-mask.ts";
import { FusedCell, type ScanOptions } from "./fused-cell.ts";
import { RecurrentCell } from "./recurrent-cell.ts";
import { checkShape } from "./shape.ts";

/** Runs **cells** over a sequence [B, T, ...], the first one first; `who` names the layer in errors. */
export function scanCells(
  who: string,
  cells: readonly AnyCell[],
  x: Tensor,
  options: ScanOptions,
): RecurrentResult {
  const { goBackwards, returnSequences, zeroOutputForMask, mask } = options;
  const { initialState, dropoutMasks } = options;
  const states: Tensor2D[] = [];
  let sequence = x;
  for (const [k, cell] of cells.entries()) {
    const [first, last] = [k === 0, k === cells.length - 1];
    const from = states.length;
    const { outputs, state } = scanCell(who, cell, sequence, {
      ...options,
      // The first cell turns the sequence round; what it puts out is in the new order.
      goBackwards: first && goBackwards,
      mask: mask && !first && goBackwards ? turned(mask) : mask,
      returnSequences: !last || returnSequences,
      zeroOutputForMask: last && zeroOutputForMask,
      initialState: initialState?.slice(from, from + stateSizes(cell).length),
      dropoutMasks: dropoutMasks && [dropoutMasks[k] ?? {}],
    });
    states.push(...state);
    sequence = outputs;
  }
  return { outputs: sequence, state: states };
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

/** A cell step by step, with Keras's masks: a masked step keeps the state and repeats the output. */
function stepped(who: string, cell: AnyCell, x: Tensor, options: ScanOptions): RecurrentResult {
  const { mask, goBackwards, returnSequences, zeroOutputForMask, training } = options;
  const [B, T] = x.shape as [number, number];
  if (mask) checkShape(who, "a mask", mask.shape, [B, T], "BT");
  const step = (input: Tensor, state: readonly Tensor[]): Tensor[] =>
    tidy(() => [cell.call([input, ...state], { training })].flat());
  return tidy(() => {
    // A copy turned round: the gradient of unstack goes by the order in the array that it gave.
    const inOrder = (steps: Tensor[]): Tensor[] => (goBackwards ? [...steps].reverse() : steps);
    // A masked step's input is taken out before it can meet a weight: 0·NaN would be NaN.
    const wide = mask && reshape(mask, [...mask.shape, ...x.shape.slice(2).map(() => 1)]);
    const inputs = inOrder(stepsOf(wide ? where(wide, x, zerosLike(x)) : x));
    const keeps = mask && inOrder(stepsOf(mask)).map((column) => expandDims(column, 1));
    let state = options.initialState ?? initialStates(cell, B);
    checkStates(who, cell, "a first state", state, B);
    let output: Tensor | undefined;
    const outputs: Tensor[] = [];
    for (const [t, input] of inputs.entries()) {
      const [y, ...next] = step(input, state) as [Tensor, ...Tensor[]];
      if (t === 0) {
        checkShape(who, `an output of ${cell.name}`, y.shape, [B, outputSize(cell)], "BH");
        checkStates(who, cell, "a state", next, B);
      }
      const kept = keeps?.[t];
      if (kept) {
        output = where(kept, y, !output || zeroOutputForMask ? zerosLike(y) : output);
        state = next.map((value, k) => where(kept, value, state[k]!));
      } else {
        output = y;
        state = next;
      }
      if (returnSequences) outputs.push(output);
    }
    if (!output) throw new Error(`${who}: expected a sequence of at least one step, got none`);
    // Clones, so that outputs and states can be disposed one by one.
    return {
      outputs: returnSequences ? stack(outputs, 1) : clone(output),
      state: state.map((value) => clone(value) as Tensor2D),
    };
  });
}

/** `unstack` on axis 1; the gradient of tfjs's own fails for a single part. */
function stepsOf(x: Tensor): Tensor[] {
  return x.shape[1] === 1 ? [squeeze(x, [1])] : unstack(x, 1);
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
