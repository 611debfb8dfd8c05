// The layers around the recurrent ones, without those of space (spatial-layers.ts): tfjs-layers' classes
// with what Keras 3 has beyond them. They pass masks on, or end them, as Keras does; their constraints and
// activity regularizers count; options that they do not have are refused.

import { layers as stock } from "@tensorflow/tfjs-layers";
import type { LayerArgs } from "../options/recurrent-options.ts";
import {
  type AdditiveAttentionArgs,
  AdditiveAttentionLayer,
  type AttentionArgs,
  AttentionLayer,
} from "./attention-layer.ts";
import {
  IdentityLayer,
  SubtractLayer,
  type UnitNormalizationArgs,
  UnitNormalizationLayer,
} from "./plain-layers.ts";
import { type ArgsOf, kerasStock, type LayerOf } from "./stock-layer.ts";

/**
 * Puts its input through **activation**; Keras's numbers, *hardSigmoid* relu6(x + 3)/6 for one, and
 * *hardSigmoidKeras2* 0.2x + 0.5 within 0 and 1, as Keras 1, Keras 2 and tfjs-layers have it.
 *
 * @example
 * layers.activation({ activation: "relu" });
 */
export function activation(args: ArgsOf<"activation">): LayerOf<"activation"> {
  return kerasStock("activation", stock.activation, args);
}

/**
 * Dropout that takes whole features out of [B, T, F], the same at all steps.
 */
export function spatialDropout1d(args: ArgsOf<"spatialDropout1d">): LayerOf<"spatialDropout1d"> {
  return kerasStock("spatialDropout1d", stock.spatialDropout1d, args);
}

/**
 * Adds normal noise in training.
 */
export function gaussianNoise(args: ArgsOf<"gaussianNoise">): LayerOf<"gaussianNoise"> {
  return kerasStock("gaussianNoise", stock.gaussianNoise, args);
}

/**
 * Multiplies by normal noise around 1 in training.
 */
export function gaussianDropout(args: ArgsOf<"gaussianDropout">): LayerOf<"gaussianDropout"> {
  return kerasStock("gaussianDropout", stock.gaussianDropout, args);
}

/**
 * Dropout that keeps mean and variance of selu's outputs.
 */
export function alphaDropout(args: ArgsOf<"alphaDropout">): LayerOf<"alphaDropout"> {
  return kerasStock("alphaDropout", stock.alphaDropout, args);
}

/**
 * [B, ...] to [B, size]; ends a mask.
 */
export function flatten(args: ArgsOf<"flatten"> = {}): LayerOf<"flatten"> {
  return kerasStock("flatten", stock.flatten, args);
}

/**
 * [B, ...] to [B, ...**targetShape**], one size of it -1 or *null* for what is left.
 */
export function reshape(args: ArgsOf<"reshape">): LayerOf<"reshape"> {
  return kerasStock("reshape", stock.reshape, args);
}

/**
 * Puts axes into another order, counted from 1.
 */
export function permute(args: ArgsOf<"permute">): LayerOf<"permute"> {
  return kerasStock("permute", stock.permute, args);
}

/**
 * [B, F] to [B, **n**, F].
 */
export function repeatVector(args: ArgsOf<"repeatVector">): LayerOf<"repeatVector"> {
  return kerasStock("repeatVector", stock.repeatVector, args);
}

/**
 * max(x, 0), at most **maxValue**.
 */
export function reLU(args: ArgsOf<"reLU"> = {}): LayerOf<"reLU"> {
  return kerasStock("reLU", stock.reLU, args);
}

/**
 * x for x above 0, **alpha** x below; *0.3* by default.
 */
export function leakyReLU(args: ArgsOf<"leakyReLU"> = {}): LayerOf<"leakyReLU"> {
  return kerasStock("leakyReLU", stock.leakyReLU, args);
}

/**
 * x for x above 0, **alpha** (eˣ - 1) below.
 */
export function elu(args: ArgsOf<"elu"> = {}): LayerOf<"elu"> {
  return kerasStock("elu", stock.elu, args);
}

/**
 * A leaky ReLU whose slope is learnt.
 */
export function prelu(args: ArgsOf<"prelu"> = {}): LayerOf<"prelu"> {
  return kerasStock("prelu", stock.prelu, args);
}

/**
 * eˣ / Σ eˣ along **axis**, the last by default.
 */
