// The engine of WebAssembly kernels: tfjs's tensors in and out of `forward` and `backward`.

import { typedArrayName } from "@rnnkit/core-rnn";
import type { KernelBackend } from "@tensorflow/tfjs-core";
import { isFusedActivation } from "../activation-names.ts";
import { type GradientName, type InputName, initialStates } from "../call.ts";
import type { Cotangents, EngineCall, KernelEngine } from "../engine.ts";
import { readableBackends, readTensors, writeTensor } from "../tfjs/tensor-access.ts";
import type { CotangentArrays, ForwardArrays } from "./arrays.ts";
import { backwardTogether } from "./backward.ts";
import { forwardTogether } from "./forward.ts";
import { gradientTensor } from "./gradient-tensors.ts";
import { isEngineSupported } from "./instance.ts";
import { releaseSavedCall, type WasmSavedCall } from "./saved-call.ts";
import { singleStep } from "./single-step.ts";
import { idsOf } from "./token-ids.ts";

/** Why the engine does not run on a backend, whatever the call. */
export function refusesBackend(backendName: string): string | undefined {
  if (!isEngineSupported()) {
    return "this runtime has no WebAssembly SIMD, or a policy forbids compiling (wasm-unsafe-eval)";
  }
  if (readableBackends.includes(backendName)) return undefined;
  if (backendName === "webgpu") {
    return "the WebAssembly kernels do not run on the webgpu backend (registerWebGPUKernels of @rnnkit/fused-rnn/webgpu brings some that do)";
  }
  return `the fused kernels do not run on the ${backendName} backend`;
}

/** Runs on every backend whose tensors can be read at once, with the activations that are fused. */
export const wasmEngine: KernelEngine<WasmSavedCall> = {
  kind: "kernels",
  name: "WebAssembly",
  backends: "a backend that can be read at once, as cpu and wasm",

  refuses({ activation, recurrentActivation }, backendName) {
    const reason = refusesBackend(backendName);
    if (reason !== undefined) return reason;
    if (isFusedActivation(activation) && isFusedActivation(recurrentActivation)) return undefined;
    return `${activation}/${recurrentActivation} is not a fused activation`;
  },

  forward(calls, backend, training) {
    const done = calls.length === 1 && !training ? singleStep(calls[0], backend) : undefined;
    if (done) return [done];
    const data = readCalls(calls, backend);
    const results = forwardTogether(
      calls.map(({ shape }, i) => ({ shape: { ...shape, training }, data: data[i] })),
    );
    try {
      return results.map(({ outputs, state, saved }, i) => {
        const { B, T, H, returnSequences } = calls[i].shape;
        return {
          outputs: writeTensor(backend, returnSequences ? [B, T, H] : [B, H], outputs),
          state: state.map((values) => writeTensor(backend, [B, H], values)),
          saved,
        };
      });
    } catch (error) {
      for (const { saved } of results) if (saved) releaseSavedCall(saved);
      throw error;
    } finally {
      for (const { release } of results) release();
    }
  },

  backward(saved, cotangents, backend, needsInput) {
    const arrays = readCotangents(cotangents, backend);
    backwardTogether(
      saved.map((call, i) => ({ saved: call, cotangents: arrays[i] })),
      needsInput,
    );
    return saved.map((call) => (name: GradientName) => gradientTensor(call, name, backend));
  },

  release: releaseSavedCall,
};

/** The numbers of all directions' tensors. */
function readCalls(calls: readonly EngineCall[], backend: KernelBackend): ForwardArrays[] {
  // Reading may move a tensor here, and what was read before: then all of them are read again.
  if (calls.length > 1) for (const { inputs } of calls) readTensors(backend, inputs);
  return calls.map(({ who, shape, inputs }) => {
    const arrays = readTensors(backend, inputs) as Partial<Record<InputName, Float32Array>>;
    const { table, ids } = arrays;
    const states = initialStates[shape.cell];
    return {
      x: arrays.x,
      lookup: table && { ids: idsOf(who, ids ?? [], table.length / shape.I), table },
      prefixIds: arrays.prefixIds,
      kernel: arrays.kernel as Float32Array,
      recurrentKernel: arrays.recurrentKernel as Float32Array,
      bias: arrays.bias,
      initialState: arrays.h0 && states.map((name) => arrays[name] as Float32Array),
      mask: bytesOf(arrays.mask),
      inputDropoutMask: arrays.inputDropoutMask,
      recurrentDropoutMask: arrays.recurrentDropoutMask,
    };
  });
}

/** In a mask of int32 any number but 0 keeps a step. */
function bytesOf(mask: ArrayLike<number> | undefined): Uint8Array | undefined {
  if (!mask || typedArrayName(mask) === "Uint8Array") return mask as Uint8Array | undefined;
  return Uint8Array.from(mask, (m) => (m ? 1 : 0));
}

function readCotangents(
  cotangents: readonly Cotangents[],
  backend: KernelBackend,
): CotangentArrays[] {
  const tensors = cotangents.map(({ outputs, state: [h, c] }) =>
    c ? { outputs, h, c } : { outputs, h },
  );
  if (tensors.length > 1) for (const each of tensors) readTensors(backend, each);
  return tensors.map((each) => readTensors(backend, each) as CotangentArrays);
}
