import type { GruArgs } from "./cell-options.ts";
import { FusedLayer } from "./fused-layer.ts";
import { GruCell } from "./gru-cell.ts";
import { isKeras3, readable } from "./layer-from.ts";
import { linked } from "./layer-links.ts";
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
