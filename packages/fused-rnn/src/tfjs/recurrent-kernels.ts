// The recurrences as tfjs kernels with registered gradients: one implementation for every backend
// whose tensors can be read synchronously.

import { typedArrayName } from "@rnnkit/core-rnn";
import {
  add,
  type GradConfig,
  getBackend,
  getGradient,
  getKernel,
  type KernelConfig,
  type NamedAttrMap,
  registerGradient,
  registerKernel,
  type Tensor,
  type TensorInfo,
  engine as tfEngine,
} from "@tensorflow/tfjs-core";
import type { CallShape } from "../call.ts";
import { backwardTogether, gradientOf } from "../wasm/backward.ts";
import { forwardTogether } from "../wasm/forward.ts";
import type { GradientName, SavedCall } from "../wasm/saved-call.ts";
import { singleStep } from "../wasm/single-step.ts";
import { scatterTokenGradients } from "../wasm/token-plan.ts";
import { isRecording, keepSavedCall, releaseDeadCalls } from "./saved-calls.ts";
import { newTensors, readTensors, writeTensor } from "./tensor-access.ts";

/** Kernel names in tfjs's registry. */
export const kernelNames = {
  simpleRnn: "FusedSimpleRNN",
  lstm: "FusedLSTM",
  gru: "FusedGRU",
  bidirectional: "FusedBidirectional",
} as const;

/** Backends of tfjs that the WASM engine serves. */
export const engineBackends: readonly string[] = ["cpu", "wasm", "tensorflow"];

/** Attributes: the call, and a place for what forward keeps for backward. */
export interface RecurrentAttrs extends CallShape {
  memo: {
    pending?: SavedCall[];
    /** How many gradient scopes it was recorded in. */
    depth: number;
  };
}

/**
 * Before the names of the inputs that each direction has for itself. The second direction of a
 * bidirectional call reads the other way; x and the mask are for both.
 */
const single = [""];
const double = ["", "second."];

const f32 = (values: unknown) => values as Float32Array;

function forwardKernel(
  kernelName: string,
  backendName: string,
  directions: readonly string[],
): KernelConfig {
  return {
    kernelName,
    backendName,
    kernelFunc({ inputs, attrs, backend }) {
      const { memo, ...shape } = attrs as unknown as RecurrentAttrs;
      releaseDeadCalls();
      if (directions.length === 1) {
        const done = singleStep(backend as never, shape, inputs as Record<string, TensorInfo>);
        if (done) return done;
      }
      const arrays = readTensors(backend as never, inputs as Record<string, TensorInfo>);
      const read = (name: string) => arrays[name] && f32(arrays[name]);
      const { B, T, H, goBackwards } = shape;
      const states = shape.cell === "lstm" ? ["h0", "c0"] : ["h0"];
      const given = read("mask") as unknown as Uint8Array | undefined;
      const mask =
        given &&
        (typedArrayName(given) === "Uint8Array"
          ? given
          : Uint8Array.from(given, (m) => (m ? 1 : 0)));
      const results = forwardTogether(
        directions.map((direction, i) => ({
          shape: { ...shape, goBackwards: goBackwards !== (i === 1) },
          data: {
            x: f32(read("x")),
            kernel: f32(read(`${direction}kernel`)),
            recurrentKernel: f32(read(`${direction}recurrentKernel`)),
            bias: read(`${direction}bias`),
            initialState: inputs[`${direction}h0`]
              ? states.map((name) => f32(read(`${direction}${name}`)))
              : undefined,
            mask,
            tokens: read("tokens"),
            inputDropoutMask: read(`${direction}inputDropoutMask`),
            recurrentDropoutMask: read(`${direction}recurrentDropoutMask`),
          },
        })),
      );
      const pending = results.flatMap(({ saved }) => saved ?? []);
      for (const saved of pending) keepSavedCall(saved);
      if (pending.length > 0) memo.pending = pending;
      try {
        const write = (dims: number[], values: Float32Array) =>
          writeTensor(backend as never, dims, values);
        return results.flatMap(({ outputs, state }) => [
          write(shape.returnSequences ? [B, T, H] : [B, H], outputs),
          ...state.map((values) => write([B, H], values)),
        ]);
      } finally {
        for (const { release } of results) release();
      }
    },
  };
}

interface GradientAttrs {
  pending: SavedCall[];
  /** Whose gradient: the direction, and the name in it. */
  direction: number;
  of: GradientName;
  needDx: boolean;
}

const cotangentNames = ["dOutputs", "dh", "dc"];

/** What comes back, also on a backend that the engine does not serve. */
function readCotangents(
  kernelName: string,
  backendName: string,
  backend: unknown,
  inputs: unknown,
): ReturnType<typeof readTensors> {
  try {
    return readTensors(backend as never, inputs as Record<string, TensorInfo>);
  } catch (cause) {
    if (engineBackends.includes(backendName)) throw cause;
    throw new Error(
      `${kernelName}: expected a backward pass on a backend that can be read at once, as cpu and wasm, got ${backendName}`,
      { cause },
    );
  }
}

const gradientName = (kernelName: string) => `${kernelName}Grad`;

