import { checkOptions, type Random, seededRandom } from "@rnnkit/core-rnn";
import { dispose, keep, type Tensor, type TensorContainer, zeros } from "@tensorflow/tfjs-core";
import { type LayerVariable, layers, type Shape } from "@tensorflow/tfjs-layers";
import { checkCallInputs } from "../graph/call-inputs.ts";
import type { Inputs, Kwargs } from "../graph/layer-call.ts";
import type { LayerArgs } from "../options/recurrent-options.ts";
import { drawnSeed, withDrawnSeed } from "../random-seed.ts";
import { seeds } from "../seeds.ts";
import { dropoutMask } from "./dropout-masks.ts";

type AddWeightArgs = Parameters<InstanceType<typeof layers.Layer>["addWeight"]>;

/** Options of every cell. */
export interface RecurrentCellArgs extends LayerArgs {
  /** Makes the sequence of dropout masks repeatable. */
  seed?: number | null;
}

/**
 * One step of a recurrence, for `layers.rnn` to run over a sequence: extend it to make a cell of your
 * own.
 *
 *     [output, ...state′] = call([x, ...state], { training })
 *
 * x is [B, I], an output [B, outputSize], the states [B, size] each. **build** gets [B, I] and makes
 * the weights with `addWeight`, whose regularizers reach the loss and whose constraints hold after
 * every update. Give the class a static **className** and, for files, `getConfig()`, and register it with
 * `tf.serialization.registerClass`. What it computes must be differentiable tfjs operations.
 *
 * Reference: https://keras.io/api/layers/base_rnn/
 *
 * @example
 * class Sum extends RecurrentCell {
 *   static className = "Sum";
 *   stateSize = 3;
 *   call([x, s]) { const y = tf.add(x, s); return [y, y]; }
 * }
 * layers.rnn({ cell: new Sum({}), returnSequences: true });
 */
export abstract class RecurrentCell extends layers.Layer {
  /**
   * Where its dropout masks come from.
   *
   * @internal
   */
  protected readonly random: Random;
  /** What {@link oncePerCall} has made; undefined outside of a sequence. */
  #made: Map<string, object> | undefined;

  constructor(args: RecurrentCellArgs = {}) {
    // Its names are the class's own affair.
    checkOptions(new.target.name, args, Object.keys(args ?? {}), "{ seed: 1 }");
    super(args);
    if (args.seed != null && !Number.isFinite(args.seed)) {
      throw new Error(`${this.name}: expected seed to be a number, got ${args.seed}`);
    }
    this.random = seededRandom(seeds(args.seed ?? drawnSeed())() as number);
  }

  protected override addWeight(
    ...[name, shape, dtype, initializer, ...others]: AddWeightArgs
  ): LayerVariable {
    return super.addWeight(
      name,
      shape,
      dtype,
      initializer && withDrawnSeed(initializer),
      ...others,
    );
  }

  /** Length of the state, or of each, the first first. */
  abstract readonly stateSize: number | readonly number[];

  /** Length of the output. Default: that of the first state. */
  get outputSize(): number {
    return [this.stateSize].flat()[0] as number;
  }

  /** The states before the first step, [batchSize, size] each. Default: zeros. */
  getInitialState(batchSize: number): Tensor | Tensor[] {
    return [this.stateSize].flat().map((size) => zeros([batchSize, size as number]));
  }

  override apply(
    inputs: Inputs,
    kwargs: Kwargs = {},
  ): ReturnType<InstanceType<typeof layers.Layer>["apply"]> {
    checkCallInputs(this.name, inputs, kwargs);
    return super.apply(inputs, kwargs);
  }

  /** One step. */
  abstract override call(inputs: Tensor | Tensor[], kwargs: Kwargs): Tensor[];

  override computeOutputShape(inputShape: Shape | Shape[]): Shape[] {
    const [B] = [inputShape].flat(2) as Shape;
    const sizes = [this.outputSize, ...([this.stateSize].flat() as number[])];
    return sizes.map((size) => [B as number, size]);
  }

  /**
   * A mask of 0 with probability **rate**, else 1 / (1 - rate): in a layer the same at all steps of a
   * call, a new one for every call; outside of a layer always new. **name** tells masks apart.
   */
  protected dropoutMask(name: string, shape: number[], rate: number): Tensor {
    return this.oncePerCall(name, (random) => ({ mask: dropoutMask(shape, rate, random) })).mask;
  }

  /**
   * The tensors that **make** gives: within {@link sequence} made once and then the same again.
   *
   * @internal
   */
  protected oncePerCall<Tensors extends object>(
    name: string,
    make: (random: Random) => Tensors,
  ): Tensors {
    const known = this.#made?.get(name) as Tensors | undefined;
    if (known) return known;
    const made = make(this.random);
    if (this.#made) {
      for (const tensor of Object.values(made)) keep(tensor);
      this.#made.set(name, made);
    }
    return made;
  }

  /**
   * Runs **body** as one call over a sequence.
   *
   * @internal
   */
  sequence<Result>(body: () => Result): Result {
    const outer = this.#made;
    this.#made = new Map();
    try {
      return body();
    } finally {
      for (const made of this.#made.values()) dispose(made as TensorContainer);
      this.#made = outer;
    }
  }
}
