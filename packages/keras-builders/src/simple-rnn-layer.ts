import { simpleRnn } from "@rnnkit/fused-rnn";
import type { serialization } from "@tensorflow/tfjs-core";
import { RecurrentLayer } from "./recurrent-layer.ts";
import type { SimpleRnnArgs } from "./recurrent-options.ts";

/** @internal */
export class SimpleRnnLayer extends RecurrentLayer {
  static readonly className = "SimpleRNN";

  constructor(args: SimpleRnnArgs) {
    super(args, {
      gates: 1,
      states: ["h"],
      run: (x, weights, { recurrentActivation, ...options }) => simpleRnn(x, weights, options),
    });
  }

  override getConfig(): serialization.ConfigDict {
    const { recurrentActivation, implementation, ...config } = super.getConfig();
    return config;
  }
}
