// The engine that the conformance suite tests, in front of the others, and watched: it runs every call of the suite,
// and gives back each thing that it keeps, once.

import type { EngineTolerances, Tolerance } from "@rnnkit/test-kit/tolerances";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeAll, beforeEach, expect } from "vitest";
import { type CallShape, type GradientName, initialStates } from "../call.ts";
import type { Engine, EngineCall, KernelEngine } from "../engine.ts";
import { engineMemory } from "../engine-memory.ts";
import { addEngine } from "../recurrent.ts";
import { registerKernels } from "../tfjs/register.ts";
import { gradientNames, type Inputs, inScope, inTurn, valuesOf } from "./call.fixture.ts";

/** What `engineConformance` takes. */
export interface EngineUnderTest {
  engine: Engine;
  /** The tfjs backend that it runs on. */
  backend: string;
  /** Its row of the manifest. */
  tolerances: EngineTolerances;
  /**
   * How far two halves, the second from the state of the first, may be from the whole; absent: not by a bit. An
   * engine that works in float64 has a state of float32 between them.
   */
  carried?: Tolerance;
  /** It needs seconds where kernels need milliseconds: large calls are left out, and fewer are drawn. */
  isSlow?: boolean;
  /** Its device is software, which compiles each of tfjs's own programs for seconds: none are asked for beside it. */
  isEmulated?: boolean;
  /** The part of the suite's draws that are made; absent: all, or a fifth where **isSlow**. */
  draws?: number;
  /** Starts the backend; runs before it is set for the first time. */
  prepare?: () => Promise<void>;
  /** Writes NaN where numbers of calls have been; runs before each pass. */
  poison?: () => void;
}

/** Of so many draws those that an engine has the time for. */
export function drawsFor(
  { isSlow = false, draws = isSlow ? 1 / 5 : 1 }: EngineUnderTest,
  all: number,
): number {
  return Math.ceil(all * draws);
}

/** Puts the engine in front in each test of a block, on its backend, and watches it. */
export function useEngine({ engine, backend, poison, prepare }: EngineUnderTest): void {
  const kept = new Set<object>();
  const watched: Engine = {
    ...(engine.kind === "kernels" ? watchedKernels(engine, kept, poison) : engine),
    refuses(shape, backendName) {
      const reason = engine.refuses(shape, backendName);
      if (reason === undefined) return undefined;
      throw new Error(`expected ${engine.name} to run every call of the suite: ${reason}`);
    },
  };
  let remove: () => void;
  beforeAll(async () => {
    await prepare?.();
    await tf.setBackend(backend);
    registerKernels();
  });
  beforeEach(async () => {
    await tf.setBackend(backend);
    remove = addEngine(watched);
    tf.engine().startScope();
  });
  afterEach(() => {
    tf.engine().endScope();
    remove();
    expect(engineMemory()).toEqual({ used: 0, pending: 0 });
    expect(kept.size).toBe(0);
  });
}

function watchedKernels(
  engine: KernelEngine,
  kept: Set<object>,
  poison: () => void = () => {},
): KernelEngine {
  return {
    ...engine,
    forward(calls, backend, training) {
      poison();
      const results = engine.forward(calls, backend, training);
      for (const { saved } of results) {
        expect(saved !== undefined).toBe(training);
        if (saved) kept.add(saved);
      }
      return results;
    },
    backward(...given) {
      poison();
      return engine.backward(...given);
    },
    release(saved) {
      expect(kept.delete(saved)).toBe(true);
      engine.release(saved);
    },
  };
}

/** What one direction of a direct call of an engine gave. */
export interface DirectResult {
  results: Float32Array[];
  /** Of each of its backward passes, by name. */
  gradients: Partial<Record<GradientName, Float32Array>>[];
}

/**
 * A training call on an engine itself, not through the operation, and a backward pass for each of **needsInput**;
 * then what it kept is released.
 */
export async function passesOf(
  { engine, poison = () => {} }: EngineUnderTest,
  shape: CallShape,
  inputs: Inputs,
  cotangents: readonly Float32Array[],
  needsInput: readonly boolean[],
): Promise<DirectResult> {
  if (engine.kind === "traced") throw new Error("expected an engine with a backward pass");
  return inScope(async () => {
    const backend = tf.backend();
    poison();
    const call: EngineCall = { who: "direct", shape, inputs };
    const [{ outputs, state, saved }] = engine.forward([call], backend, true);
    if (!saved) throw new Error("expected a training call to save what backward needs");
    const tensor = (info: tf.TensorInfo) => tf.engine().makeTensorFromTensorInfo(info);
    const made = [outputs, ...state].map(tensor);
    const [dOutputs, ...dState] = made.map(({ shape: like }, k) => tf.tensor(cotangents[k], like));
    const names = gradientNames(inputs);
    expect(names.filter((name) => name.endsWith("0"))).toEqual(
      inputs.h0 ? initialStates[shape.cell] : [],
    );
    const gradients = await inTurn(needsInput, async (needed) => {
      poison();
      const cotangentTensors = [{ outputs: dOutputs, state: dState }];
      const [gradientOf] = engine.backward([saved], cotangentTensors, backend, needed);
      const wanted = names.filter((name) => needed || (name !== "x" && name !== "table"));
      const values = await valuesOf(wanted.map((name) => tensor(gradientOf(name))));
      return Object.fromEntries(wanted.map((name, k) => [name, values[k].slice()]));
    });
    engine.release(saved);
    const results = await valuesOf(made);
    return { results: results.map((values) => values.slice()), gradients };
  });
}
