// What all recurrent layers share: a cell over a sequence, behind a tfjs layer.

import type { RecurrentResult } from "@rnnkit/fused-rnn";
import {
  type serialization,
  Tensor,
  type Tensor2D,
  tidy,
  type Variable,
  variable,
  zeros,
} from "@tensorflow/tfjs-core";
import { InputSpec, type Shape, type SymbolicTensor } from "@tensorflow/tfjs-layers";
import { type ActivityLoss, activityLoss } from "./activity-loss.ts";
import { type AnyCell, initialStates, outputSize, stateNames, stateSizes } from "./any-cell.ts";
import { buildPart, CompositeLayer } from "./composite-layer.ts";
import { derive } from "./derived.ts";
import { checkStateCount, type ScanOptions } from "./fused-cell.ts";
import { inKerasGraph } from "./keras-graph.ts";
import {
  applyWithState,
  firstShape,
  type Inputs,
  type Kwargs,
  passedMask,
  sequenceMask,
} from "./layer-call.ts";
import { type SequenceArgs, type SequenceOptions, sequenceOptions } from "./recurrent-options.ts";
import { checkShape, shapeText } from "./shape.ts";
import { type Regularizer, regularizer, serialized } from "./weight-spec.ts";

/** What `RecurrentLayer.recur` takes beside the layer's own options. */
export type RecurOptions = Partial<
  Pick<ScanOptions, "initialState" | "mask" | "training" | "dropoutMasks">
>;

/**
 * A tfjs layer around a cell, with Keras 3's options and semantics.
 *
 * Input [B, T, I], as `apply(x)` or, with an initial state, `apply([x, ...state])` or
 * `apply(x, { initialState })`, symbolic or concrete. Output [B, units], or [B, T, units] with
 * **returnSequences**; with **returnState** the final states follow, [B, units] each. A mask
 * [B, T] from Embedding or Masking is obeyed, and passed on with returnSequences.
 */
export abstract class RecurrentLayer extends CompositeLayer {
  override supportsMasking = true;
  readonly options: SequenceOptions;
  readonly cell: AnyCell;
  readonly #regularizer: Regularizer | null;
  readonly #activity: ActivityLoss;
  /** What a stateful layer carries from batch to batch. */
  #carried: Variable[] = [];

  declare readonly returnSequences: boolean;
  declare readonly returnState: boolean;
  declare readonly goBackwards: boolean;
  declare readonly unroll: boolean;
  /** Of each state, [null, size]; null before it is built. */
  declare readonly stateSpec: InputSpec[] | null;

