// What the values of layers' options are. Those that a layer reads with a check of its own are not here.

import { checkKinds, type OptionKind, optionKinds } from "@rnnkit/core-rnn";
import { Tensor } from "@tensorflow/tfjs-core";

const { count, finite, flag, share, text, whole } = optionKinds;

const all = <Name extends string>(kind: OptionKind, ...names: Name[]): Record<Name, OptionKind> =>
  Object.fromEntries(names.map((name) => [name, kind])) as Record<Name, OptionKind>;

const oneOf = (...words: string[]): OptionKind => ({
  expected: `one of ${words.join(", ")}`,
  takes: (value) => words.includes(value as string),
});

/** One of a kind, or a list of such. */
const several = ({ expected, takes }: OptionKind): OptionKind => ({
  expected: `${expected}, or a list of such`,
  takes: (value) => [value].flat().every(takes),
});

const sizes: OptionKind = {
  expected: "a list of whole numbers, or null",
  takes: (value) => Array.isArray(value) && value.every((n) => n == null || whole.takes(n)),
};

/** Rows and columns, each at one side or both. */
const edges: OptionKind = {
  expected: "a whole number from 0, or lists of such",
  takes: (value) => [value].flat(2).every((n) => whole.takes(n) && (n as number) >= 0),
};

/** What tfjs-layers reads by a name, or by a saved config, or has made. */
const described: OptionKind = {
  expected: "a name, a config, or an object that tfjs-layers made",
  takes(value) {
    if (typeof value !== "object" || value === null) return typeof value === "string";
    return "apply" in value || "className" in value;
  },
};

/** One of Keras's names, or what a saved config or this package makes of one. */
const activation: OptionKind = {
  expected: "the name of an activation",
  takes: described.takes,
};

const kinds: Readonly<Record<string, OptionKind>> = {
  ...all(flag, "returnSequences", "returnState", "goBackwards", "stateful", "unroll"),
  ...all(flag, "zeroOutputForMask", "useBias", "unitForgetBias", "resetAfter", "maskZero"),
  ...all(flag, "trainable", "autocast", "center", "scale", "normalize", "useScale"),
  ...all(text, "name", "dtype", "inputDType"),
  ...all(count, "batchSize", "inputDim", "n", "depthMultiplier"),
  ...all(whole, "seed", "implementation", "axis"),
  ...all(finite, "momentum", "epsilon", "offset", "stddev", "alpha"),
  maxValue: {
    expected: "a number, or Infinity",
    takes: (value) => typeof value === "number" && !Number.isNaN(value),
  },
  ...all(several(count), "kernelSize", "strides", "dilationRate", "poolSize", "size"),
  ...all(several(whole), "axes", "sharedAxes"),
  inputLength: several(count),
  ...all(sizes, "noiseShape", "targetShape"),
  ...all(activation, "activation", "recurrentActivation"),
  weights: {
    expected: "a list of tensors",
    takes: (value) => Array.isArray(value) || value instanceof Tensor,
  },
  cropping: edges,
  padding: oneOf("valid", "same", "causal"),
  interpolation: oneOf("nearest", "bilinear"),
  dataFormat: oneOf("channelsFirst", "channelsLast"),
  useCudnn: { expected: 'true, false or "auto"', takes: (v) => flag.takes(v) || v === "auto" },
};

const rate = { rate: share };
const axes = { axis: several(whole) };

/** Where a name means another thing. */
const others: Readonly<Record<string, Readonly<Record<string, OptionKind>>>> = {
  ...{ spatialDropout1d: rate, gaussianDropout: rate, alphaDropout: rate },
  rescaling: { scale: finite },
  ...{ layerNormalization: axes, unitNormalization: axes },
  ...{ zeroPadding1d: { padding: edges }, zeroPadding2d: { padding: edges } },
};

/** Throws for an option of a layer whose value is of another kind than the layer reads. */
export function checkLayerKinds(who: string, options: Readonly<Record<string, unknown>>): void {
  const names = Object.keys(options).filter((name) =>
    /(Initializer|Regularizer|Constraint)$/.test(name),
  );
  checkKinds(who, options, { ...kinds, ...all(described, ...names), ...others[who] });
}
