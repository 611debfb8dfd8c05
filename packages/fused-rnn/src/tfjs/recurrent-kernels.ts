// The recurrences as tfjs kernels with registered gradients, one implementation for every engine: which one runs a
// call is among its attributes.

import { type CellKind, cellKinds, cellTable } from "@rnnkit/core-rnn";
import {
  add,
  type GradConfig,
  getBackend,
  getGradient,
  getKernel,
  type KernelBackend,
  type KernelConfig,
  type NamedAttrMap,
  type NamedTensorMap,
  registerGradient,
  registerKernel,
  type Tensor,
  engine as tfEngine,
} from "@tensorflow/tfjs-core";
import { type CallShape, type GradientName, initialStates } from "../call.ts";
import type { Cotangents, EngineCall, GradientOf, KernelEngine } from "../engine.ts";
import { isRecording, keepCall, releaseDeadCalls, type SavedCall } from "./saved-calls.ts";

/** Kernel names in tfjs's registry: FusedLSTM and so on, after Keras's layers. */
export const kernelNames: Readonly<Record<CellKind | "bidirectional", string>> = {
  ...(Object.fromEntries(
    cellKinds.map((kind) => [kind, `Fused${cellTable[kind].className}`]),
  ) as Record<CellKind, string>),
  bidirectional: "FusedBidirectional",
};

/** Attributes of a forward kernel. */
interface ForwardAttrs {
  engine: KernelEngine;
  who: string;
  /** Of each direction. */
  shapes: readonly CallShape[];
  directions: readonly string[];
  training: boolean;
  /** A place for what the forward pass saves. */
  memo: { call?: SavedCall };
  /** How many gradient scopes the call is in. */
  depth: number;
}

/**
 * Before the names of the inputs that each direction has for itself. The second direction of a
 * bidirectional call reads the other way; the sequence and the mask are for both.
 */
const single = [""];
const double = ["", "second."];
const common: readonly string[] = ["x", "ids", "table", "prefixIds", "mask"];

function forwardKernel(kernelName: string, backendName: string): KernelConfig {
  return {
    kernelName,
    backendName,
    kernelFunc({ inputs, attrs, backend }) {
      const given = attrs as unknown as ForwardAttrs;
      const { engine, shapes, training, memo, depth } = given;
      releaseDeadCalls();
      const calls = given.directions.map((_, i) => directionOf(given, inputs as NamedTensorMap, i));
      const results = engine.forward(calls, backend as KernelBackend, training);
      const saved = results.flatMap((result) => result.saved ?? []);
      if (saved.length > 0) {
        const mergesRows = inputs.prefixIds !== undefined;
        memo.call = { engine, shape: shapes[0], saved, depth, mergesRows, released: false };
        keepCall(memo.call);
      }
      return results.flatMap(({ outputs, state }) => [outputs, ...state]);
    },
  };
}

/** One direction of a call whose inputs are named with prefixes. */
function directionOf(
  { who, shapes, directions }: ForwardAttrs,
  inputs: NamedTensorMap,
  direction: number,
): EngineCall {
  const shape = shapes[direction];
  if (directions.length === 1) return { who, shape, inputs };
  const prefix = directions[direction];
  const own: Record<string, Tensor> = {};
  for (const name of common) if (inputs[name]) own[name] = inputs[name];
  for (const name of Object.keys(inputs)) {
    const isOwn = prefix === "" ? !name.startsWith(double[1]) : name.startsWith(prefix);
    if (isOwn) own[name.slice(prefix.length)] = inputs[name];
  }
  return { who, shape, inputs: own };
}

interface GradientAttrs {
  call: SavedCall;
  /** Whose gradient: the direction, and the name in it. */
  direction: number;
  of: GradientName;
  needsInput: boolean;
}

const gradientKernelName = (kernelName: string) => `${kernelName}Grad`;

/** Runs the backward pass on its first call and makes the gradient named **of** on each. */
function gradientKernel(kernelName: string, backendName: string): KernelConfig {
  return {
    kernelName: gradientKernelName(kernelName),
    backendName,
    kernelFunc({ inputs, attrs, backend }) {
      const { call, direction, of, needsInput } = attrs as unknown as GradientAttrs;
      if (call.released) {
        throw new Error(
          `${kernelName}: expected its gradient asked for in the scope of the forward pass, got one asked for after it`,
        );
      }
      call.gradients ??= differentiate(kernelName, backendName, call, inputs, backend, needsInput);
      return call.gradients[direction](of);
    },
  };
}

