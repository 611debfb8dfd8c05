import type { layers } from "@tensorflow/tfjs-layers";
import type { RegularizerArg } from "./weight-spec.ts";

/** Options of every layer of tfjs-layers: name, inputShape, batchInputShape, trainable, weights... */
export type LayerArgs = NonNullable<ConstructorParameters<typeof layers.Layer>[0]>;

/** What a recurrent layer does with the sequence, whatever its cell. */
export interface SequenceArgs extends LayerArgs {
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
  /**
   * Of every output and returned state, each divided by the batch size; added to the loss. Default none.
   * SimpleRNN takes it and forgets it, as Keras 3.15.1's; an RNN of a SimpleRNNCell does not.
   */
  activityRegularizer?: RegularizerArg;
}

/** The options of the sequence, read and complete. @inline */
export interface SequenceOptions {
  returnSequences: boolean;
  returnState: boolean;
  goBackwards: boolean;
  stateful: boolean;
  zeroOutputForMask: boolean;
  unroll: boolean;
}

/** Reads options; Keras 3's defaults fill in. */
export function sequenceOptions(args: SequenceArgs): SequenceOptions {
  return {
    returnSequences: args.returnSequences ?? false,
    returnState: args.returnState ?? false,
    goBackwards: args.goBackwards ?? false,
    stateful: args.stateful ?? false,
    zeroOutputForMask: args.zeroOutputForMask ?? false,
    unroll: args.unroll ?? false,
  };
}
