// Convolutions, pooling, and what else goes over time or space: tfjs-layers' classes with what Keras 3 has
// beyond them, as in stock-layers.ts. Kernels start glorot uniform.

import { initializers, layers as stock } from "@tensorflow/tfjs-layers";
import {
  type Cropping1dArgs,
  Cropping1dLayer,
  type UpSampling1dArgs,
  UpSampling1dLayer,
  type ZeroPadding1dArgs,
  ZeroPadding1dLayer,
} from "./step-layers.ts";
import { type ArgsOf, kerasStock, type LayerOf } from "./stock-layer.ts";

const glorot = (...kernels: string[]): Record<string, unknown> =>
  Object.fromEntries(kernels.map((name) => [`${name}Initializer`, initializers.glorotUniform({})]));

/**
 * Convolution over time, [B, T, F] to [B, T′, filters]. *causal* padding stands before the first step, so that no output sees a later input.
 *
 * @example
 * layers.conv1d({ filters: 8, kernelSize: 3, padding: "causal" });
 */
export function conv1d(args: ArgsOf<"conv1d">): LayerOf<"conv1d"> {
  return kerasStock("conv1d", stock.conv1d, args, glorot("kernel"));
}

/**
 * Convolution over height and width.
 */
export function conv2d(args: ArgsOf<"conv2d">): LayerOf<"conv2d"> {
  return kerasStock("conv2d", stock.conv2d, args, glorot("kernel"));
}

/**
 * Transposed convolution over height and width.
 */
export function conv2dTranspose(args: ArgsOf<"conv2dTranspose">): LayerOf<"conv2dTranspose"> {
  return kerasStock("conv2dTranspose", stock.conv2dTranspose, args, glorot("kernel"));
}

/**
 * A convolution of each channel, then one across them.
 */
export function separableConv2d(args: ArgsOf<"separableConv2d">): LayerOf<"separableConv2d"> {
  return kerasStock(
    "separableConv2d",
    stock.separableConv2d,
    args,
    glorot("depthwise", "pointwise"),
  );
}

/**
 * A convolution of each channel.
 */
export function depthwiseConv2d(args: ArgsOf<"depthwiseConv2d">): LayerOf<"depthwiseConv2d"> {
  return kerasStock("depthwiseConv2d", stock.depthwiseConv2d, args, glorot("depthwise"));
}

/**
 * The largest of every **poolSize** steps.
 */
export function maxPooling1d(args: ArgsOf<"maxPooling1d">): LayerOf<"maxPooling1d"> {
  return kerasStock("maxPooling1d", stock.maxPooling1d, args);
}

/**
 * The largest of every **poolSize** window.
 */
export function maxPooling2d(args: ArgsOf<"maxPooling2d">): LayerOf<"maxPooling2d"> {
  return kerasStock("maxPooling2d", stock.maxPooling2d, args);
}

/**
 * The mean of every **poolSize** steps.
 */
export function averagePooling1d(args: ArgsOf<"averagePooling1d">): LayerOf<"averagePooling1d"> {
  return kerasStock("averagePooling1d", stock.averagePooling1d, args);
}

/**
 * The mean of every **poolSize** window.
 */
export function averagePooling2d(args: ArgsOf<"averagePooling2d">): LayerOf<"averagePooling2d"> {
  return kerasStock("averagePooling2d", stock.averagePooling2d, args);
}

/**
 * The mean over time, [B, T, F] to [B, F]; masked steps are left out.
 */
export function globalAveragePooling1d(
  args: ArgsOf<"globalAveragePooling1d"> = {},
): LayerOf<"globalAveragePooling1d"> {
  return kerasStock("globalAveragePooling1d", stock.globalAveragePooling1d, args);
}

/**
 * The mean over height and width.
 */
export function globalAveragePooling2d(
  args: ArgsOf<"globalAveragePooling2d"> = {},
): LayerOf<"globalAveragePooling2d"> {
  return kerasStock("globalAveragePooling2d", stock.globalAveragePooling2d, args);
}

/**
 * The largest over time, [B, T, F] to [B, F].
 */
export function globalMaxPooling1d(
  args: ArgsOf<"globalMaxPooling1d"> = {},
): LayerOf<"globalMaxPooling1d"> {
  return kerasStock("globalMaxPooling1d", stock.globalMaxPooling1d, args);
}

/**
 * The largest over height and width.
 */
export function globalMaxPooling2d(
  args: ArgsOf<"globalMaxPooling2d"> = {},
): LayerOf<"globalMaxPooling2d"> {
  return kerasStock("globalMaxPooling2d", stock.globalMaxPooling2d, args);
}

/**
 * Repeats rows and columns.
 */
export function upSampling2d(args: ArgsOf<"upSampling2d"> = {}): LayerOf<"upSampling2d"> {
  return kerasStock("upSampling2d", stock.upSampling2d, args);
}

/**
 * Zeros around height and width.
 */
export function zeroPadding2d(args: ArgsOf<"zeroPadding2d"> = {}): LayerOf<"zeroPadding2d"> {
  return kerasStock("zeroPadding2d", stock.zeroPadding2d, args);
}

/**
 * Cuts off at height and width.
 */
export function cropping2D(args: ArgsOf<"cropping2D">): LayerOf<"cropping2D"> {
  return kerasStock("cropping2D", stock.cropping2D, args);
}

/**
 * Steps of zeros before the first and behind the last, [B, T, F] to [B, T + Σ**padding**, F]. A mask ends.
 *
 * @throws if **padding** is neither a whole number from 0 nor two of them.
 * @example
 * layers.zeroPadding1d({ padding: [2, 0] });
 */
export function zeroPadding1d(args: ZeroPadding1dArgs = {}): ZeroPadding1dLayer {
  return kerasStock("zeroPadding1d", (own) => new ZeroPadding1dLayer(own), args);
}

/**
 * Leaves steps out at the beginning and the end, [B, T, F] to [B, T - Σ**cropping**, F]. A mask ends.
 *
 * @throws as {@link zeroPadding1d}; when called, if no step is left.
 * @example
 * layers.cropping1D({ cropping: [0, 1] });
 */
export function cropping1D(args: Cropping1dArgs = {}): Cropping1dLayer {
  return kerasStock("cropping1D", (own) => new Cropping1dLayer(own), args);
}

/**
 * Every step **size** times, [B, T, F] to [B, T · **size**, F]. A mask ends.
 *
 * @throws if **size** is not a whole number from 1.
 * @example
 * layers.upSampling1d({ size: 3 });
 */
export function upSampling1d(args: UpSampling1dArgs = {}): UpSampling1dLayer {
  return kerasStock("upSampling1d", (own) => new UpSampling1dLayer(own), args);
}
