import type { GruArgs } from "./cell-options.ts";
import { FusedLayer } from "./fused-layer.ts";
import { GruCell } from "./gru-cell.ts";

/** @internal */
export class GruLayer extends FusedLayer {
  static readonly className = "GRU";

  constructor(args: GruArgs) {
    super(args, (cellArgs) => new GruCell(cellArgs as GruArgs));
  }
}
