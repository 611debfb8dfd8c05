import type { GruArgs } from "../cells/cell-options.ts";
import { GruCell } from "../cells/gru-cell.ts";
import { linked } from "../chain/layer-links.ts";
import { isKeras3, readable } from "../options/layer-from.ts";
import { FusedLayer } from "./fused-layer.ts";
import { recurrentLink } from "./recurrent-links.ts";

/** @internal */
export class GruLayer extends FusedLayer {
  static readonly className = "GRU";

  static {
    linked(GruLayer, recurrentLink, true);
    readable(GruLayer, isKeras3);
  }

  constructor(args: GruArgs) {
    super(args, (cellArgs) => new GruCell(cellArgs as GruArgs));
  }
}
