// What SimpleRNN, LSTM and GRU share: one fused operation behind a tfjs layer.

import { type Random, seededRandom } from "@rnnkit/core-rnn";
import type {
  GatedOptions,
  RecurrentResult,
  RecurrentWeights,
  RecurrentOptions as SequenceOptions,
} from "@rnnkit/fused-rnn";
import {
  cast,
  type serialization,
  type Tensor,
  type Tensor2D,
  type Tensor3D,
  tidy,
  type Variable,
  variable,
  zeros,
} from "@tensorflow/tfjs-core";
import {
  type LayerVariable,
  layers,
  type Shape,
  type SymbolicTensor,
} from "@tensorflow/tfjs-layers";
import { type DropoutMasks, dropoutMasks } from "./dropout-masks.ts";
import {
  applyWithState,
  firstShape,
  type Inputs,
  type Kwargs,
  maskOf,
  passedMask,
} from "./layer-call.ts";
import {
  type GatedArgs,
  type RecurrentOptions,
  recurrentConfig,
  recurrentOptions,
} from "./recurrent-options.ts";
import { seeds } from "./seeds.ts";
import { held, unitForgetBias, type WeightSpec } from "./weight-spec.ts";

/** What tells one recurrent layer from another. */
export interface Recurrence {
  /** Gates in the weights' columns. */
  gates: 1 | 3 | 4;
  /** Names of its states. */
  states: readonly string[];
  /** The bias is [2, gates·units] instead of [gates·units]. */
  twoBiases?: boolean;
  unitForgetBias?: boolean;
  /** The whole sequence as one operation. */
  run(x: Tensor3D, weights: RecurrentWeights, options: GatedOptions): RecurrentResult;
}

/** What `RecurrentLayer.recur` takes beside the layer's own options. */
export type RecurOptions = Pick<SequenceOptions, "initialState" | "mask"> & DropoutMasks;

/**
 * A tfjs layer around a fused recurrence, with Keras 3's options and semantics.
 *
 * Input [B, T, I], as `apply(x)` or, with an initial state, `apply([x, ...state])` or
 * `apply(x, { initialState })`, symbolic or concrete. Output [B, units], or [B, T, units] with
 * **returnSequences**; with **returnState** the final states follow, [B, units] each. A mask
 * [B, T] from Embedding or Masking is obeyed, and passed on with returnSequences.
 */
export abstract class RecurrentLayer extends layers.Layer {
  override supportsMasking = true;
  readonly options: RecurrentOptions;
  /**
   * Stands before the names of the weights.
   *
   * @internal
   */
  scope = "";
  readonly #recurrence: Recurrence;
  readonly #random: Random;
  #weights: LayerVariable[] = [];
  /** What a stateful layer carries from batch to batch. */
  #carried: Variable[] = [];

  constructor(args: GatedArgs, recurrence: Recurrence) {
    super(args);
    this.options = recurrentOptions(this.name, args);
    this.#recurrence = recurrence;
    this._stateful = this.options.stateful;
    const seed = this.options.seed ?? Math.floor(Math.random() * 2 ** 32);
    this.#random = seededRandom(seeds(seed)() as number);
  }

  /** What a stateful layer carries, h (and c), [B, units] each; none before it is built. */
  get states(): readonly Tensor[] {
    return this.#carried;
  }

  /** How many states it has: 2 for LSTM, else 1. */
  get stateCount(): number {
    return this.#recurrence.states.length;
  }

