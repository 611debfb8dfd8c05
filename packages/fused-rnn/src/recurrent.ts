// The op behind lstm, gru and simpleRnn: a checked call, run by the first engine that does not refuse it.

import type { CellKind } from "@rnnkit/core-rnn";
import {
  clone,
  customGrad,
  getBackend,
  scalar,
  type Tensor,
  type Tensor2D,
  engine as tfEngine,
  zerosLike,
} from "@tensorflow/tfjs-core";
import type { CallShape } from "./call.ts";
import { checkCall, type RecurrentCall } from "./check-call.ts";
import { composedEngine } from "./composed.ts";
import { chooseEngine, type Engine } from "./engine.ts";
import type { GatedOptions, RecurrentInput, RecurrentResult, RecurrentWeights } from "./options.ts";
import { prefixOf, recordPrefix, staysAlike } from "./tfjs/alike-rows.ts";
import { runRecurrentKernel } from "./tfjs/recurrent-kernels.ts";
import { wasmEngine } from "./wasm/engine.ts";

/** The engines, the fastest first; the last refuses nothing. */
const engines: Engine[] = [wasmEngine, composedEngine];

/** Puts an engine in front of the others; returns what takes it away again. */
export function addEngine(engine: Engine): () => void {
  engines.unshift(engine);
  return () => {
    const at = engines.indexOf(engine);
    if (at >= 0) engines.splice(at, 1);
  };
}

/** Checks a call and runs it: the op behind lstm, gru and simpleRnn. */
export function recurrent(
  who: string,
  cell: CellKind,
  x: RecurrentInput,
  weights: RecurrentWeights,
  options: GatedOptions,
): RecurrentResult {
  const call = withPrefix(checkCall(who, cell, x, weights, options));
  return run(call, engineFor(call));
}

/**
 * Checks two calls over one sequence, the second the other way round, and runs them as one where an engine of
 * kernels runs them and they are alike but for direction and data.
 */
export function recurrentPair(
  who: string,
  cell: CellKind,
  x: RecurrentInput,
  weights: readonly [RecurrentWeights, RecurrentWeights],
  options: readonly [GatedOptions, GatedOptions],
): [RecurrentResult, RecurrentResult] {
  const [first, second] = weights.map((each, i) =>
    withPrefix(checkCall(who, cell, x, each, options[i])),
  ) as [RecurrentCall, RecurrentCall];
  const engine = engineFor(first);
  if (engine.kind === "traced" || !areAlike(first, second)) {
    return [run(first, engine), run(second, engineFor(second))];
  }
  const prefixIds = first.inputs.prefixIds ?? second.inputs.prefixIds;
  const shared = prefixIds ? { ...first, inputs: { ...first.inputs, prefixIds } } : first;
  const results = runRecurrentKernel(engine, [detached(shared), second]);
  const half = results.length / 2;
  return [resultOf(first, results.slice(0, half)), resultOf(second, results.slice(half))];
}

/** Whether two calls differ in direction, the order of their outputs and data of their own alone. */
function areAlike(first: RecurrentCall, second: RecurrentCall): boolean {
  const names = Object.keys(first.shape) as (keyof CallShape)[];
  const differing = names.filter((name) => first.shape[name] !== second.shape[name]);
  return (
    first.inputs.mask === second.inputs.mask &&
    differing.includes("goBackwards") &&
    differing.every((name) => name === "goBackwards" || name === "reverseOutputs")
  );
}

function engineFor({ who, shape }: RecurrentCall): Engine {
  const { engine, reasons } = chooseEngine(engines, shape, getBackend());
  if (engine === composedEngine && reasons.length > 0) sayWhy(who, reasons);
  return engine;
}

const said = new Set<string>();

/** Says once why a call is slow. */
function sayWhy(who: string, reasons: readonly string[]): void {
  const reason = reasons.join("; ");
  if (said.has(reason)) return;
  said.add(reason);
  console.warn(`${who}: composed of tfjs operations, which is slow, because ${reason}`);
}

function run(call: RecurrentCall, engine: Engine): RecurrentResult {
  if (engine.kind === "kernels") {
    return resultOf(call, runRecurrentKernel(engine, [detached(call)]));
  }
  const [{ outputs, state }] = engine.forward([detached(call)]);
  return resultOf(call, [outputs, ...state]);
}

function resultOf(call: RecurrentCall, [outputs, ...state]: Tensor[]): RecurrentResult {
  if (call.shape.returnSequences) recordPrefix(call, outputs);
  return { outputs, state: state as Tensor2D[] };
}

/** The call, with what rows of its x begin alike with, where that is known and of use. */
function withPrefix(call: RecurrentCall): RecurrentCall {
  const { x } = call.inputs;
  const prefixIds = x && !call.shape.goBackwards && staysAlike(call) ? prefixOf(x) : undefined;
  return prefixIds ? { ...call, inputs: { ...call.inputs, prefixIds } } : call;
}

/** A mask read off x, as the steps that are not 0, is no function of x that a gradient could go through; nor are ids. */
function detached(call: RecurrentCall): RecurrentCall {
  const { ids, prefixIds, mask } = call.inputs;
  if (!(ids || prefixIds || mask) || !tfEngine().isTapeOn()) return call;
  return {
    ...call,
    inputs: {
      ...call.inputs,
      ...(ids && { ids: withoutGradient(ids) }),
      ...(prefixIds && { prefixIds: withoutGradient(prefixIds) }),
      ...(mask && { mask: withoutGradient(mask) }),
    },
  };
}

function withoutGradient(values: Tensor): Tensor {
  const detach = customGrad((none) => ({
    value: clone(values),
    gradFunc: () => zerosLike(none as Tensor),
  }));
  return detach(scalar(0));
}