export function softmax(args: ArgsOf<"softmax"> = {}): LayerOf<"softmax"> {
  return kerasStock("softmax", stock.softmax, args);
}

/**
 * Normalises by the batch's statistics in training, by their running means else.
 */
export function batchNormalization(
  args: ArgsOf<"batchNormalization"> = {},
): LayerOf<"batchNormalization"> {
  return kerasStock("batchNormalization", stock.batchNormalization, args);
}

/**
 * Normalises each example along **axis**.
 */
export function layerNormalization(
  args: ArgsOf<"layerNormalization"> = {},
): LayerOf<"layerNormalization"> {
  return kerasStock("layerNormalization", stock.layerNormalization, args);
}

/**
 * x · **scale** + **offset**.
 */
export function rescaling(args: ArgsOf<"rescaling">): LayerOf<"rescaling"> {
  return kerasStock("rescaling", stock.rescaling, args);
}

/**
 * Σ of its inputs. A step is kept where one input keeps it.
 */
export function add(args: ArgsOf<"add"> = {}): LayerOf<"add"> {
  return kerasStock("add", stock.add, args);
}

/**
 * Π of its inputs; a masked step of one is 1.
 */
export function multiply(args: ArgsOf<"multiply"> = {}): LayerOf<"multiply"> {
  return kerasStock("multiply", stock.multiply, args);
}

/**
 * The mean of its inputs.
 */
export function average(args: ArgsOf<"average"> = {}): LayerOf<"average"> {
  return kerasStock("average", stock.average, args);
}

/**
 * The largest of its inputs, of those that keep the step.
 */
export function maximum(args: ArgsOf<"maximum"> = {}): LayerOf<"maximum"> {
  return kerasStock("maximum", stock.maximum, args);
}

/**
 * The smallest of its inputs, of those that keep the step.
 */
export function minimum(args: ArgsOf<"minimum"> = {}): LayerOf<"minimum"> {
  return kerasStock("minimum", stock.minimum, args);
}

/**
 * Its inputs side by side along **axis**, the last by default.
 */
export function concatenate(args: ArgsOf<"concatenate"> = {}): LayerOf<"concatenate"> {
  return kerasStock("concatenate", stock.concatenate, args);
}

/**
 * The dot product of two inputs along **axes**.
 */
export function dot(args: ArgsOf<"dot">): LayerOf<"dot"> {
  return kerasStock("dot", stock.dot, args);
}

/**
 * The first of two inputs less the second. A step is kept where one input keeps it.
 *
 * @throws when called, for other than two inputs, or two that do not fit together.
 */
export function subtract(args: LayerArgs = {}): SubtractLayer {
  return kerasStock("subtract", (own) => new SubtractLayer(own), args);
}

/**
 * Its input as it is.
 */
export function identity(args: LayerArgs = {}): IdentityLayer {
  return kerasStock("identity", (own) => new IdentityLayer(own), args);
}

/**
 * x / √Σ x² along **axis**, the last by default.
 *
 * @throws if **axis** is no whole number, nor a list of them; when called, if the input has no such axis.
 */
export function unitNormalization(args: UnitNormalizationArgs = {}): UnitNormalizationLayer {
  return kerasStock("unitNormalization", (own) => new UnitNormalizationLayer(own), args);
}

/**
 * softmax(q·kᵀ)·v of `[q, v]` or `[q, v, k]`: [B, Tq, F], [B, Tv, F′] and [B, Tv, F] to [B, Tq, F′]. Masked
 * values count for nothing, masked queries give 0, and the query's mask goes on.
 *
 * Reference: https://keras.io/api/layers/attention_layers/attention/
 *
 * @throws if an option is not what it says; when called, for other than two or three inputs that go together.
 * @example
 * layers.attention({ useScale: true }).apply([decoded, encoded]);
 */
export function attention(args: AttentionArgs = {}): AttentionLayer {
  return kerasStock("attention", (own) => new AttentionLayer(own), args);
}

/**
 * {@link attention} with the scores Σ s·tanh(q + k), s learnt.
 *
 * Reference: https://keras.io/api/layers/attention_layers/additive_attention/
 *
 * @throws as {@link attention}.
 * @example
 * layers.additiveAttention({}).apply([decoded, encoded]);
 */
export function additiveAttention(args: AdditiveAttentionArgs = {}): AdditiveAttentionLayer {
  return kerasStock("additiveAttention", (own) => new AdditiveAttentionLayer(own), args);
}
