import { shown } from "@rnnkit/core-rnn";
import { lookupStage, stepOps } from "@rnnkit/fused-rnn";
import {
  cast,
  gather,
  notEqual,
  type serialization,
  type Tensor,
  tidy,
  zerosLike,
} from "@tensorflow/tfjs-core";
import { initializers, type LayerVariable, layers, type Shape } from "@tensorflow/tfjs-layers";
import { recordLookup } from "../cells/looked-up.ts";
import { linked, readsLookup } from "../chain/layer-links.ts";
import { derive } from "../derived.ts";
import { detached } from "../graph/carried-mask.ts";
import { inKerasGraph } from "../graph/keras-graph.ts";
import { firstShape, type Kwargs } from "../graph/layer-call.ts";
import { readable } from "../options/layer-from.ts";
import type { LayerArgs } from "../options/recurrent-options.ts";
import {
  type Constraint,
  type ConstraintArg,
  constrained,
  type Initializer,
  type InitializerArg,
  type Regularizer,
  type RegularizerArg,
  regularizer,
  serialized,
  type WeightSpec,
  weightSpec,
  whileTrained,
} from "../options/weight-spec.ts";
import { withDrawnSeed } from "../random-seed.ts";
import { shapeText } from "../shape.ts";
import { type ActivityLoss, activityLoss } from "./activity-loss.ts";

/** What `layers.embedding` takes. */
export interface EmbeddingArgs extends Omit<LayerArgs, "weights"> {
  /** How many tokens there are, 0 included. */
  inputDim: number;
  /** Length of a token's vector. */
  outputDim: number;
  /** Default uniform in ±0.05. */
  embeddingsInitializer?: InitializerArg;
  /** Added to the loss. Default none. */
  embeddingsRegularizer?: RegularizerArg;
  /** Of the vectors that a call gives, divided by the batch size; added to the loss. Default none. */
  activityRegularizer?: RegularizerArg;
  /** Holds the vectors after every step of an optimizer. Default none. */
  embeddingsConstraint?: ConstraintArg;
  /** The initial vectors, [inputDim, outputDim], in place of the initializer's; copied. */
  weights?: Tensor | [Tensor] | null;
  /** Whether token 0 is padding, hidden from later layers. Default *false*. */
  maskZero?: boolean;
  /** Length of the sequences, where it is fixed. */
  inputLength?: number | number[] | null;
  /** Makes the default initial vectors repeatable. */
  seed?: number | null;
}

/** A vector for each token; `layers.embedding` says how. */
export class EmbeddingLayer extends layers.Layer {
  static readonly className = "Embedding";
  readonly inputDim: number;
  readonly outputDim: number;
  readonly maskZero: boolean;
  readonly inputLength: number | number[] | null;
  readonly #spec: WeightSpec;
  readonly #regularizer: Regularizer | null;
  readonly #activity: ActivityLoss;
  /** [inputDim, outputDim]; null before it is built. */
  embeddings: LayerVariable | null = null;

  declare readonly embeddingsInitializer: Initializer;
  declare readonly embeddingsRegularizer: Regularizer | null;
  declare readonly embeddingsConstraint: Constraint | null;

  static {
    linked(EmbeddingLayer, (layer, { next }) => {
      const isLeft = readsLookup(next);
      const [ids] = (layer.inboundNodes[0]?.inputShapes ?? []) as Shape[];
      if (isLeft && ids?.length !== 2) return { reason: "its tokens are not [B, T]" };
      const { name: who, maskZero: masksZero } = layer;
      const stage = lookupStage({ who, table: () => layer.embeddings!.read(), masksZero, isLeft });
      return { stages: [stage], isMasked: masksZero, decidedBy: () => [layer.maskZero] };
    });
    readable(EmbeddingLayer);
    derive(EmbeddingLayer, {
      embeddingsInitializer: (layer) => layer.#spec.initializer,
      embeddingsRegularizer: (layer) => layer.#spec.regularizer,
      embeddingsConstraint: (layer) => layer.#spec.constraint,
    });
  }

