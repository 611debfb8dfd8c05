import type { SimpleRnnArgs } from "../cells/cell-options.ts";
import { SimpleRnnCell } from "../cells/simple-rnn-cell.ts";
import { linked } from "../chain/layer-links.ts";
import { isKeras3, readable } from "../options/layer-from.ts";
import { FusedLayer } from "./fused-layer.ts";
import { recurrentLink } from "./recurrent-links.ts";

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
