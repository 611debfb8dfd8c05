import type { RecurrentActivationName } from "@rnnkit/fused-rnn";
import type { serialization } from "@tensorflow/tfjs-core";
import type { layers } from "@tensorflow/tfjs-layers";
import { type ActivationArg, activationName, tfjsActivationName } from "./activation-name.ts";
import {
  type ConstraintArg,
  defaultInitializers,
  type InitializerArg,
  type RegularizerArg,
  serialized,
  type WeightSpec,
  weightSpec,
} from "./weight-spec.ts";

/** Options of every layer of tfjs-layers: name, inputShape, batchInputShape, trainable, weights... */
export type LayerArgs = NonNullable<ConstructorParameters<typeof layers.Layer>[0]>;

/** Options of SimpleRNN, and of the others too. */
export interface SimpleRnnArgs extends LayerArgs {
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
  /** Holds the weight after every change, an optimizer's too. Default none. */
  kernelConstraint?: ConstraintArg;
  recurrentConstraint?: ConstraintArg;
  biasConstraint?: ConstraintArg;
  /** The part of the inputs set to 0 in training, the same at all time steps. Default 0. */
  dropout?: number;
  /** The part of the state hidden from the recurrent kernel in training. Default 0. */
  recurrentDropout?: number;
  /** Makes default initial weights and the sequence of dropout masks repeatable. */
  seed?: number | null;
  /** *true*: every output, [B, T, units]; *false* (default): the last one, [B, units]. */
  returnSequences?: boolean;
  /** Whether the state after the last step follows the output. Default *false*. */
  returnState?: boolean;
  /** From the last time step to the first; outputs come in that order. Default *false*. */
  goBackwards?: boolean;
  /** The state after a batch is where the next one starts; see resetStates. Default *false*. */
  stateful?: boolean;
  /** The output of a masked step is 0 instead of the previous one. Default *false*. */
  zeroOutputForMask?: boolean;
  /** Accepted and without effect: there is nothing to unroll. */
  unroll?: boolean;
  /** Accepted and without effect. */
  implementation?: number;
}

/** Options of the layers with gates. */
export interface GatedArgs extends SimpleRnnArgs {
  /** Of the gates. Default *sigmoid*; *null* for none. */
  recurrentActivation?: ActivationArg;
}

/** Options of LSTM. */
export interface LstmArgs extends GatedArgs {
  /** Whether the bias of the forget gate starts at 1. Default *true*. */
  unitForgetBias?: boolean;
}

/** Options of GRU. */
export interface GruArgs extends GatedArgs {
  /**
   * *true* (default): the reset gate multiplies h·U, and the bias is [2, 3·units]. *false*: it
   * multiplies h, and the bias is [3·units]. Weights of the one do not fit the other.
   */
  resetAfter?: boolean;
}

/** The options of a recurrent layer, read and complete. */
export interface RecurrentOptions {
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
  returnSequences: boolean;
  returnState: boolean;
  goBackwards: boolean;
  stateful: boolean;
  zeroOutputForMask: boolean;
  unroll: boolean;
  implementation: number;
}

/** Reads options; Keras 3's defaults fill in. `who` names the layer in errors. */
export function recurrentOptions(who: string, args: GatedArgs): RecurrentOptions {
  const { units } = args;
  if (!(Number.isInteger(units) && units > 0)) {
    throw new Error(`${who}: expected units to be a whole number from 1, got ${units}`);
  }
  if ((args as { activityRegularizer?: unknown }).activityRegularizer != null) {
    throw new Error(`${who}: expected no activityRegularizer, which tfjs-layers cannot apply`);
  }
  const seed = args.seed ?? undefined;
  const initial = defaultInitializers(seed);
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
    kernel: weightSpec(
      args.kernelInitializer,
      initial.kernel,
      args.kernelRegularizer,
      args.kernelConstraint,
    ),
    recurrent: weightSpec(
      args.recurrentInitializer,
      initial.recurrent,
      args.recurrentRegularizer,
      args.recurrentConstraint,
    ),
    bias: weightSpec(args.biasInitializer, initial.bias, args.biasRegularizer, args.biasConstraint),
    dropout: rate(who, "dropout", args.dropout),
    recurrentDropout: rate(who, "recurrentDropout", args.recurrentDropout),
    seed,
    returnSequences: args.returnSequences ?? false,
    returnState: args.returnState ?? false,
    goBackwards: args.goBackwards ?? false,
    stateful: args.stateful ?? false,
    zeroOutputForMask: args.zeroOutputForMask ?? false,
    unroll: args.unroll ?? false,
    implementation: args.implementation ?? 2,
  };
}

/** Options as saved models hold them, under the names that Keras and tfjs-layers share. */
export function recurrentConfig(options: RecurrentOptions): serialization.ConfigDict {
  const { kernel, recurrent, bias, activation, recurrentActivation, seed, ...same } = options;
  return {
    ...same,
    activation: tfjsActivationName(activation),
    recurrentActivation: tfjsActivationName(recurrentActivation),
    kernelInitializer: serialized(kernel.initializer),
    recurrentInitializer: serialized(recurrent.initializer),
    biasInitializer: serialized(bias.initializer),
    kernelRegularizer: serialized(kernel.regularizer),
    recurrentRegularizer: serialized(recurrent.regularizer),
    biasRegularizer: serialized(bias.regularizer),
    kernelConstraint: serialized(kernel.constraint),
    recurrentConstraint: serialized(recurrent.constraint),
    biasConstraint: serialized(bias.constraint),
    seed: seed ?? null,
  };
}

function rate(who: string, name: string, value = 0): number {
  if (value >= 0 && value <= 1) return value;
  throw new Error(`${who}: expected ${name} from 0 to 1, got ${value}`);
}
