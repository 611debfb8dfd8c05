import type { LstmArgs } from "../cells/cell-options.ts";
import { LstmCell } from "../cells/lstm-cell.ts";
import { linked } from "../chain/layer-links.ts";
import { isKeras3, readable } from "../options/layer-from.ts";
import { FusedLayer } from "./fused-layer.ts";
import { recurrentLink } from "./recurrent-links.ts";

/** @internal */
export class LstmLayer extends FusedLayer {
  static readonly className = "LSTM";

  static {
    linked(LstmLayer, recurrentLink, true);
    readable(LstmLayer, isKeras3);
  }

  constructor(args: LstmArgs) {
    super(args, (cellArgs) => new LstmCell(cellArgs as LstmArgs));
  }
}
