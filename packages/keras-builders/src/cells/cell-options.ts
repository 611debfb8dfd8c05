import { shown } from "@rnnkit/core-rnn";
import type { RecurrentActivationName } from "@rnnkit/fused-rnn";
import type { serialization } from "@tensorflow/tfjs-core";
import {
  type ActivationArg,
  activationName,
  tfjsActivationName,
} from "../options/activation-name.ts";
import type { LayerArgs, SequenceArgs } from "../options/recurrent-options.ts";
import {
  type ConstraintArg,
  defaultInitializers,
  type InitializerArg,
  type RegularizerArg,
  serialized,
  type WeightSpec,
  weightSpec,
} from "../options/weight-spec.ts";

/** Options of SimpleRNN's cell, and of the others too. */
export interface SimpleRnnCellArgs extends LayerArgs {
  /** Length of the state and the output. */
  units: number;
  /** Default *tanh*; *null* for none. */
  activation?: ActivationArg;
  /** Default *true*. */
  useBias?: boolean;
  /** Default glorot uniform. */
  kernelInitializer?: InitializerArg;
  /** Default orthogonal. */
  recurrentInitializer?: InitializerArg;
  /** Default zeros. */
  biasInitializer?: InitializerArg;
  /** Added to the loss. Default none. */
  kernelRegularizer?: RegularizerArg;
  recurrentRegularizer?: RegularizerArg;
  biasRegularizer?: RegularizerArg;
  /** Holds the weight after every step of an optimizer. Default none. */
  kernelConstraint?: ConstraintArg;
  recurrentConstraint?: ConstraintArg;
  biasConstraint?: ConstraintArg;
  /** The part of the inputs set to 0 in training, the same at all time steps. Default 0. */
  dropout?: number;
  /** The part of the state hidden from the recurrent kernel in training. Default 0. */
  recurrentDropout?: number;
  /** Makes default initial weights and the sequence of dropout masks repeatable. */
  seed?: number | null;
  /** Accepted and without effect: there is one implementation. */
  implementation?: number;
}

/** Options of the cells with gates. */
export interface GatedCellArgs extends SimpleRnnCellArgs {
  /** Of the gates. Default *sigmoid*; *null* for none. */
  recurrentActivation?: ActivationArg;
}

/** Options of LSTM's cell. */
export interface LstmCellArgs extends GatedCellArgs {
  /** Whether the bias of the forget gate starts at 1. Default *true*. */
  unitForgetBias?: boolean;
}

/** Options of GRU's cell. */
export interface GruCellArgs extends GatedCellArgs {
  /**
   * *true* (default): the reset gate multiplies h·U, and the bias is [2, 3·units]. *false*: it
   * multiplies h, and the bias is [3·units]. Weights of the one do not fit the other.
   */
  resetAfter?: boolean;
}

/** Options of a layer around a cell of its own, beside the cell's. */
interface OwnCellArgs extends SequenceArgs {
  /** Accepted and without effect. */
  useCudnn?: boolean | "auto";
}

/** Options of SimpleRNN. */
export interface SimpleRnnArgs extends SimpleRnnCellArgs, OwnCellArgs {}

/** Options of LSTM. */
export interface LstmArgs extends LstmCellArgs, OwnCellArgs {}

/** Options of GRU. */
export interface GruArgs extends GruCellArgs, OwnCellArgs {}

/** What the names of a weight's options begin with. */
const weights = ["kernel", "recurrent", "bias"] as const;
type Weight = (typeof weights)[number];

/** What they end with. */
const parts = {
  Initializer: "initializer",
  Regularizer: "regularizer",
  Constraint: "constraint",
} as const;

/** The options of a cell, read and complete. @inline */
export interface CellOptions {
  units: number;
  activation: RecurrentActivationName;
  recurrentActivation: RecurrentActivationName;
  useBias: boolean;
  kernel: WeightSpec;
  recurrent: WeightSpec;
  bias: WeightSpec;
  dropout: number;
  recurrentDropout: number;
  seed: number | undefined;
}

/** Reads options; Keras 3's defaults fill in. `who` names the layer in errors. */
export function cellOptions(who: string, args: GatedCellArgs): CellOptions {
  const { units } = args;
  if (!(Number.isInteger(units) && units > 0)) {
    throw new Error(`${who}: expected units to be a whole number from 1, got ${shown(units)}`);
  }
  const seed = args.seed ?? undefined;
  const initial = defaultInitializers(seed);
  const spec = (weight: Weight): WeightSpec =>
    weightSpec(
      args[`${weight}Initializer`],
      initial[weight],
      args[`${weight}Regularizer`],
      args[`${weight}Constraint`],
    );
  return {
    units,
    activation: activationName(who, "activation", args.activation, "tanh"),
    recurrentActivation: activationName(
      who,
      "recurrentActivation",
      args.recurrentActivation,
      "sigmoid",
    ),
    useBias: args.useBias ?? true,
    ...{ kernel: spec("kernel"), recurrent: spec("recurrent"), bias: spec("bias") },
    dropout: rate(who, "dropout", args.dropout),
    recurrentDropout: rate(who, "recurrentDropout", args.recurrentDropout),
    seed,
  };
}

/** Options as saved models hold them, under the names that Keras and tfjs-layers share. */
export function cellConfig(options: CellOptions): serialization.ConfigDict {
  const { kernel, recurrent, bias, activation, recurrentActivation, seed, ...same } = options;
  const specs = { kernel, recurrent, bias };
  const described = Object.entries(parts).flatMap(([ending, part]) =>
    weights.map((weight) => [`${weight}${ending}`, serialized(specs[weight][part])]),
  );
  return {
    ...same,
    activation: tfjsActivationName(activation),
    recurrentActivation: tfjsActivationName(recurrentActivation),
    ...Object.fromEntries(described),
    seed: seed ?? null,
  };
}

function rate(who: string, name: string, value = 0): number {
  if (typeof value === "number" && value >= 0 && value <= 1) return value;
  throw new Error(`${who}: expected ${name} from 0 to 1, got ${shown(value)}`);
}
