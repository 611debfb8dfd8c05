import { type Random, seededRandom } from "@rnnkit/core-rnn";
import { type DropoutDraw, dropoutFactors, dropoutStage } from "@rnnkit/fused-rnn";
import {
  mul,
  type serialization,
  type Tensor,
  tensor,
  tidy,
  util,
  zerosLike,
} from "@tensorflow/tfjs-core";
import { layers, type Shape } from "@tensorflow/tfjs-layers";
import { dropoutDraw } from "../cells/dropout-masks.ts";
import { linked } from "../chain/layer-links.ts";
import { inKerasGraph } from "../graph/keras-graph.ts";
import type { Kwargs } from "../graph/layer-call.ts";
import { readable } from "../options/layer-from.ts";
import { drawnSeed } from "../random-seed.ts";
import { seeds } from "../seeds.ts";
import { countActivity } from "./activity-loss.ts";

type LayerArgs = NonNullable<ConstructorParameters<typeof layers.Layer>[0]>;

/** What `layers.dropout` takes. */
export interface DropoutArgs extends LayerArgs {
  /** The part of the elements set to 0 in training, from 0 to 1. */
  rate: number;
  /**
   * Shape of the mask, *null* for the input's own: [null, 1, null] gives all time steps of [B, T, I]
   * the same. Default: the input's shape.
   */
  noiseShape?: (number | null)[] | null;
  /** Makes the sequence of masks repeatable. Default: a new one every run. */
  seed?: number | null;
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
  readonly noiseShape: (number | null)[] | null;
  readonly seed: number | null;
  readonly #random: Random;

  static {
    linked(DropoutLayer, (layer, { isMasked }) => {
      if (layer.noiseShape !== null) return { reason: "it has a noiseShape" };
      const decidedBy = () => [layer.noiseShape];
      return { stages: [dropoutStage(() => layer.draw())], isMasked, decidedBy };
    });
    readable(DropoutLayer);
  }

  constructor(args: DropoutArgs) {
    super(args);
    const { rate, noiseShape = null, seed = null } = args;
    if (!(rate >= 0 && rate <= 1)) {
      throw new Error(`${this.name}: expected rate from 0 to 1, got ${rate}`);
    }
    this.rate = rate;
    this.noiseShape = noiseShape;
    this.seed = seed;
    this.#random = seededRandom(seeds(seed ?? drawnSeed())() as number);
    countActivity(this, args);
    inKerasGraph(this);
  }

  override call(inputs: Tensor | Tensor[], kwargs: Kwargs): Tensor | Tensor[] {
    return tidy(() => {
      this.invokeCallHook(inputs, kwargs);
      if (!kwargs.training || this.rate === 0) return inputs;
      const [x] = [inputs].flat() as [Tensor];
      // Of infinite numbers too.
      if (this.rate === 1) return zerosLike(x);
      const shape = this.getNoiseShape(x) ?? x.shape;
      const factors = dropoutFactors(this.draw()!, util.sizeFromShape(shape));
      return mul(x, tensor(factors, shape));
    });
  }

  /** Of the mask for **x**; undefined: x's own. */
  protected getNoiseShape(x: Tensor): number[] | undefined {
    return this.noiseShape?.map((n, i) => n ?? x.shape[i]!);
  }

  /**
   * What decides the mask of one training call; undefined where nothing drops out.
   *
   * @internal
   */
  draw(): DropoutDraw | undefined {
    return this.rate === 0 ? undefined : dropoutDraw(this.rate, this.#random);
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape | Shape[] {
    return inputShape;
  }

  override getConfig(): serialization.ConfigDict {
    return { ...super.getConfig(), rate: this.rate, noiseShape: this.noiseShape, seed: this.seed };
  }
}
