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
import { firstShape, type Kwargs } from "./layer-call.ts";
import type { LayerArgs } from "./recurrent-options.ts";
import {
  type ConstraintArg,
  held,
  type InitializerArg,
  type RegularizerArg,
  serialized,
  type WeightSpec,
  weightSpec,
} from "./weight-spec.ts";

export interface EmbeddingArgs extends LayerArgs {
  /** How many tokens there are, 0 included. */
  inputDim: number;
  /** Length of a token's vector. */
  outputDim: number;
  /** Default uniform in ±0.05. */
  embeddingsInitializer?: InitializerArg;
  /** Added to the loss. Default none. */
  embeddingsRegularizer?: RegularizerArg;
  embeddingsConstraint?: ConstraintArg;
  /** Whether token 0 is padding, hidden from later layers. Default *false*. */
  maskZero?: boolean;
  /** Length of the sequences, where it is fixed. */
  inputLength?: number | number[] | null;
  /** Makes the default initial vectors repeatable. */
  seed?: number | null;
}

/** @internal */
export class EmbeddingLayer extends layers.Layer {
  static readonly className = "Embedding";
  readonly inputDim: number;
  readonly outputDim: number;
  readonly maskZero: boolean;
  readonly inputLength: number | number[] | null;
  readonly #spec: WeightSpec;
  #embeddings: LayerVariable | undefined;

  constructor(args: EmbeddingArgs) {
    const { inputDim, outputDim, maskZero = false, inputLength = null } = args;
    const known = args.inputShape != null || args.batchInputShape != null;
    super(known ? args : { ...args, inputShape: [inputLength].flat() });
    for (const [name, value] of Object.entries({ inputDim, outputDim })) {
      if (Number.isInteger(value) && value > 0) continue;
      throw new Error(`${this.name}: expected ${name} to be a whole number from 1, got ${value}`);
    }
    if ((args as { activityRegularizer?: unknown }).activityRegularizer != null) {
      throw new Error(
        `${this.name}: expected no activityRegularizer, which tfjs-layers cannot apply`,
      );
    }
    const range = { minval: -0.05, maxval: 0.05, seed: (args.seed ?? undefined) as number };
    this.#spec = weightSpec(
      args.embeddingsInitializer,
      initializers.randomUniform(range),
      args.embeddingsRegularizer,
      args.embeddingsConstraint,
    );
    this.inputDim = inputDim;
    this.outputDim = outputDim;
    this.maskZero = maskZero;
    this.inputLength = inputLength;
    this.supportsMasking = maskZero;
  }

  override build(): void {
    const { initializer, regularizer } = this.#spec;
    const shape = [this.inputDim, this.outputDim];
    this.#embeddings = held(
      this.addWeight("embeddings", shape, "float32", initializer, regularizer as never),
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
        return gather(this.#embeddings!.read(), cast(tokens, "int32"));
      } catch (error) {
        const index = /(?:index value|got) (-?\d+)/.exec(`${error}`)?.[1];
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
    return tidy(() => notEqual(tokens, zerosLike(tokens)));
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
        `${this.name}: expected sequences of inputLength ${known}, got [${[B, ...lengths]}]`,
      );
    }
    return [B!, ...lengths.map((n, i) => n ?? known[i] ?? null), this.outputDim];
  }

  override getConfig(): serialization.ConfigDict {
    const { initializer, regularizer, constraint } = this.#spec;
    return {
      inputDim: this.inputDim,
      outputDim: this.outputDim,
      embeddingsInitializer: serialized(initializer),
      embeddingsRegularizer: serialized(regularizer),
      activityRegularizer: null,
      embeddingsConstraint: serialized(constraint),
      maskZero: this.maskZero,
      inputLength: this.inputLength,
      ...super.getConfig(),
    };
  }
}
