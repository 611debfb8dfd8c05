import type { LstmArgs } from "./cell-options.ts";
import { FusedLayer } from "./fused-layer.ts";
import { isKeras3, readable } from "./layer-from.ts";
import { linked } from "./layer-links.ts";
import { LstmCell } from "./lstm-cell.ts";
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
