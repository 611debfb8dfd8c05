import type { serialization } from "@tensorflow/tfjs-core";
import { derive } from "../derived.ts";
import { isKeras3, readable } from "../options/layer-from.ts";
import type { GruCellArgs } from "./cell-options.ts";
import { GatedCell } from "./gated-cell.ts";

/** The cell of GRU; `layers.gruCell` says how. */
export class GruCell extends GatedCell {
  static readonly className = "GRUCell";
  declare readonly stateSize: number;
  declare readonly resetAfter: boolean;
  readonly #resetAfter: boolean;

  static {
    readable(GruCell, isKeras3);
    derive(GruCell, { resetAfter: (cell) => cell.#resetAfter });
  }

  constructor(args: GruCellArgs) {
    const { resetAfter = true } = args;
    super(args, { kind: resetAfter ? "gruAfter" : "gruBefore" });
    this.#resetAfter = resetAfter;
  }

  /** The options, as files hold them. */
  override getConfig(): serialization.ConfigDict {
    return { ...super.getConfig(), resetAfter: this.resetAfter };
  }
}