/** The backward pass of a call; **dys** are the gradients of its results, by their places in the list of them. */
function differentiate(
  kernelName: string,
  backendName: string,
  { engine, saved, shape }: SavedCall,
  dys: unknown,
  backend: unknown,
  needsInput: boolean,
): GradientOf[] {
  const all = Object.values(dys as NamedTensorMap);
  const each = all.length / saved.length;
  const cotangents = saved.map((_, i): Cotangents => {
    const [outputs, ...state] = all.slice(i * each, (i + 1) * each);
    return { outputs, state };
  });
  try {
    return engine.backward(saved, cotangents, backend as KernelBackend, needsInput);
  } catch (cause) {
    // A backward pass may run on another backend than the forward pass did.
    if (engine.refuses(shape, backendName) === undefined) throw cause;
    throw new Error(
      `${kernelName}: expected a backward pass on ${engine.backends}, got ${backendName}`,
      { cause },
    );
  }
}

function gradient(kernelName: string): GradConfig {
  return {
    kernelName,
    gradFunc(dys, _saved, attrs) {
      const { memo, shapes, directions } = attrs as unknown as ForwardAttrs;
      const cotangents = { ...(dys as Tensor[]) };
      let ran = false;
      // tfjs asks for the gradients it needs in the order of the inputs, that of x or of the table first: when
      // another comes first, nobody needs it.
      const gradientFor = (of: GradientName, direction: number) => {
        const { call } = memo;
        if (!call) throw new Error(`${kernelName}: expected a recorded forward pass, got none`);
        if (!ran) call.gradients = undefined;
        ran = true;
        const needsInput = of === "x" || of === "table";
        registerGradientKernel(kernelName, getBackend());
        return tfEngine().runKernel(
          gradientKernelName(kernelName),
          cotangents as never,
          { call, direction, of, needsInput } satisfies GradientAttrs as unknown as NamedAttrMap,
        ) as Tensor;
      };
      const both = (of: "x" | "table") =>
        directions.map((_, i) => gradientFor(of, i)).reduce((sum, other) => add(sum, other));
      const x = () => {
        refuseInnerGradient(kernelName, memo);
        return both("x");
      };
      const gradients: Record<string, () => Tensor> = { x, table: () => both("table") };
      for (const [direction, prefix] of directions.entries()) {
        for (const of of [...weightNames, ...initialStates[shapes[direction].cell]]) {
          gradients[`${prefix}${of}`] = () => gradientFor(of, direction);
        }
      }
      return gradients;
    },
  };
}

const weightNames = ["kernel", "recurrentKernel", "bias"] as const;

/** Where rows that begin alike are worked out once, x's own gradient is right in sum alone. */
function refuseInnerGradient(kernelName: string, { call }: ForwardAttrs["memo"]): void {
  // A gradient taken within the scope that recorded the call may be that of x itself.
  if (!call?.mergesRows || tfEngine().state.gradientDepth < call.depth) return;
  throw new Error(
    `${kernelName}: expected the inner gradient's function to make the call, whose x is another's outputs, itself, got one made outside of it`,
  );
}

/** Registers the recurrences for a tfjs backend; again and again does no harm. */
export function registerRecurrentKernels(backendName: string): void {
  // They come together, and every call asks.
  if (getKernel(kernelNames.lstm, backendName)) return;
  for (const kernelName of new Set(Object.values(kernelNames))) {
    if (!getGradient(kernelName)) registerGradient(gradient(kernelName));
    registerKernel(forwardKernel(kernelName, backendName));
  }
}

/** The backward pass may run on another backend than the forward pass did, any of its engine's. */
function registerGradientKernel(kernelName: string, backendName: string): void {
  if (getKernel(gradientKernelName(kernelName), backendName)) return;
  registerKernel(gradientKernel(kernelName, backendName));
}

/**
 * Runs one call, or two that are alike but for direction and data, as one kernel of the current backend: outputs, then
 * the final states, of each.
 */
export function runRecurrentKernel(engine: KernelEngine, calls: readonly EngineCall[]): Tensor[] {
  const [{ who, shape, inputs: first }, second] = calls;
  const backendName = getBackend();
  registerRecurrentKernels(backendName);
  let inputs: Readonly<Record<string, Tensor>> = first;
  if (second) {
    const own = Object.entries(second.inputs).filter(([name]) => !common.includes(name));
    inputs = {
      ...first,
      ...Object.fromEntries(own.map(([name, tensor]) => [`${double[1]}${name}`, tensor])),
    };
  }
  const attrs: ForwardAttrs = {
    engine,
    who,
    shapes: calls.map((call) => call.shape),
    memo: {},
    directions: second ? double : single,
    training: isRecording(),
    depth: tfEngine().state.gradientDepth,
  };
  return tfEngine().runKernel(
    second ? kernelNames.bidirectional : kernelNames[shape.cell],
    inputs as never,
    attrs as unknown as NamedAttrMap,
  ) as unknown as Tensor[];
}
