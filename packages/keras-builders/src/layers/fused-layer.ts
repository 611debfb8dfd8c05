import type { RecurrentResult } from "@rnnkit/fused-rnn";
import type { serialization, Tensor } from "@tensorflow/tfjs-core";
import type { GatedCellArgs, SimpleRnnArgs } from "../cells/cell-options.ts";
import type { FusedCell, ScanOptions } from "../cells/fused-cell.ts";
import { GatedCell } from "../cells/gated-cell.ts";
import { RecurrentLayer } from "./recurrent-layer.ts";

/** SimpleRNN, LSTM or GRU: a layer around a fused cell, whose options are the layer's. */
export abstract class FusedLayer extends RecurrentLayer {
  declare readonly cell: FusedCell;

  constructor(args: SimpleRnnArgs, cell: (args: GatedCellArgs) => FusedCell) {
    const { inputShape, batchInputShape, weights, ...own } = args;
    super(args, (name) => cell({ ...own, name }));
  }

  override scan(x: Tensor, options: ScanOptions): RecurrentResult {
    return this.cell.scan(x, options);
  }

  override getConfig(): serialization.ConfigDict {
    const config = { ...this.cell.getConfig(), ...super.getConfig() };
    // Keras's SimpleRNN has none.
    return this.cell instanceof GatedCell
      ? { ...config, implementation: this.cell.implementation }
      : config;
  }
}
