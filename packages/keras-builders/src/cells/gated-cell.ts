import { derive } from "../derived.ts";
import { type Activation, activationNamed } from "../options/activation.ts";
import type { GatedCellArgs } from "./cell-options.ts";
import { FusedCell, type Recurrence } from "./fused-cell.ts";

/** A cell with gates: LSTM's or GRU's. */
export abstract class GatedCell extends FusedCell {
  declare readonly recurrentActivation: Activation;
  /** Kept for configs: there is one implementation. */
  readonly implementation: number;

  static {
    derive(GatedCell, {
      recurrentActivation: ({ options }) => activationNamed(options.recurrentActivation),
    });
  }

  constructor(args: GatedCellArgs, recurrence: Recurrence) {
    super(args, recurrence);
    this.implementation = args.implementation ?? 2;
  }
}
