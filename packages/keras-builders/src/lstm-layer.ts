import { lstm } from "@rnnkit/fused-rnn";
import type { serialization } from "@tensorflow/tfjs-core";
import { RecurrentLayer } from "./recurrent-layer.ts";
import type { LstmArgs } from "./recurrent-options.ts";

/** @internal */
export class LstmLayer extends RecurrentLayer {
  static readonly className = "LSTM";
  readonly unitForgetBias: boolean;

  constructor(args: LstmArgs) {
    const { unitForgetBias = true } = args;
    super(args, { gates: 4, states: ["h", "c"], unitForgetBias, run: lstm });
    this.unitForgetBias = unitForgetBias;
  }

  override getConfig(): serialization.ConfigDict {
    return { ...super.getConfig(), unitForgetBias: this.unitForgetBias };
  }
}
