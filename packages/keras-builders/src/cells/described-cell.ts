import { derive } from "../derived.ts";
import { type Activation, activationNamed } from "../options/activation.ts";
import type { Constraint, Initializer, Regularizer } from "../options/weight-spec.ts";
import { type CellOptions, cellOptions, type GatedCellArgs } from "./cell-options.ts";
import { RecurrentCell } from "./recurrent-cell.ts";

/** A cell whose options can be read under tfjs-layers' names too. */
export abstract class DescribedCell extends RecurrentCell {
  readonly options: CellOptions;
  declare readonly units: number;
  declare readonly activation: Activation;
  declare readonly useBias: boolean;
  declare readonly kernelInitializer: Initializer;
  declare readonly recurrentInitializer: Initializer;
  declare readonly biasInitializer: Initializer;
  declare readonly kernelRegularizer: Regularizer | null;
  declare readonly recurrentRegularizer: Regularizer | null;
  declare readonly biasRegularizer: Regularizer | null;
  declare readonly kernelConstraint: Constraint | null;
  declare readonly recurrentConstraint: Constraint | null;
  declare readonly biasConstraint: Constraint | null;
  declare readonly dropout: number;
  declare readonly recurrentDropout: number;

  static {
    derive(DescribedCell, {
      units: ({ options }) => options.units,
      activation: ({ options }) => activationNamed(options.activation),
      useBias: ({ options }) => options.useBias,
      kernelInitializer: ({ options }) => options.kernel.initializer,
      recurrentInitializer: ({ options }) => options.recurrent.initializer,
      biasInitializer: ({ options }) => options.bias.initializer,
      kernelRegularizer: ({ options }) => options.kernel.regularizer,
      recurrentRegularizer: ({ options }) => options.recurrent.regularizer,
      biasRegularizer: ({ options }) => options.bias.regularizer,
      kernelConstraint: ({ options }) => options.kernel.constraint,
      recurrentConstraint: ({ options }) => options.recurrent.constraint,
      biasConstraint: ({ options }) => options.bias.constraint,
      dropout: ({ options }) => options.dropout,
      recurrentDropout: ({ options }) => options.recurrentDropout,
    });
  }

  constructor(args: GatedCellArgs) {
    super(args);
    this.options = cellOptions(this.name, args);
  }
}
