import { shown } from "@rnnkit/core-rnn";
import { chosen } from "@rnnkit/fused-rnn";
import {
  add,
  cast,
  dropout as dropped,
  expandDims,
  matMul,
  mul,
  reshape,
  type serialization,
  softmax,
  sub,
  sum,
  type Tensor,
  tanh,
  tidy,
  where,
  zerosLike,
} from "@tensorflow/tfjs-core";
import { initializers, type LayerVariable, layers, type Shape } from "@tensorflow/tfjs-layers";
import type { Mask } from "../graph/carried-mask.ts";
import { inKerasGraph } from "../graph/keras-graph.ts";
import type { Kwargs } from "../graph/layer-call.ts";
import { readable } from "../options/layer-from.ts";
import type { LayerArgs } from "../options/recurrent-options.ts";
import { drawnSeed, withDrawnSeed } from "../random-seed.ts";
import { shapeText } from "../shape.ts";
import { countActivity } from "./activity-loss.ts";

/** Options of AdditiveAttention. */
export interface AdditiveAttentionArgs extends LayerArgs {
  /** Whether scores have a learnt scale. Default *true*; of Attention *false*. */
  useScale?: boolean;
  /** The part of the weights set to 0 in training. Default 0. */
  dropout?: number;
  /** Makes the sequence of dropout masks repeatable. */
  seed?: number | null;
}

/** Options of Attention. */
export interface AttentionArgs extends AdditiveAttentionArgs {
  /** *dot* (default): q·kᵀ; *concat*: a learnt w · Σ tanh(q + k). */
  scoreMode?: "dot" | "concat";
}

/** What Keras takes off the scores of masked values. */
const masked = 1e9;

/** Values weighted by how well their keys go with a query; `layers.attention` says how. */
export class AttentionLayer extends layers.Layer {
  static readonly className: string = "Attention";
  override supportsMasking = true;
  readonly useScale: boolean;
  readonly scoreMode: "dot" | "concat";
  readonly dropout: number;
  readonly seed: number | null;
  readonly #drawn: number;
  #calls = 0;
  /** Once it is built, with **useScale**. */
  scale: LayerVariable | undefined;
  /** Once it is built, of *concat*. */
  concatScoreWeight: LayerVariable | undefined;

  static {
    readable(AttentionLayer);
  }

  constructor(args: AttentionArgs = {}) {
    super(args);
    const { useScale = false, scoreMode = "dot", dropout = 0, seed = null } = args;
    if (scoreMode !== "dot" && scoreMode !== "concat") {
      throw new Error(
        `${this.name}: expected scoreMode to be dot or concat, got ${shown(scoreMode)}`,
      );
    }
    if (!(dropout >= 0 && dropout < 1)) {
      throw new Error(`${this.name}: expected dropout from 0 to below 1, got ${shown(dropout)}`);
    }
    this.useScale = useScale;
    this.scoreMode = scoreMode;
    this.dropout = dropout;
    this.seed = seed;
    this.#drawn = seed ?? drawnSeed();
    countActivity(this, args);
    inKerasGraph(this);
  }

  override build(inputShape: Shape | Shape[]): void {
    this.computeOutputShape(inputShape);
    const add = (name: string) => this.addWeight(name, [], "float32", initializers.ones());
    if (this.useScale) this.scale = add("scale");
    if (this.scoreMode === "concat") this.concatScoreWeight = add("concat_score_weight");
    this.built = true;
  }

  /** [B, Tq, Tv] of [B, Tq, F] and [B, Tv, F]. */
  protected scores(query: Tensor, key: Tensor): Tensor {
    const scale = this.scale?.read();
    if (this.scoreMode === "dot") {
      const product = matMul(query, key, false, true);
      return scale ? mul(product, scale) : product;
    }
    const pairs = sumOfPairs(query, key);
    const bent = sum(tanh(scale ? mul(pairs, scale) : pairs), -1);
    return mul(bent, this.concatScoreWeight!.read());
  }

