import type { RecurrentResult } from "@rnnkit/fused-rnn";
import type { serialization, Tensor } from "@tensorflow/tfjs-core";
import type { Shape } from "@tensorflow/tfjs-layers";
import { type AnyCell, checkCell } from "../cells/any-cell.ts";
import { FusedCell, type ScanOptions } from "../cells/fused-cell.ts";
import { scanCells } from "../cells/scan-cells.ts";
import {
  cellFrom,
  cellJson,
  copiedCell,
  flatStates,
  leavesOf,
  StackedCells,
} from "../cells/stacked-cells.ts";
import { isKeras3, readable } from "../options/layer-from.ts";
import type { SequenceArgs } from "../options/recurrent-options.ts";
import { constrainWeights } from "../options/weight-spec.ts";
import { RecurrentLayer } from "./recurrent-layer.ts";

/** Options of RNN. */
export interface RnnArgs extends SequenceArgs {
  /** A cell, or a list of them, the one that reads the input first. */
  cell: AnyCell | readonly AnyCell[];
}

/** A layer around any cell; `layers.rnn` says how. */
export class RnnLayer extends RecurrentLayer {
  static readonly className = "RNN";

  static {
    readable(RnnLayer, isKeras3);
  }

  constructor(args: RnnArgs) {
    const { cell } = args;
    super(args, (name) =>
      Array.isArray(cell)
        ? new StackedCells({ cells: cell, name: `${name}_cells` })
        : flatStates(checkCell(name, cell)),
    );
    if (args.trainable === false) this.trainable = false;
  }

  override build(inputShape: Shape | Shape[]): void {
    const isNew = !this.cell.built;
    super.build(inputShape);
    if (!isNew) return;
    for (const cell of leavesOf(this.cell)) {
      if (!(cell instanceof FusedCell)) constrainWeights(cell);
    }
  }

  protected override get featureAxes(): number | undefined {
    return leavesOf(this.cell)[0] instanceof FusedCell ? 1 : undefined;
  }

  override scan(x: Tensor, options: ScanOptions): RecurrentResult {
    return scanCells(this.name, leavesOf(this.cell), x, options);
  }

  override copy(differences: object): RecurrentLayer {
    return new RnnLayer({ ...this.getConfig(), ...differences, cell: copiedCell(this.cell) });
  }

  override getConfig(): serialization.ConfigDict {
    return { cell: cellJson(this.cell), ...super.getConfig() };
  }

  static override fromConfig<Made extends serialization.Serializable>(
    Class: serialization.SerializableConstructor<Made>,
    config: serialization.ConfigDict,
    customObjects?: serialization.ConfigDict,
  ): Made {
    const cell = cellFrom(config.cell as serialization.ConfigDict, customObjects);
    return new Class({ ...config, cell } as never);
  }
}
