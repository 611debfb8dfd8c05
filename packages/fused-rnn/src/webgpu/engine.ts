// The engine of WebGPU kernels: calls on tensors that lie on the device, and stay there.

import type { KernelBackend } from "@tensorflow/tfjs-core";
import { backend as currentBackend } from "@tensorflow/tfjs-core";
import { isFusedActivation } from "../activation-names.ts";
import type { KernelEngine } from "../engine.ts";
import { backwardOnDevice, forgetBackward } from "./backward.ts";
import { tooLarge } from "./call-plan.ts";
import { factsOf } from "./device-facts.ts";
import { forwardOnDevice, type GpuSavedCall } from "./forward.ts";
import { type GpuBackend, giveBack, isGpuBackend } from "./gpu-backend.ts";

/** Runs on tfjs's WebGPU backend, with the activations that are fused. */
export const webgpuEngine: KernelEngine<GpuSavedCall> = {
  kind: "kernels",
  name: "WebGPU",
  backends: "the WebGPU backend of its forward pass",

  refuses(shape, backendName) {
    if (backendName !== "webgpu")
      return `the WebGPU kernels do not run on the ${backendName} backend`;
    const { activation, recurrentActivation } = shape;
    if (!isFusedActivation(activation) || !isFusedActivation(recurrentActivation)) {
      return `${activation}/${recurrentActivation} is not a fused activation`;
    }
    const backend = currentBackend();
    if (!isGpuBackend(backend)) return "this copy of tfjs's WebGPU backend is another version's";
    return tooLarge(shape, factsOf(backend.device));
  },

  forward(calls, backend, training) {
    const gpu = onDevice(backend);
    return calls.map((call) => forwardOnDevice(gpu, call, training));
  },

  backward(saved, cotangents, backend) {
    return saved.map((call, i) => {
      if (call.backend !== backend) {
        throw new Error(
          "fused-rnn: expected a backward pass on the WebGPU backend of the forward pass, got another",
        );
      }
      return backwardOnDevice(call, cotangents[i]);
    });
  },

  release(saved) {
    forgetBackward(saved);
    const { backend, tapes, inputs } = saved;
    giveBack(backend, [
      ...tapes.flatMap(({ gates, states }) => [gates, states]),
      ...Object.values(inputs),
    ]);
  },
};

function onDevice(backend: KernelBackend): GpuBackend {
  if (isGpuBackend(backend)) return backend;
  throw new Error("fused-rnn: expected tfjs's WebGPU backend, got another");
}