  override call(inputs: Tensor | Tensor[], kwargs: Kwargs): Tensor {
    return tidy(() => {
      const [query, value, key = value!] = inputs as Tensor[];
      this.computeOutputShape((inputs as Tensor[]).map(({ shape }) => shape));
      const [queryMask, valueMask] = [kwargs.mask as Mask | Mask[]].flat();
      let scores = this.scores(query!, key);
      if (valueMask) {
        this.#checkMask(valueMask, value!);
        const shape = [valueMask.shape[0]!, 1, valueMask.shape[1]!];
        const wide = add(cast(reshape(valueMask, shape), "float32"), zerosLike(scores));
        scores = where(cast(wide, "bool"), scores, sub(scores, masked));
      }
      const weights = this.#dropped(softmax(scores), kwargs);
      const y = matMul(weights, value!);
      if (!queryMask) return y;
      this.#checkMask(queryMask, query!);
      return chosen(expandDims(queryMask, -1), y);
    });
  }

  #dropped(weights: Tensor, { training }: Kwargs): Tensor {
    if (!training || this.dropout === 0) return weights;
    return dropped(weights, this.dropout, undefined, `${this.#drawn}/${this.#calls++}`);
  }

  #checkMask(mask: Tensor, x: Tensor): void {
    const steps = x.shape.slice(0, 2);
    if (`${mask.shape}` === `${steps}`) return;
    throw new Error(
      `${this.name}: expected a mask of shape ${shapeText(steps)}, got ${shapeText(mask.shape)}`,
    );
  }

  /** That of the query. */
  override computeMask(_: Tensor | Tensor[], masks?: Tensor | Tensor[]): Tensor {
    return ([masks].flat()[0] ?? null) as Tensor;
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape {
    const shapes = Array.isArray(inputShape[0]) ? (inputShape as Shape[]) : [inputShape as Shape];
    const [query, value, key = value] = shapes as [Shape, Shape, Shape?];
    const told = shapes.map((shape) => shapeText(shape)).join(", ");
    if (shapes.length < 2 || shapes.length > 3 || shapes.some(({ length }) => length !== 3)) {
      throw new Error(
        `${this.name}: expected [query, value] or [query, value, key] of shape [B, T, F] each, got ${told}`,
      );
    }
    const differ = (a: number | null | undefined, b: number | null | undefined) =>
      a != null && b != null && a !== b;
    if (differ(query[2], key![2]) || differ(value[1], key![1])) {
      throw new Error(
        `${this.name}: expected a query and keys of equal features, and a value for each key, got ${told}`,
      );
    }
    return [query[0]!, query[1]!, value[2]!];
  }

  override getConfig(): serialization.ConfigDict {
    const { useScale, scoreMode, dropout, seed } = this;
    return { ...super.getConfig(), useScale, scoreMode, dropout, seed };
  }
}

/** Scores Σ s · tanh(q + k); `layers.additiveAttention` says how. */
export class AdditiveAttentionLayer extends AttentionLayer {
  static override readonly className = "AdditiveAttention";

  static {
    readable(AdditiveAttentionLayer);
  }

  constructor(args: AdditiveAttentionArgs = {}) {
    super({ ...args, useScale: args.useScale ?? true, scoreMode: "dot" });
  }

  override build(inputShape: Shape | Shape[]): void {
    this.computeOutputShape(inputShape);
    const F = (inputShape as Shape[])[0]!.at(-1);
    if (F == null) throw new Error(`${this.name}: expected a query of known features, got ${F}`);
    const start = withDrawnSeed(initializers.glorotUniform({}));
    if (this.useScale) this.scale = this.addWeight("scale", [F], "float32", start);
    this.built = true;
  }

  protected override scores(query: Tensor, key: Tensor): Tensor {
    const bent = tanh(sumOfPairs(query, key));
    return sum(this.scale ? mul(bent, this.scale.read()) : bent, -1);
  }

  override getConfig(): serialization.ConfigDict {
    const { scoreMode: _, ...config } = super.getConfig();
    return config;
  }
}

/** q + k of every query with every key, [B, Tq, Tv, F]. */
function sumOfPairs(query: Tensor, key: Tensor): Tensor {
  return add(expandDims(query, 2), expandDims(key, 1));
}
