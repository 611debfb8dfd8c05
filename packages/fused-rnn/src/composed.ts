// The recurrences composed of tfjs operations, a few dozen a step: right on every backend,
// differentiable any number of times, and slow. The engine takes its place wherever it can.

import { cellTable } from "@rnnkit/core-rnn";
import {
  add,
  getBackend,
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
import type { RecurrentCall, RecurrentResult } from "./recurrent.ts";
import { stepThrough } from "./step-through.ts";
import { engineBackends } from "./tfjs/recurrent-kernels.ts";
import { isEngineSupported } from "./wasm/instance.ts";

const warned = new Set<string>();

/** Says once why a call is slow. */
function sayWhy({ who, activation, recurrentActivation }: RecurrentCall): void {
  const backend = getBackend();
  const reason = !isEngineSupported()
    ? "this runtime has no WebAssembly SIMD, or a policy forbids compiling (wasm-unsafe-eval)"
    : !engineBackends.includes(backend)
      ? `the fused kernels do not run on the ${backend} backend`
      : `${activation}/${recurrentActivation} is not a fused activation`;
  if (warned.has(reason)) return;
  warned.add(reason);
  console.warn(`${who}: composed of tfjs operations, which is slow, because ${reason}`);
}

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

interface Step {
  call: RecurrentCall;
  gates: number;
  inputMasks: readonly Tensor[];
  stateMasks: readonly Tensor[];
}

function step(
  { call, gates, inputMasks, stateMasks }: Step,
  x: Tensor,
  state: readonly Tensor[],
): Tensor[] {
  const { kernel, recurrentKernel, bias } = call.inputs;
  const act = activationOps[call.activation];
  const rec = activationOps[call.recurrentActivation];
  const [h, c] = state;
  let zx = project(x, kernel, inputMasks, gates);
  if (call.shape.cell === "gruAfter") {
    let zh = project(h, recurrentKernel, stateMasks, gates);
    if (bias) {
      const [bx, bh] = unstack(bias).map((row) => parts(row, gates));
      zx = zx.map((z, g) => add(z, bx[g]));
      zh = zh.map((z, g) => add(z, bh[g]));
    }
    const z = rec(add(zx[0], zh[0]));
    const r = rec(add(zx[1], zh[1]));
    const candidate = act(add(zx[2], mul(r, zh[2])));
    return [add(mul(z, h), sub(candidate, mul(z, candidate)))];
  }
  if (bias) {
    const b = parts(bias, gates);
    zx = zx.map((z, g) => add(z, b[g]));
  }
  if (call.shape.cell === "gruBefore") {
    const weights = parts(recurrentKernel, gates, 1);
    const dropped = (g: number) => {
      const mask = stateMasks.length > 1 ? stateMasks[g] : stateMasks[0];
      return mask ? mul(h, mask) : h;
    };
    const times = (left: Tensor, g: number) => matMul(left as Tensor2D, weights[g] as Tensor2D);
    const z = rec(add(zx[0], times(dropped(0), 0)));
    const r = rec(add(zx[1], times(dropped(1), 1)));
    const candidate = act(add(zx[2], times(mul(r, dropped(2)), 2)));
    return [add(mul(z, h), sub(candidate, mul(z, candidate)))];
  }
  const zh = project(h, recurrentKernel, stateMasks, gates);
  const z = zx.map((value, g) => add(value, zh[g]));
  if (call.shape.cell === "simpleRnn") return [act(z[0])];
  const next = add(mul(rec(z[1]), c), mul(rec(z[0]), act(z[2])));
  return [mul(rec(z[3]), act(next)), next];
}

/** Runs a checked call step by step on the current backend. */
export function composedRecurrence(call: RecurrentCall): RecurrentResult {
  sayWhy(call);
  const { shape, inputs } = call;
  const { B, H, cell, goBackwards, returnSequences, zeroOutputForMask } = shape;
  const { gates, states } = cellTable[cell];
  return tidy(() => {
    const masksOf = (mask: Tensor | undefined) =>
      mask === undefined ? [] : mask.rank === 3 ? unstack(mask) : [mask];
    const plan: Step = {
      ...{ call, gates: gates.length },
      inputMasks: masksOf(inputs.inputDropoutMask),
      stateMasks: masksOf(inputs.recurrentDropoutMask),
    };
    const outputAndState = (x: Tensor, before: readonly Tensor[]): Tensor[] => {
      const state = step(plan, x, before);
      return [state[0], ...state];
    };
    const { outputs, state } = stepThrough(outputAndState, inputs.x, {
      ...{ goBackwards, returnSequences, zeroOutputForMask, mask: inputs.mask },
      initialState: states.map((name) => inputs[`${name}0`] ?? zeros([B, H])),
    });
    return { outputs, state };
  });
}
