import { registerKernels } from "@rnnkit/fused-rnn";
import { installMissingChainedOps } from "./chained-ops.ts";
import { joinModels } from "./graph/keras-graph.ts";
import { installTraining } from "./training/keras-training.ts";

/** What tfjs lacks and layers need: methods of tensors, kernels of gradients. Again and again at will. */
export function prepare(): void {
  installMissingChainedOps();
  registerKernels();
  joinModels();
  installTraining();
}