/** Runs the backward pass on its first call and copies the gradient named **of** out on each. */
function gradientKernel(kernelName: string, backendName: string): KernelConfig {
  return {
    kernelName: gradientName(kernelName),
    backendName,
    kernelFunc({ inputs, attrs, backend }) {
      const { pending, direction, of, needDx } = attrs as unknown as GradientAttrs;
      if (pending.some((saved) => saved.released)) {
        throw new Error(
          `${kernelName}: expected its gradient asked for in the scope of the forward pass, got one asked for after it`,
        );
      }
      if (!pending[0].gradients) {
        const arrays = readCotangents(kernelName, backendName, backend, inputs);
        const read = (name: string) => arrays[name] && f32(arrays[name]);
        const calls = pending.map((saved, i) => {
          const [outputs, h, c] = cotangentNames.map((name) => read(`${double[i]}${name}`));
          return { saved, cotangents: { outputs, h, c } };
        });
        backwardTogether(calls, needDx);
      }
      const saved = pending[direction];
      const { B, T, I, H, cell } = saved.shape;
      const G = saved.layout.G;
      const shapes: Record<GradientName, number[]> = {
        x: [B, T, I],
        kernel: [I, G * H],
        recurrentKernel: [H, G * H],
        bias: cell === "gruAfter" ? [2, G * H] : [G * H],
        h0: [B, H],
        c0: [B, H],
      };
      const values = gradientOf(saved, of);
      if (of !== "x" || !saved.words) return writeTensor(backend as never, shapes[of], values);
      const { arrays, finish } = newTensors(backend as never, shapes.x, 1);
      scatterTokenGradients(saved.shape, saved.words, values, arrays[0]);
      return finish()[0];
    },
  };
}

const own: readonly GradientName[] = ["kernel", "recurrentKernel", "bias", "h0", "c0"];

function gradient(kernelName: string, directions: readonly string[]): GradConfig {
  return {
    kernelName,
    gradFunc(dys, _saved, attrs) {
      const { memo, cell } = attrs as unknown as RecurrentAttrs;
      const outputs = cell === "lstm" ? 3 : 2;
      const inputs: Record<string, Tensor> = {};
      for (const [k, dy] of (dys as Tensor[]).entries()) {
        inputs[`${double[Math.floor(k / outputs)]}${cotangentNames[k % outputs]}`] = dy;
      }
      let ran = false;
      // tfjs asks for the gradients it needs in the order of the inputs, x first: when another comes
      // first, nobody needs dx.
      const gradientFor = (name: GradientName, direction: number) => {
        if (!memo.pending)
          throw new Error(`${kernelName}: expected a recorded forward pass, got none`);
        // A gradient taken within the scope that recorded the call may be that of x itself.
        const within = tfEngine().state.gradientDepth >= memo.depth;
        if (name === "x" && within && memo.pending.some(({ merged }) => merged)) {
          throw new Error(
            `${kernelName}: expected the inner gradient's function to make the call, which has tokens, itself, got one made outside of it`,
          );
        }
        if (!ran) for (const saved of memo.pending) saved.gradients = undefined;
        ran = true;
        const gradAttrs = { pending: memo.pending, direction, of: name, needDx: name === "x" };
        registerGradientKernel(kernelName, getBackend());
        return tfEngine().runKernel(
          gradientName(kernelName),
          inputs as never,
          gradAttrs as unknown as NamedAttrMap,
        ) as Tensor;
      };
      const x = () =>
        directions.map((_, i) => gradientFor("x", i)).reduce((dx, other) => add(dx, other));
      const each = directions.flatMap((direction, i) =>
        own.map((name) => [`${direction}${name}`, () => gradientFor(name, i)] as const),
      );
      return { x, ...Object.fromEntries(each) };
    },
  };
}

/** Registers the fused recurrences for a tfjs backend; again and again does no harm. */
export function registerRecurrentKernels(backendName: string): void {
  // They come together, and every call asks.
  if (getKernel(kernelNames.lstm, backendName)) return;
  for (const kernelName of Object.values(kernelNames)) {
    const directions = kernelName === kernelNames.bidirectional ? double : single;
    if (!getGradient(kernelName)) registerGradient(gradient(kernelName, directions));
    registerKernel(forwardKernel(kernelName, backendName, directions));
  }
}

/** The backward pass may run on another backend than the forward pass did, any that can be read at once. */
function registerGradientKernel(kernelName: string, backendName: string): void {
  if (getKernel(gradientName(kernelName), backendName)) return;
  registerKernel(gradientKernel(kernelName, backendName));
}

/**
 * Runs a fused kernel on the current backend: outputs, then the final states; of a bidirectional call
 * those of the second direction follow, whose own inputs are named `second.kernel` and so on.
 */
export function runRecurrentKernel(
  kernelName: string,
  shape: Omit<CallShape, "training">,
  inputs: Record<string, Tensor>,
): Tensor[] {
  const memo = { depth: tfEngine().state.gradientDepth };
  const attrs: RecurrentAttrs = { ...shape, training: isRecording(), memo };
  return tfEngine().runKernel(
    kernelName,
    inputs as never,
    attrs as unknown as NamedAttrMap,
  ) as unknown as Tensor[];
}
