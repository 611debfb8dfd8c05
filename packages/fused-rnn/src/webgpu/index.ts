// The entry @rnnkit/fused-rnn/webgpu: who does not import it does not pay for it.

import { addEngine } from "../recurrent.ts";
import { webgpuEngine } from "./engine.ts";

let isRegistered = false;

/**
 * Lets lstm, gru, simpleRnn and bidirectional, and so the layers of keras-builders, run in kernels of their own on
 * tfjs's *webgpu* backend; without it they are composed of tfjs operations there, slowly. Other backends are as
 * before. It imports no backend and starts no device; call it again at will.
 *
 * @example
 * import "@tensorflow/tfjs-backend-webgpu";
 * import { registerWebGPUKernels } from "@rnnkit/fused-rnn/webgpu";
 * registerWebGPUKernels();
 */
export function registerWebGPUKernels(): void {
  if (isRegistered) return;
  isRegistered = true;
  addEngine(webgpuEngine);
}
