// The entry @rnnkit/keras-builders/webgpu: who does not import it does not pay for it.

export { registerWebGPUKernels } from "@rnnkit/fused-rnn/webgpu";