  static {
    derive(RecurrentLayer, {
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
    this.#regularizer = regularizer(args.activityRegularizer);
    this.#activity = activityLoss(this.#regularizer);
    inKerasGraph(this);
  }

  /** How many axes a step's input has beside the batch's; undefined: its cell knows. */
  protected get featureAxes(): number | undefined {
    return 1;
  }

  /**
   * Runs the cell over a sequence.
   *
   * @internal
   */
  abstract scan(x: Tensor, options: ScanOptions): RecurrentResult;

  protected override parts(): readonly AnyCell[] {
    return [this.cell];
  }

  override get losses(): CompositeLayer["losses"] {
    return [...super.losses, ...this.#activity.losses];
  }

  /**
   * What a stateful layer carries, [B, size] each, until the next batch; nulls, as in tfjs-layers, before it
   * is built and where it carries nothing. Setting them is {@link setStates}.
   */
  get states(): Tensor[] {
    return this.#carried.length ? [...this.#carried] : Array(this.stateCount).fill(null);
  }
  set states(states: Tensor[]) {
    this.setStates(states);
  }

  /** The {@link states}. */
  getStates(): Tensor[] {
    return this.states;
  }

  /** {@link resetStates} to **states**, which stay the caller's. */
  setStates(states: Tensor[]): void {
    this.resetStates(states);
  }

  /**
   * The states before the first step, [B, size] each: zeros, or what the cell's own `getInitialState` gives.
   * **inputs** is [B, T, ...], or B itself, as in Keras.
   */
  getInitialState(inputs: Tensor | number): Tensor[] {
    const B = inputs instanceof Tensor ? inputs.shape[0] : inputs;
    if (!(Number.isInteger(B) && B! > 0)) {
      throw new Error(`${this.name}: expected inputs [B, T, ...] or a batch size, got ${inputs}`);
    }
    return tidy(() => initialStates(this.cell, B!));
  }

  /** How many states it has: 2 for LSTM, 1 for SimpleRNN and GRU. */
  get stateCount(): number {
    return stateSizes(this.cell).length;
  }

  override build(inputShape: Shape | Shape[]): void {
    const [B, , ...features] = firstShape(inputShape);
    const unknown = features.length === 0 || features.some((n) => !n);
    if (unknown) {
      throw new Error(
        `${this.name}: expected an input of known features, got ${shapeText(firstShape(inputShape))}`,
      );
    }
    const { stateful } = this.options;
    if (stateful && !B) {
      throw new Error(
        `${this.name}: expected a batch size for a stateful layer, as in batchInputShape [32, 10, 3]`,
      );
    }
    buildPart(this.cell, [B!, ...features]);
    if (stateful) {
      tidy(() => {
        this.#carried = initialStates(this.cell, B!).map((state) => variable(state, false));
      });
    }
    this.inputSpec = [new InputSpec({ shape: [stateful ? B! : null, null, ...features] })];
    this.built = true;
  }

  override apply(inputs: Inputs, kwargs: Kwargs = {}): ReturnType<CompositeLayer["apply"]> {
    return applyWithState((all, rest) => super.apply(all, rest), inputs, kwargs);
  }

  override call(inputs: Tensor | Tensor[], kwargs: Kwargs): Tensor | Tensor[] {
    return tidy(() => {
      const [x] = [inputs].flat() as [Tensor];
      const result = this.scan(x, this.begun(inputs, sequenceMask(this.name, x, kwargs), kwargs));
      return this.concluded(result, kwargs);
    });
  }

  /**
   * How a call goes over its sequence, once its hook has been called.
   *
   * @internal
   */
  begun(inputs: Tensor | Tensor[], mask: Tensor | undefined, kwargs: Kwargs): ScanOptions {
    this.invokeCallHook(inputs, kwargs);
    const [, ...given] = [inputs].flat();
    const carried = this.#carried.length ? this.#carried : undefined;
    const initialState = given.length ? given : carried;
    return { ...this.#manner(), initialState, mask, training: Boolean(kwargs.training) };
  }

  /**
   * What a call returns, once what is to be carried, and what it costs, is noted.
   *
   * @internal
   */
  concluded({ outputs, state }: RecurrentResult, kwargs: Kwargs): Tensor | Tensor[] {
    if (this.options.stateful) this.#carry(state);
    const all = this.options.returnState ? [outputs, ...state] : outputs;
    return this.#activity.noted(all, kwargs);
  }

  /**
   * The recurrence with the layer's weights and options, and nothing else: what is carried stays.
   *
   * @internal
   */
  recur(x: Tensor, options: RecurOptions): RecurrentResult {
    return this.scan(x, { ...this.#manner(), training: false, ...options });
  }

  #manner(): Pick<ScanOptions, "goBackwards" | "returnSequences" | "zeroOutputForMask"> {
    const { goBackwards, returnSequences, zeroOutputForMask } = this.options;
    return { goBackwards, returnSequences, zeroOutputForMask };
  }

  /**
   * Sets what a stateful layer carries to **states**, or to zero.
   *
   * @throws if the layer is not stateful, or for states of other number or shape, or before it is built.
   */
  override resetStates(states?: Tensor | Tensor[]): void {
    if (!this.stateful) throw new Error(`${this.name}: expected a stateful layer to reset`);
    if (states === undefined) {
      tidy(() => {
        for (const carried of this.#carried) carried.assign(zeros(carried.shape));
      });
      return;
    }
    const given = [states].flat();
    this.checkCarried(given);
    this.#carry(given);
  }

  /**
   * Refuses states that {@link resetStates} cannot take.
   *
   * @internal
   */
  checkCarried(states: readonly Tensor[]): void {
    if (!this.built) throw new Error(`${this.name}: expected states once built, got them before`);
    const names = stateNames(this.cell);
    checkStateCount(this.name, names, states.length);
    for (const [i, carried] of this.#carried.entries()) {
      checkShape(this.name, `a state ${names[i]}`, states[i]!.shape, carried.shape, "BH");
    }
  }

  /** Keras's name for {@link resetStates}. */
  resetState(): void {
    this.resetStates();
  }

  /** Assigning to a variable is not recorded: no gradient flows into the batch before. */
  #carry(states: readonly Tensor[]): void {
    for (const [i, carried] of this.#carried.entries()) {
      // Assigning frees the numbers before: its own it must keep.
      if (states[i] !== carried) carried.assign(states[i] as Tensor2D);
    }
  }

  protected override assertInputCompatibility(inputs: Inputs): void {
    this.checkInputs([inputs].flat() as Tensor[]);
  }

  /**
   * Refuses inputs and initial states of other shapes than the layer's.
   *
   * @internal
   */
  checkInputs(inputs: readonly (Tensor | SymbolicTensor)[]): void {
    const [x, ...states] = inputs.map(({ shape }) => shape as Shape);
    const { shape, ndim = Math.max(3, x!.length) } = this.inputSpec[0]!;
    const wanted = shape ?? Array<null>(ndim).fill(null);
    checkShape(this.name, "an input", x!, wanted, "BTI");
    if (states.length === 0) return;
    const names = stateNames(this.cell);
    checkStateCount(this.name, names, states.length);
    for (const [i, size] of stateSizes(this.cell).entries()) {
      checkShape(this.name, `a state ${names[i]}`, states[i]!, [x![0]!, size], "BH");
    }
  }

  override computeMask(_inputs: Tensor | Tensor[], mask?: Tensor | Tensor[]): Tensor | Tensor[] {
    const { returnSequences, returnState } = this.options;
    const first = passedMask(returnSequences, mask) as Tensor;
    return returnState ? [first, ...stateSizes(this.cell).map(() => null as never)] : first;
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape | Shape[] {
    const [B, T] = firstShape(inputShape) as [number, number];
    const { returnSequences, returnState } = this.options;
    const size = outputSize(this.cell);
    const output = returnSequences ? [B, T, size] : [B, size];
    return returnState ? [output, ...stateSizes(this.cell).map((units) => [B, units])] : output;
  }

  protected override disposeWeights(): number {
    return this.releaseWeights();
  }

  /**
   * Disposes weights and states, and says of how many weights.
   *
   * @internal
   */
  releaseWeights(): number {
    for (const carried of this.#carried) carried.dispose();
    return super.disposeWeights();
  }

  /**
   * A layer of the same options but for **differences**, with weights of its own.
   *
   * @internal
   */
  copy(differences: object): RecurrentLayer {
    const Class = this.constructor as new (args: object) => RecurrentLayer;
    return new Class({ ...this.getConfig(), ...differences });
  }

  override getConfig(): serialization.ConfigDict {
    const activityRegularizer = serialized(this.#regularizer);
    return { ...this.options, activityRegularizer, ...super.getConfig() };
  }
}
