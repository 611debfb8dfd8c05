import { lstm } from "@rnnkit/fused-rnn";
import type { serialization } from "@tensorflow/tfjs-core";
import type { LstmCellArgs } from "./cell-options.ts";
import { FusedCell } from "./fused-cell.ts";

/** @internal */
export class LstmCell extends FusedCell {
  static readonly className = "LSTMCell";
  readonly unitForgetBias: boolean;

  constructor(args: LstmCellArgs) {
    const { unitForgetBias = true } = args;
    super(args, { kind: "lstm", gates: 4, states: ["h", "c"], unitForgetBias, run: lstm });
    this.unitForgetBias = unitForgetBias;
  }

  override getConfig(): serialization.ConfigDict {
    return { ...super.getConfig(), unitForgetBias: this.unitForgetBias };
  }
}
