import type { SimpleRnnArgs } from "./cell-options.ts";
import { FusedLayer } from "./fused-layer.ts";
import { SimpleRnnCell } from "./simple-rnn-cell.ts";

/** @internal */
export class SimpleRnnLayer extends FusedLayer {
  static readonly className = "SimpleRNN";

  constructor(args: SimpleRnnArgs) {
    super(args, (cellArgs) => new SimpleRnnCell(cellArgs as SimpleRnnArgs));
  }
}
