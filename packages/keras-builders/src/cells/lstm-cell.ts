import type { serialization } from "@tensorflow/tfjs-core";
import { derive } from "../derived.ts";
import { isKeras3, readable } from "../options/layer-from.ts";
import type { LstmCellArgs } from "./cell-options.ts";
import { GatedCell } from "./gated-cell.ts";

/** The cell of LSTM; `layers.lstmCell` says how. */
export class LstmCell extends GatedCell {
  static readonly className = "LSTMCell";
  declare readonly stateSize: number[];
  declare readonly unitForgetBias: boolean;
  readonly #unitForgetBias: boolean;

  static {
    readable(LstmCell, isKeras3);
    derive(LstmCell, { unitForgetBias: (cell) => cell.#unitForgetBias });
  }

  constructor(args: LstmCellArgs) {
    const { unitForgetBias = true } = args;
    super(args, { kind: "lstm", unitForgetBias });
    this.#unitForgetBias = unitForgetBias;
  }

  /** The options, as files hold them. */
  override getConfig(): serialization.ConfigDict {
    return { ...super.getConfig(), unitForgetBias: this.unitForgetBias };
  }
}
