import type { SimpleRnnArgs } from "./cell-options.ts";
import { FusedLayer } from "./fused-layer.ts";
import { isKeras3, readable } from "./layer-from.ts";
import { linked } from "./layer-links.ts";
import { recurrentLink } from "./recurrent-links.ts";
import { SimpleRnnCell } from "./simple-rnn-cell.ts";

/** @internal */
export class SimpleRnnLayer extends FusedLayer {
  static readonly className = "SimpleRNN";

  static {
    linked(SimpleRnnLayer, recurrentLink, true);
    readable(SimpleRnnLayer, isKeras3);
  }

  constructor(args: SimpleRnnArgs) {
    // As Keras 3.15.1's, which takes it and forgets it.
    const { activityRegularizer, ...own } = args;
    super(own, (cellArgs) => new SimpleRnnCell(cellArgs as SimpleRnnArgs));
  }
}
