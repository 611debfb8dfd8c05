// The recurrences composed of tfjs operations, a few dozen a step: right on every backend,
// differentiable any number of times, and slow. The engine takes its place wherever it can.

import {
  add,
  cast,
  clone,
  expandDims,
  getBackend,
  matMul,
  mul,
  split,
  squeeze,
  stack,
  sub,
  type Tensor,
  type Tensor2D,
  tidy,
  unstack,
  where,
  zeros,
  zerosLike,
} from "@tensorflow/tfjs-core";
import { activationOps } from "./activations.ts";
import type { RecurrentCall, RecurrentResult } from "./recurrent.ts";
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

function step({ call, gates, inputMasks, stateMasks }: Step, x: Tensor, state: Tensor[]): Tensor[] {
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
  const { B, H, cell } = shape;
  const gates = cell === "simpleRnn" ? 1 : cell === "lstm" ? 4 : 3;
  const all = tidy((): Tensor[] => {
    const keep = inputs.mask && cast(inputs.mask, "bool");
    // A masked step's input is taken out before it can meet a weight: 0·NaN would be NaN.
    const x = keep ? where(expandDims(keep, 2), inputs.x, zerosLike(inputs.x)) : inputs.x;
    const steps = (tensor: Tensor) => {
      // tfjs's gradient of unstack knows no single part.
      const parts = shape.T === 1 ? [squeeze(tensor, [1])] : unstack(tensor, 1);
      // Turned round here: tfjs's wasm backend reverses a tensor of bool as if of four bytes each.
      return shape.goBackwards ? [...parts].reverse() : parts;
    };
    const xs = steps(x);
    const keeps = keep && steps(keep).map((column) => expandDims(column, 1));
    const masksOf = (mask: Tensor | undefined) =>
      mask === undefined ? [] : mask.rank === 3 ? unstack(mask) : [mask];
    const plan: Step = {
      ...{ call, gates },
      inputMasks: masksOf(inputs.inputDropoutMask),
      stateMasks: masksOf(inputs.recurrentDropoutMask),
    };
    let state: Tensor[] = [inputs.h0 ?? zeros([B, H])];
    if (cell === "lstm") state.push(inputs.c0 ?? zeros([B, H]));
    let output: Tensor = zeros([B, H]);
    const outputs: Tensor[] = [];
    for (const [t, x] of xs.entries()) {
      const next = step(plan, x, state);
      const kept = keeps?.[t];
      output = kept
        ? where(kept, next[0], shape.zeroOutputForMask ? zerosLike(output) : output)
        : next[0];
      state = kept ? next.map((value, k) => where(kept, value, state[k])) : next;
      if (shape.returnSequences) outputs.push(output);
    }
    // Clones, so that outputs and states can be disposed one by one.
    return [
      shape.returnSequences ? stack(outputs, 1) : clone(output),
      ...state.map((s) => clone(s)),
    ];
  });
  const [outputs, ...state] = all;
  return { outputs, state: state as Tensor2D[] };
}
