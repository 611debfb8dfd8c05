import { shown } from "@rnnkit/core-rnn";
import { Tensor, tidy } from "@tensorflow/tfjs-core";
import { InputSpec } from "@tensorflow/tfjs-layers";
import { type AnyCell, initialStates, stateSizes } from "../cells/any-cell.ts";
import { derive } from "../derived.ts";
import { CompositeLayer } from "../graph/composite-layer.ts";
import {
  type SequenceArgs,
  type SequenceOptions,
  sequenceOptions,
} from "../options/recurrent-options.ts";

/** A layer around a cell, whose options can be read under tfjs-layers' names too. */
export abstract class DescribedLayer extends CompositeLayer {
  readonly options: SequenceOptions;
  readonly cell: AnyCell;

  declare readonly returnSequences: boolean;
  declare readonly returnState: boolean;
  declare readonly goBackwards: boolean;
  declare readonly unroll: boolean;
  /** Of each state, [null, size]; null before it is built. */
  declare readonly stateSpec: InputSpec[] | null;

  static {
    derive(DescribedLayer, {
      returnSequences: ({ options }) => options.returnSequences,
      returnState: ({ options }) => options.returnState,
      goBackwards: ({ options }) => options.goBackwards,
      unroll: ({ options }) => options.unroll,
      stateSpec: ({ built, cell }) =>
        built ? stateSizes(cell).map((size) => new InputSpec({ shape: [null, size] })) : null,
    });
  }

  constructor(args: SequenceArgs, cell: (name: string) => AnyCell) {
    super(args);
    this.options = sequenceOptions(args);
    this.cell = cell(this.name);
    this._stateful = this.options.stateful;
    const axes = this.featureAxes;
    this.inputSpec = [new InputSpec(axes === undefined ? { minNDim: 3 } : { ndim: 2 + axes })];
  }

  /** How many axes a step's input has beside the batch's; undefined: its cell knows. */
  protected get featureAxes(): number | undefined {
    return 1;
  }

  protected override parts(): readonly AnyCell[] {
    return [this.cell];
  }

  /** How many states it has: 2 for LSTM, 1 for SimpleRNN and GRU. */
  get stateCount(): number {
    return stateSizes(this.cell).length;
  }

  /**
   * The states before the first step, [B, size] each: zeros, or what the cell's own `getInitialState` gives.
   * **inputs** is [B, T, ...], or B itself, as in Keras.
   */
  getInitialState(inputs: Tensor | number): Tensor[] {
    const B = inputs instanceof Tensor ? inputs.shape[0] : inputs;
    if (!(Number.isInteger(B) && B! > 0)) {
      throw new Error(
        `${this.name}: expected inputs [B, T, ...] or a batch size, got ${shown(inputs)}`,
      );
    }
    return tidy(() => initialStates(this.cell, B!));
  }
}