  override build(inputShape: Shape | Shape[]): void {
    const [B, , I] = firstShape(inputShape);
    if (!I) throw new Error(`${this.name}: expected an input of known features, got ${I}`);
    const { units, useBias, stateful, kernel, recurrent, bias } = this.options;
    if (stateful && !B) {
      throw new Error(
        `${this.name}: expected a batch size for a stateful layer, as in batchInputShape [32, 10, 3]`,
      );
    }
    const { gates, twoBiases } = this.#recurrence;
    // Initializers leave tensors behind; variables outlive a tidy.
    tidy(() => {
      this.#weights = [
        this.#add("kernel", [I, gates * units], kernel),
        this.#add("recurrent_kernel", [units, gates * units], recurrent),
      ];
      if (useBias) {
        const initializer = this.#recurrence.unitForgetBias
          ? unitForgetBias(bias.initializer, units)
          : bias.initializer;
        const shape = twoBiases ? [2, gates * units] : [gates * units];
        this.#weights.push(this.#add("bias", shape, { ...bias, initializer }));
      }
      if (stateful) {
        this.#carried = this.#recurrence.states.map(() => variable(zeros([B!, units]), false));
      }
    });
    this.built = true;
  }

  #add(name: string, shape: number[], spec: WeightSpec): LayerVariable {
    const { initializer, regularizer } = spec;
    return held(
      this.addWeight(this.scope + name, shape, "float32", initializer, regularizer as never),
      spec,
    );
  }

  override apply(inputs: Inputs, kwargs: Kwargs = {}): ReturnType<layers.Layer["apply"]> {
    return applyWithState((all, rest) => super.apply(all, rest), inputs, kwargs);
  }

  override call(inputs: Tensor | Tensor[], kwargs: Kwargs): Tensor | Tensor[] {
    return tidy(() => {
      this.invokeCallHook(inputs, kwargs);
      const [x, ...given] = [inputs].flat() as [Tensor, ...Tensor[]];
      const { units, dropout, recurrentDropout, stateful, returnState } = this.options;
      const [B, , I] = x.shape as [number, number, number];
      const G = this.#recurrence.gates;
      const masks = kwargs.training
        ? dropoutMasks({ dropout, recurrentDropout, B, I, H: units, G }, this.#random)
        : {};
      const carried = this.#carried.length ? this.#carried : undefined;
      const initialState = given.length ? given : carried;
      const mask = maskOf(kwargs);
      const { outputs, state } = this.recur(x, { initialState, mask, ...masks });
      if (stateful) this.#carry(state);
      return returnState ? [outputs, ...state] : outputs;
    });
  }

  /**
   * The recurrence with the layer's weights and options, and nothing else: no dropout of its own.
   *
   * @internal
   */
  recur(x: Tensor, options: RecurOptions): RecurrentResult {
    const [kernel, recurrentKernel, bias] = this.#weights.map((weight) => weight.read());
    const { activation, recurrentActivation, goBackwards } = this.options;
    const { returnSequences, zeroOutputForMask } = this.options;
    return this.#recurrence.run(
      (x.dtype === "float32" ? x : cast(x, "float32")) as Tensor3D,
      { kernel: kernel!, recurrentKernel: recurrentKernel!, bias },
      {
        ...{ activation, recurrentActivation, goBackwards, returnSequences, zeroOutputForMask },
        ...options,
      },
    );
  }

  /**
   * Sets what a stateful layer carries to **states**, or to zero.
   *
   * @throws if the layer is not stateful, or for states of other number or shape.
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
    this.#checkStateCount(given.length);
    for (const [i, carried] of this.#carried.entries()) {
      if (`${given[i]!.shape}` !== `${carried.shape}`) {
        const name = this.#recurrence.states[i];
        throw new Error(
          `${this.name}: expected a state ${name} of shape ${show(carried.shape)}, got ${show(given[i]!.shape)}`,
        );
      }
    }
    this.#carry(given);
  }

  /** Keras's name for {@link resetStates}. */
  resetState(): void {
    this.resetStates();
  }

  /** Assigning to a variable is not recorded: no gradient flows into the batch before. */
  #carry(states: readonly Tensor[]): void {
    for (const [i, carried] of this.#carried.entries()) carried.assign(states[i] as Tensor2D);
  }

  #checkStateCount(count: number): void {
    const { states } = this.#recurrence;
    if (count === states.length) return;
    throw new Error(
      `${this.name}: expected ${states.length} states (${states.join(", ")}), got ${count}`,
    );
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
    const I = this.#weights[0]?.shape[0] ?? null;
    const B = this.#carried[0]?.shape[0] ?? null;
    this.#checkShape("an input", x!, [B, null, I]);
    if (states.length) this.#checkStateCount(states.length);
    for (const [i, state] of states.entries()) {
      const name = `a state ${this.#recurrence.states[i]}`;
      this.#checkShape(name, state, [x![0]!, this.options.units]);
    }
  }

  #checkShape(what: string, got: Shape, wanted: Shape): void {
    const fits =
      got.length === wanted.length &&
      got.every((n, i) => n === wanted[i] || n === null || (wanted[i] ?? null) === null);
    if (fits) return;
    const letters = wanted.length === 3 ? "BTI" : "BH";
    const shape = wanted.map((n, i) => n ?? letters[i]!);
    throw new Error(`${this.name}: expected ${what} of shape ${show(shape)}, got ${show(got)}`);
  }

  override computeMask(_inputs: Tensor | Tensor[], mask?: Tensor | Tensor[]): Tensor | Tensor[] {
    const { returnSequences, returnState } = this.options;
    const first = passedMask(returnSequences, mask) as Tensor;
    return returnState ? [first, ...this.#recurrence.states.map(() => null as never)] : first;
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape | Shape[] {
    const [B, T] = firstShape(inputShape) as [number, number];
    const { units, returnSequences, returnState } = this.options;
    const output = returnSequences ? [B, T, units] : [B, units];
    return returnState ? [output, ...this.#recurrence.states.map(() => [B, units])] : output;
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

  override getConfig(): serialization.ConfigDict {
    return { ...recurrentConfig(this.options), ...super.getConfig() };
  }
}

const show = (shape: readonly (number | string | null)[]): string => `[${shape.join(", ")}]`;
