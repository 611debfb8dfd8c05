import { gru } from "@rnnkit/fused-rnn";
import type { serialization } from "@tensorflow/tfjs-core";
import { RecurrentLayer } from "./recurrent-layer.ts";
import type { GruArgs } from "./recurrent-options.ts";

/** @internal */
export class GruLayer extends RecurrentLayer {
  static readonly className = "GRU";
  readonly resetAfter: boolean;

  constructor(args: GruArgs) {
    const { resetAfter = true } = args;
    super(args, {
      gates: 3,
      states: ["h"],
      twoBiases: resetAfter,
      run: (x, weights, options) => gru(x, weights, { ...options, resetAfter }),
    });
    this.resetAfter = resetAfter;
  }

  override getConfig(): serialization.ConfigDict {
    return { ...super.getConfig(), resetAfter: this.resetAfter };
  }
}
