import { gru } from "@rnnkit/fused-rnn";
import type { serialization } from "@tensorflow/tfjs-core";
import type { GruCellArgs } from "./cell-options.ts";
import { FusedCell } from "./fused-cell.ts";

/** @internal */
export class GruCell extends FusedCell {
  static readonly className = "GRUCell";
  readonly resetAfter: boolean;

  constructor(args: GruCellArgs) {
    const { resetAfter = true } = args;
    super(args, {
      kind: "gru",
      gates: 3,
      states: ["h"],
      resetAfter,
      run: (x, weights, options) => gru(x, weights, { ...options, resetAfter }),
    });
    this.resetAfter = resetAfter;
  }

  override getConfig(): serialization.ConfigDict {
    return { ...super.getConfig(), resetAfter: this.resetAfter };
  }
}
