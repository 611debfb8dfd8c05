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
import { backwardTogether, gradientOf } from "./backward.ts";
import type { CallShape } from "./call.ts";
import { forwardTogether } from "./forward.ts";
import { spreadWords } from "./lookup.ts";
import { oneStep } from "./one-step.ts";
import type { GradientName, Tape } from "./tape.ts";
import { isRecording, keepTape, releaseDeadTapes } from "./tapes.ts";
import { newTensors, readTensors, writeTensor } from "./tensor-memory.ts";

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
    tapes?: Tape[];
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
      releaseDeadTapes();
      if (directions.length === 1) {
        const done = oneStep(backend as never, shape, inputs as Record<string, TensorInfo>);
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
      const tapes = results.flatMap(({ tape }) => tape ?? []);
      for (const tape of tapes) keepTape(tape);
      if (tapes.length > 0) memo.tapes = tapes;
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
  tapes: Tape[];
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
      const { tapes, direction, of, needDx } = attrs as unknown as GradientAttrs;
      if (tapes.some((tape) => tape.released)) {
        throw new Error(
          `${kernelName}: expected its gradient asked for in the scope of the forward pass, got one asked for after it`,
        );
      }
      if (!tapes[0].gradients) {
        const arrays = readCotangents(kernelName, backendName, backend, inputs);
        const read = (name: string) => arrays[name] && f32(arrays[name]);
        const calls = tapes.map((tape, i) => {
          const [outputs, h, c] = cotangentNames.map((name) => read(`${double[i]}${name}`));
          return { tape, cotangents: { outputs, h, c } };
        });
        backwardTogether(calls, needDx);
      }
      const tape = tapes[direction];
      const { B, T, I, H, cell } = tape.shape;
      const G = tape.layout.G;
      const shapes: Record<GradientName, number[]> = {
        x: [B, T, I],
        kernel: [I, G * H],
        recurrentKernel: [H, G * H],
        bias: cell === "gruAfter" ? [2, G * H] : [G * H],
        h0: [B, H],
        c0: [B, H],
      };
      const values = gradientOf(tape, of);
      if (of !== "x" || !tape.words) return writeTensor(backend as never, shapes[of], values);
      const { arrays, finish } = newTensors(backend as never, shapes.x, 1);
      spreadWords(tape.shape, tape.words, values, arrays[0]);
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
        if (!memo.tapes)
          throw new Error(`${kernelName}: expected a recorded forward pass, got none`);
        // A gradient taken within the scope that recorded the call may be that of x itself.
        const within = tfEngine().state.gradientDepth >= memo.depth;
        if (name === "x" && within && memo.tapes.some(({ joined }) => joined)) {
          throw new Error(
            `${kernelName}: expected the inner gradient's function to make the call, which has tokens, itself, got one made outside of it`,
          );
        }
        if (!ran) for (const tape of memo.tapes) tape.gradients = undefined;
        ran = true;
        const gradAttrs = { tapes: memo.tapes, direction, of: name, needDx: name === "x" };
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
