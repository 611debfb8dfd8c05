import type { serialization } from "@tensorflow/tfjs-core";
import { isKeras3, readable } from "../options/layer-from.ts";
import type { SimpleRnnCellArgs } from "./cell-options.ts";
import { FusedCell } from "./fused-cell.ts";

/** The cell of SimpleRNN; `layers.simpleRNNCell` says how. */
export class SimpleRnnCell extends FusedCell {
  static readonly className = "SimpleRNNCell";
  declare readonly stateSize: number;

  static {
    readable(SimpleRnnCell, isKeras3);
  }

  constructor(args: SimpleRnnCellArgs) {
    super(args, { kind: "simpleRnn" });
  }

  override getConfig(): serialization.ConfigDict {
    const { recurrentActivation, ...config } = super.getConfig();
    return config;
  }
}
