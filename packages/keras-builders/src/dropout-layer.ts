import { dropout, type serialization, type Tensor, tidy } from "@tensorflow/tfjs-core";
import { layers, type Shape } from "@tensorflow/tfjs-layers";

type LayerArgs = NonNullable<ConstructorParameters<typeof layers.Layer>[0]>;

export interface DropoutArgs extends LayerArgs {
  /** The part of the elements set to 0 in training, from 0 to below 1. */
  rate: number;
  /** Makes the sequence of masks repeatable. Default: a new one every run. */
  seed?: number;
}

/**
 * Sets a random part of its input to 0 in training and scales the rest by 1 / (1 - rate).
 *
 * It differs from tfjs's layer of the same name in one point: with a **seed** that one draws the same
 * mask for every batch, so the same units are off for ever. Here, as in Keras, the seed fixes the
 * sequence of masks and every call has its own.
 */
export class DropoutLayer extends layers.Layer {
  static readonly className = "Dropout";
  override supportsMasking = true;
  readonly rate: number;
  readonly seed: number | undefined;
  #calls = 0;

  constructor(args: DropoutArgs) {
    super(args);
    if (!(args.rate >= 0 && args.rate < 1)) {
      throw new Error(`dropout: expected a rate from 0 to below 1, got ${args.rate}`);
    }
    this.rate = args.rate;
    this.seed = args.seed;
  }

  override call(inputs: Tensor | Tensor[], kwargs: Record<string, unknown>): Tensor | Tensor[] {
    if (!kwargs.training || this.rate === 0) return inputs;
    const x = Array.isArray(inputs) ? inputs[0]! : inputs;
    const seed = this.seed === undefined ? undefined : `${this.seed}/${this.#calls++}`;
    return tidy(() => dropout(x, this.rate, undefined, seed));
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape | Shape[] {
    return inputShape;
  }

  override getConfig(): serialization.ConfigDict {
    return { ...super.getConfig(), rate: this.rate, noiseShape: null, seed: this.seed ?? null };
  }
}
