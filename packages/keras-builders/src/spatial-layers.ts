// Convolutions, pooling, and what else goes over time or space: tfjs-layers' classes with what Keras 3 has
// beyond them, as in stock-layers.ts. Kernels start glorot uniform.

import { initializers, layers as stock } from "@tensorflow/tfjs-layers";
import { type ArgsOf, kerasStock } from "./stock-layer.ts";
import { weightOptions } from "./weight-spec.ts";

type Layer = InstanceType<typeof stock.Layer>;

const glorot = (...kernels: string[]): Record<string, unknown> =>
  Object.fromEntries(kernels.map((name) => [`${name}Initializer`, initializers.glorotUniform({})]));

/**
 * Convolution over time, [B, T, F] to [B, T′, filters]. *causal* padding stands before the first step, so that no output sees a later input.
 *
 * @example
 * layers.conv1d({ filters: 8, kernelSize: 3, padding: "causal" });
 */
export function conv1d(args: ArgsOf<"conv1d">): Layer {
  return kerasStock(
    "conv1d",
    stock.conv1d,
    [
      "filters",
      "kernelSize",
      "strides",
      "padding",
      "dataFormat",
      "dilationRate",
      "activation",
      "useBias",
      ...weightOptions("kernel", "bias"),
    ],
    args,
    glorot("kernel"),
  );
}

/**
 * Convolution over height and width.
 */
export function conv2d(args: ArgsOf<"conv2d">): Layer {
  return kerasStock(
    "conv2d",
    stock.conv2d,
    [
      "filters",
      "kernelSize",
      "strides",
      "padding",
      "dataFormat",
      "dilationRate",
      "activation",
      "useBias",
      ...weightOptions("kernel", "bias"),
    ],
    args,
    glorot("kernel"),
  );
}

/**
 * Transposed convolution over height and width.
 */
export function conv2dTranspose(args: ArgsOf<"conv2dTranspose">): Layer {
  return kerasStock(
    "conv2dTranspose",
    stock.conv2dTranspose,
    [
      "filters",
      "kernelSize",
      "strides",
      "padding",
      "dataFormat",
      "dilationRate",
      "activation",
      "useBias",
      ...weightOptions("kernel", "bias"),
    ],
    args,
    glorot("kernel"),
  );
}

/**
 * A convolution of each channel, then one across them.
 */
export function separableConv2d(args: ArgsOf<"separableConv2d">): Layer {
  return kerasStock(
    "separableConv2d",
    stock.separableConv2d,
    [
      "filters",
      "kernelSize",
      "strides",
      "padding",
      "dataFormat",
      "dilationRate",
      "activation",
      "useBias",
      "depthMultiplier",
      ...weightOptions("depthwise", "pointwise", "bias"),
    ],
    args,
    glorot("depthwise", "pointwise"),
  );
}

/**
 * A convolution of each channel.
 */
export function depthwiseConv2d(args: ArgsOf<"depthwiseConv2d">): Layer {
  return kerasStock(
    "depthwiseConv2d",
    stock.depthwiseConv2d,
    [
      "kernelSize",
      "depthMultiplier",
      "strides",
      "padding",
      "dataFormat",
      "dilationRate",
      "activation",
      "useBias",
      ...weightOptions("depthwise", "bias"),
    ],
    args,
    glorot("depthwise"),
  );
}

/**
 * The largest of every **poolSize** steps.
 */
export function maxPooling1d(args: ArgsOf<"maxPooling1d">): Layer {
  return kerasStock("maxPooling1d", stock.maxPooling1d, ["poolSize", "strides", "padding"], args);
}

/**
 * The largest of every **poolSize** window.
 */
export function maxPooling2d(args: ArgsOf<"maxPooling2d">): Layer {
  return kerasStock(
    "maxPooling2d",
    stock.maxPooling2d,
    ["poolSize", "strides", "padding", "dataFormat"],
    args,
  );
}

/**
 * The mean of every **poolSize** steps.
 */
export function averagePooling1d(args: ArgsOf<"averagePooling1d">): Layer {
  return kerasStock(
    "averagePooling1d",
    stock.averagePooling1d,
    ["poolSize", "strides", "padding"],
    args,
  );
}

/**
 * The mean of every **poolSize** window.
 */
export function averagePooling2d(args: ArgsOf<"averagePooling2d">): Layer {
  return kerasStock(
    "averagePooling2d",
    stock.averagePooling2d,
    ["poolSize", "strides", "padding", "dataFormat"],
    args,
  );
}

/**
 * The mean over time, [B, T, F] to [B, F]; masked steps are left out.
 */
export function globalAveragePooling1d(args: ArgsOf<"globalAveragePooling1d"> = {}): Layer {
  return kerasStock("globalAveragePooling1d", stock.globalAveragePooling1d, [], args);
}

/**
 * The mean over height and width.
 */
export function globalAveragePooling2d(args: ArgsOf<"globalAveragePooling2d"> = {}): Layer {
  return kerasStock("globalAveragePooling2d", stock.globalAveragePooling2d, ["dataFormat"], args);
}

/**
 * The largest over time, [B, T, F] to [B, F].
 */
export function globalMaxPooling1d(args: ArgsOf<"globalMaxPooling1d"> = {}): Layer {
  return kerasStock("globalMaxPooling1d", stock.globalMaxPooling1d, [], args);
}

/**
 * The largest over height and width.
 */
export function globalMaxPooling2d(args: ArgsOf<"globalMaxPooling2d"> = {}): Layer {
  return kerasStock("globalMaxPooling2d", stock.globalMaxPooling2d, ["dataFormat"], args);
}

/**
 * Repeats rows and columns.
 */
export function upSampling2d(args: ArgsOf<"upSampling2d"> = {}): Layer {
  return kerasStock(
    "upSampling2d",
    stock.upSampling2d,
    ["size", "dataFormat", "interpolation"],
    args,
  );
}

/**
 * Zeros around height and width.
 */
export function zeroPadding2d(args: ArgsOf<"zeroPadding2d"> = {}): Layer {
  return kerasStock("zeroPadding2d", stock.zeroPadding2d, ["padding", "dataFormat"], args);
}

/**
 * Cuts off at height and width.
 */
export function cropping2D(args: ArgsOf<"cropping2D">): Layer {
  return kerasStock("cropping2D", stock.cropping2D, ["cropping", "dataFormat"], args);
}
