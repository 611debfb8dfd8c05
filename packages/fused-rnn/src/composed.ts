// The recurrences composed of tfjs operations, a few dozen a step: right on every backend,
// differentiable, and slow. The engine takes its place wherever it can.

import { type CellKind, cellTable } from "@rnnkit/core-rnn";
import {
  add,
  cast,
  gather,
  matMul,
  mul,
  split,
  sub,
  type Tensor,
  type Tensor2D,
  tidy,
  unstack,
  zeros,
} from "@tensorflow/tfjs-core";
import { activationOps } from "./activations.ts";
import { type InputName, initialStates } from "./call.ts";
import type { EngineCall, EngineResult, TracedEngine } from "./engine.ts";
import { stepLoop } from "./step-loop.ts";

/** `split` that leaves a single part alone: the gradient of tfjs's own does not. */
function parts(x: Tensor, count: number, axis = 0): Tensor[] {
  return count === 1 ? [x] : split(x, count, axis);
}

/** x · kernel by gate, through the dropout masks of the gates. */
function project(x: Tensor, kernel: Tensor, masks: readonly Tensor[], gates: number): Tensor[] {
  if (masks.length <= 1) {
    const dropped = masks.length === 1 ? mul(x, masks[0]) : x;
    return parts(matMul(dropped as Tensor2D, kernel as Tensor2D), gates, 1);
  }
  return parts(kernel, gates, 1).map((w, g) => matMul(mul(x, masks[g]) as Tensor2D, w as Tensor2D));
}

/** What a step of a cell is worked out from. */
interface Step {
  /** Of the input, by gate, with the (first row of the) bias. */
  sums: Tensor[];
  /** Of the state, by gate, with the second row of the bias where it has one. */
  stateSums(): Tensor[];
  /** **left**, in place of the state, through gate **g**'s columns of the recurrent kernel. */
  times(left: Tensor, g: number): Tensor;
  /** The state as gate **g** sees it. */
  dropped(g: number): Tensor;
  state: readonly Tensor[];
  act(x: Tensor): Tensor;
  rec(x: Tensor): Tensor;
}

/** z·h + (1 - z)·candidate. */
const mixed = (z: Tensor, h: Tensor, candidate: Tensor): Tensor =>
  add(mul(z, h), sub(candidate, mul(z, candidate)));

/** The equations of each cell, as their operations have them: from a step to the next states. */
const equations: Readonly<Record<CellKind, (step: Step) => Tensor[]>> = {
  simpleRnn({ sums, stateSums, act }) {
    return [act(add(sums[0], stateSums()[0]))];
  },
  lstm({ sums, stateSums, state, act, rec }) {
    const hidden = stateSums();
    const [i, f, candidate, o] = sums.map((sum, g) => add(sum, hidden[g]));
    const c = add(mul(rec(f), state[1]), mul(rec(i), act(candidate)));
    return [mul(rec(o), act(c)), c];
  },
  gruAfter({ sums, stateSums, state, act, rec }) {
    const hidden = stateSums();
    const z = rec(add(sums[0], hidden[0]));
    const r = rec(add(sums[1], hidden[1]));
    return [mixed(z, state[0], act(add(sums[2], mul(r, hidden[2]))))];
  },
  gruBefore({ sums, times, dropped, state, act, rec }) {
    const z = rec(add(sums[0], times(dropped(0), 0)));
    const r = rec(add(sums[1], times(dropped(1), 1)));
    return [mixed(z, state[0], act(add(sums[2], times(mul(r, dropped(2)), 2))))];
  },
};

type Inputs = Readonly<Record<InputName, Tensor>>;

/** One step of a call: from an input [B, I] and the states to the next ones. */
function stepOf({ shape, inputs }: EngineCall): (x: Tensor, state: readonly Tensor[]) => Tensor[] {
  const { kernel, recurrentKernel, bias, inputDropoutMask, recurrentDropoutMask } =
    inputs as Inputs;
  const gates = cellTable[shape.cell].gates.length;
  const masksOf = (mask: Tensor | undefined) =>
    mask === undefined ? [] : mask.rank === 3 ? unstack(mask) : [mask];
  const [inputMasks, stateMasks] = [masksOf(inputDropoutMask), masksOf(recurrentDropoutMask)];
  let columns: Tensor[] | undefined;
  return (x, state) => {
    const rows = bias ? (bias.rank === 2 ? unstack(bias) : [bias]).map((b) => parts(b, gates)) : [];
    const biased = (sums: Tensor[], row: Tensor[] | undefined) =>
      row ? sums.map((sum, g) => add(sum, row[g])) : sums;
    const [h] = state;
    return equations[shape.cell]({
      sums: biased(project(x, kernel, inputMasks, gates), rows[0]),
      stateSums: () => biased(project(h, recurrentKernel, stateMasks, gates), rows[1]),
      times: (left, g) => {
        columns ??= parts(recurrentKernel, gates, 1);
        return matMul(left as Tensor2D, columns[g] as Tensor2D);
      },
      dropped: (g) => {
        const mask = stateMasks.length > 1 ? stateMasks[g] : stateMasks[0];
        return mask ? mul(h, mask) : h;
      },
      state,
      act: activationOps[shape.activation],
      rec: activationOps[shape.recurrentActivation],
    });
  };
}

/** Runs a call step by step on the current backend. */
function composed(call: EngineCall): EngineResult<Tensor> {
  const { shape, inputs } = call;
  const { B, H, cell, goBackwards, reverseOutputs, returnSequences, zeroOutputForMask } = shape;
  const [outputs, ...state] = tidy((): Tensor[] => {
    const { table, ids, mask } = inputs as Inputs;
    const x = inputs.x ?? gather(table, cast(ids, "int32"));
    const step = stepOf(call);
    const outputAndState = (x: Tensor, before: readonly Tensor[]): Tensor[] => {
      const state = step(x, before);
      return [state[0], ...state];
    };
    const initialState = initialStates[cell].map((name) => inputs[name] ?? zeros([B, H]));
    const order = { goBackwards, reverseOutputs, returnSequences };
    const options = { initialState, mask, ...order, zeroOutputForMask };
    const { outputs, state } = stepLoop(outputAndState, x, options);
    return [outputs, ...state];
  });
  return { outputs, state };
}

/** The recurrences composed of tfjs operations: on every backend, with every activation. */
export const composedEngine: TracedEngine = {
  kind: "traced",
  name: "tfjs operations",
  refuses: () => undefined,
  forward: (calls) => calls.map(composed),
};
