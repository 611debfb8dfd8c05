// The recurrences as tfjs kernels with registered gradients: one implementation for every backend
// whose tensors can be read synchronously.

import {
  type GradConfig,
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
import { backward, gradientOf } from "./backward.ts";
import type { CallShape } from "./call.ts";
import { forward } from "./forward.ts";
import type { GradientName, Tape } from "./tape.ts";
import { isRecording, keepTape, releaseDeadTapes } from "./tapes.ts";
import { readTensor, writeTensor } from "./tensor-memory.ts";

/** Kernel names in tfjs's registry. */
export const kernelNames = {
  simpleRnn: "FusedSimpleRNN",
  lstm: "FusedLSTM",
  gru: "FusedGRU",
} as const;

/** Backends of tfjs that the WASM engine serves. */
export const engineBackends: readonly string[] = ["cpu", "wasm", "tensorflow"];

/** Attributes: the call, and a place for what forward keeps for backward. */
export interface RecurrentAttrs extends CallShape {
  memo: { tape?: Tape };
}

const f32 = (values: unknown) => values as Float32Array;

function forwardKernel(kernelName: string, backendName: string): KernelConfig {
  return {
    kernelName,
    backendName,
    kernelFunc({ inputs, attrs, backend }) {
      const shape = attrs as unknown as RecurrentAttrs;
      const read = (name: string) =>
        inputs[name] && f32(readTensor(backend as never, inputs[name] as TensorInfo));
      const { B, T, H } = shape;
      const states = shape.cell === "lstm" ? ["h0", "c0"] : ["h0"];
      const mask = read("mask") as unknown as Uint8Array | undefined;
      releaseDeadTapes();
      const result = forward(shape, {
        x: f32(read("x")),
        kernel: f32(read("kernel")),
        recurrentKernel: f32(read("recurrentKernel")),
        bias: read("bias"),
        initialState: inputs.h0 ? states.map((name) => f32(read(name))) : undefined,
        mask: mask && (mask instanceof Uint8Array ? mask : Uint8Array.from(mask, Number)),
        inputDropoutMask: read("inputDropoutMask"),
        recurrentDropoutMask: read("recurrentDropoutMask"),
      });
      if (result.tape) {
        keepTape(result.tape);
        shape.memo.tape = result.tape;
      }
      try {
        const write = (dims: number[], values: Float32Array) =>
          writeTensor(backend as never, dims, values);
        return [
          write(shape.returnSequences ? [B, T, H] : [B, H], result.outputs),
          ...result.state.map((values) => write([B, H], values)),
        ];
      } finally {
        result.release();
      }
    },
  };
}

interface GradientAttrs {
  tape: Tape;
  of: GradientName;
  needDx: boolean;
}

/** Runs the backward pass on its first call and copies the gradient named **of** out on each. */
function gradientKernel(kernelName: string, backendName: string): KernelConfig {
  return {
    kernelName: `${kernelName}Grad`,
    backendName,
    kernelFunc({ inputs, attrs, backend }) {
      const { tape, of, needDx } = attrs as unknown as GradientAttrs;
      if (!tape.gradients) {
        const read = (name: string) =>
          inputs[name] && f32(readTensor(backend as never, inputs[name] as TensorInfo));
        backward(tape, { outputs: read("dOutputs"), h: read("dh"), c: read("dc") }, needDx);
      }
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
      return writeTensor(backend as never, shapes[of], gradientOf(tape, of));
    },
  };
}

function gradient(kernelName: string): GradConfig {
  return {
    kernelName,
    gradFunc(dys, _saved, attrs) {
      const [dOutputs, dh, dc] = dys as Tensor[];
      const { memo } = attrs as unknown as RecurrentAttrs;
      let ran = false;
      // tfjs asks for the gradients it needs in the order of the inputs, x first: when another comes
      // first, nobody needs dx.
      const of = (name: GradientName) => () => {
        if (!memo.tape)
          throw new Error(`${kernelName}: expected a recorded forward pass, got none`);
        if (!ran) memo.tape.gradients = undefined;
        ran = true;
        const inputs = { dOutputs, dh, ...(dc && { dc }) } as never;
        const gradAttrs = { tape: memo.tape, of: name, needDx: name === "x" };
        return tfEngine().runKernel(
          `${kernelName}Grad`,
          inputs,
          gradAttrs as unknown as NamedAttrMap,
        ) as Tensor;
      };
      return {
        x: of("x"),
        kernel: of("kernel"),
        recurrentKernel: of("recurrentKernel"),
        bias: of("bias"),
        h0: of("h0"),
        c0: of("c0"),
      };
    },
  };
}

/** Registers the fused recurrences for a tfjs backend; again and again does no harm. */
export function registerRecurrentKernels(backendName: string): void {
  // They come together, and every call asks.
  if (getKernel(kernelNames.lstm, backendName)) return;
  for (const kernelName of Object.values(kernelNames)) {
    if (!getGradient(kernelName)) registerGradient(gradient(kernelName));
    registerKernel(forwardKernel(kernelName, backendName));
    registerKernel(gradientKernel(kernelName, backendName));
  }
}

/** Runs a fused kernel on the current backend: outputs, then the final states. */
export function runRecurrentKernel(
  kernelName: string,
  shape: Omit<CallShape, "training">,
  inputs: Record<string, Tensor>,
): Tensor[] {
  const attrs: RecurrentAttrs = { ...shape, training: isRecording(), memo: {} };
  return tfEngine().runKernel(
    kernelName,
    inputs as never,
    attrs as unknown as NamedAttrMap,
  ) as unknown as Tensor[];
}
