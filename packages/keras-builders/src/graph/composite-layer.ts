import { type LayerVariable, layers, type Shape } from "@tensorflow/tfjs-layers";

type Layer = InstanceType<typeof layers.Layer>;

/** A layer whose weights are those of the layers in it, in their order. */
export abstract class CompositeLayer extends layers.Layer {
  /** The layers in it. */
  protected abstract parts(): readonly Layer[];

  override get trainable(): boolean {
    return this.trainable_;
  }
  override set trainable(trainable: boolean) {
    this.trainable_ = trainable;
    for (const part of this.parts()) part.trainable = trainable;
  }
  override get trainableWeights(): LayerVariable[] {
    return this.trainable_ ? this.parts().flatMap((part) => part.trainableWeights) : [];
  }
  override get nonTrainableWeights(): LayerVariable[] {
    return this.trainable_
      ? this.parts().flatMap((part) => part.nonTrainableWeights)
      : this.weights;
  }
  /** Keras's order, whatever is trained: part by part. */
  override get weights(): LayerVariable[] {
    return this.parts().flatMap((part) => part.weights);
  }
  override get losses(): Layer["losses"] {
    return this.parts().flatMap((part) => part.losses);
  }
  override setFastWeightInitDuringBuild(value: boolean): void {
    for (const part of this.parts()) part.setFastWeightInitDuringBuild(value);
  }
}

/** Builds a layer in another one, once, and gives it the weights that its options hold. */
export function buildPart(part: Layer, inputShape: Shape): void {
  if (part.built) return;
  part.build(inputShape);
  part.built = true;
  if (part.initialWeights) part.setWeights(part.initialWeights);
}