  constructor(args: EmbeddingArgs) {
    const { inputDim, outputDim, maskZero = false, inputLength = null } = args;
    const known = args.inputShape != null || args.batchInputShape != null;
    const weights = args.weights && ([args.weights].flat() as [Tensor]);
    const given = { ...args, weights } as LayerArgs;
    super(known ? given : { ...given, inputShape: [inputLength].flat() });
    for (const [name, value] of Object.entries({ inputDim, outputDim })) {
      if (Number.isInteger(value) && value > 0) continue;
      throw new Error(
        `${this.name}: expected ${name} to be a whole number from 1, got ${shown(value)}`,
      );
    }
    const shapes = weights?.map((given) => shown(given?.shape ?? given)).join(" and ");
    if (shapes !== undefined && shapes !== shown([inputDim, outputDim])) {
      throw new Error(
        `${this.name}: expected weights of shape [${inputDim}, ${outputDim}], got ${shapes}`,
      );
    }
    const range = { minval: -0.05, maxval: 0.05, seed: (args.seed ?? undefined) as number };
    this.#spec = weightSpec(
      args.embeddingsInitializer,
      initializers.randomUniform(range),
      args.embeddingsRegularizer,
      args.embeddingsConstraint,
    );
    this.#regularizer = regularizer(args.activityRegularizer);
    this.#activity = activityLoss(this.#regularizer);
    this.addLoss(this.#activity.losses);
    this.inputDim = inputDim;
    this.outputDim = outputDim;
    this.maskZero = maskZero;
    this.inputLength = inputLength;
    this.supportsMasking = maskZero;
    inKerasGraph(this);
  }

  override build(_inputShape?: Shape | Shape[]): void {
    const { initializer, regularizer: cost } = this.#spec;
    const shape = [this.inputDim, this.outputDim];
    this.embeddings = constrained(
      this.addWeight(
        "embeddings",
        shape,
        "float32",
        withDrawnSeed(initializer),
        whileTrained(this, cost) as never,
      ),
      this.#spec,
    );
    this.built = true;
  }

  /** Any number of axes will do. */
  protected override warnOnIncompatibleInputShape(): void {}

  override call(inputs: Tensor | Tensor[], kwargs: Kwargs): Tensor {
    return tidy(() => {
      this.invokeCallHook(inputs, kwargs);
      const [tokens] = [inputs].flat() as [Tensor];
      try {
        const table = this.embeddings!.read();
        const vectors = stepOps()?.lookup(table, tokens) ?? gather(table, cast(tokens, "int32"));
        if (tokens.rank === 2 && tokens.dtype !== "bool") {
          recordLookup(vectors, { ids: tokens, table });
        }
        return this.#activity.noted(vectors, kwargs);
      } catch (error) {
        // What a device finds late may be of another table, and says so.
        const index = /index value (-?\d+)|got (-?\d+)$/.exec(`${error}`)?.slice(1).find(Boolean);
        if (index === undefined) throw error;
        throw new Error(
          `${this.name}: expected tokens from 0 to below ${this.inputDim}, got ${index}`,
        );
      }
    });
  }

  override computeMask(inputs: Tensor | Tensor[]): Tensor {
    if (!this.maskZero) return null as never;
    const [tokens] = [inputs].flat() as [Tensor];
    return detached(() => tidy(() => notEqual(tokens, zerosLike(tokens))));
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape {
    const [B, ...lengths] = firstShape(inputShape);
    if (this.inputLength === null) return [B!, ...lengths, this.outputDim];
    const known = [this.inputLength].flat();
    const fits =
      known.length === lengths.length &&
      lengths.every((n, i) => n === null || known[i] == null || n === known[i]);
    if (!fits) {
      throw new Error(
        `${this.name}: expected sequences of inputLength ${shown(this.inputLength)}, got ${shapeText([B!, ...lengths])}`,
      );
    }
    return [B!, ...lengths.map((n, i) => n ?? known[i] ?? null), this.outputDim];
  }

  override getConfig(): serialization.ConfigDict {
    return {
      inputDim: this.inputDim,
      outputDim: this.outputDim,
      embeddingsInitializer: serialized(this.embeddingsInitializer),
      embeddingsRegularizer: serialized(this.embeddingsRegularizer),
      activityRegularizer: serialized(this.#regularizer),
      embeddingsConstraint: serialized(this.embeddingsConstraint),
      maskZero: this.maskZero,
      inputLength: this.inputLength,
      ...super.getConfig(),
    };
  }
}
