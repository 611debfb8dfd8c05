// What all recurrent layers share: a cell over a sequence, behind a tfjs layer.

import { shown } from "@rnnkit/core-rnn";
import type { RecurrentResult } from "@rnnkit/fused-rnn";
import {
  clone,
  type serialization,
  type Tensor,
  type Tensor2D,
  tensor,
  tidy,
  type Variable,
  variable,
  zeros,
} from "@tensorflow/tfjs-core";
import { InputSpec, type Shape, type SymbolicTensor } from "@tensorflow/tfjs-layers";
import {
  type AnyCell,
  initialStates,
  outputSize,
  stateNames,
  stateSizes,
} from "../cells/any-cell.ts";
import { checkStateCount, type ScanOptions } from "../cells/fused-cell.ts";
import { buildPart, type CompositeLayer } from "../graph/composite-layer.ts";
import { inKerasGraph } from "../graph/keras-graph.ts";
import {
  applyWithState,
  firstShape,
  type Inputs,
  type Kwargs,
  passedMask,
  sequenceMask,
} from "../graph/layer-call.ts";
import type { SequenceArgs } from "../options/recurrent-options.ts";
import { type Regularizer, regularizer, serialized } from "../options/weight-spec.ts";
import { checkShape, shapeText } from "../shape.ts";
import { type ActivityLoss, activityLoss } from "./activity-loss.ts";
import { DescribedLayer } from "./described-layer.ts";

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
export abstract class RecurrentLayer extends DescribedLayer {
  override supportsMasking = true;
  readonly #regularizer: Regularizer | null;
  readonly #activity: ActivityLoss;
  /** What a stateful layer carries from batch to batch. */
  #carried: Variable[] = [];

  constructor(args: SequenceArgs, cell: (name: string) => AnyCell) {
    super(args, cell);
    this.#regularizer = regularizer(args.activityRegularizer);
    this.#activity = activityLoss(this.#regularizer);
    inKerasGraph(this);
  }

  /**
   * Runs the cell over a sequence.
   *
   * @internal
   */
  abstract scan(x: Tensor, options: ScanOptions): RecurrentResult;

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
    if (!Array.isArray(states)) {
      throw new Error(`${this.name}: expected a list of states, got ${shown(states)}`);
    }
    this.resetStates(states);
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
      const mask = sequenceMask(this.name, x, kwargs);
      const result = this.scan(x, this.beginCall(inputs, mask, kwargs));
      return this.finishCall(result, kwargs);
    });
  }

  /**
   * How a call goes over its sequence, once its hook has been called.
   *
   * @internal
   */
  beginCall(inputs: Tensor | Tensor[], mask: Tensor | undefined, kwargs: Kwargs): ScanOptions {
    this.invokeCallHook(inputs, kwargs);
    const [, ...given] = [inputs].flat();
    const carried = this.#carried.length ? this.#carried : undefined;
    const initialState = given.length ? given : carried;
    return { ...this.#flags(), initialState, mask, training: Boolean(kwargs.training) };
  }

  /**
   * What a call returns, once what is to be carried, and what it costs, is noted.
   *
   * @internal
   */
  finishCall({ outputs, state }: RecurrentResult, kwargs: Kwargs): Tensor | Tensor[] {
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
    return this.scan(x, { ...this.#flags(), training: false, ...options });
  }

  #flags(): Pick<ScanOptions, "goBackwards" | "returnSequences" | "zeroOutputForMask"> {
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
    // Copies: assigning frees the numbers before, which may be among those given.
    tidy(() => this.#carry(given.map((state) => clone(state))));
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

  /**
   * Carries states, [B, size] each, given as numbers.
   *
   * @internal
   */
  carryNumbers(states: readonly Float32Array[]): void {
    tidy(() => {
      this.#carry(states.map((state, i) => tensor(state.slice(), this.#carried[i]!.shape)));
    });
  }

  /** Assigning to a variable is not recorded: no gradient flows into the batch before. */
  #carry(states: readonly Tensor[]): void {
    for (const [i, carried] of this.#carried.entries()) carried.assign(states[i] as Tensor2D);
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
