// What the values of layers' options are, beyond the kinds of @rnnkit/core-rnn.

import { type OptionKind, optionKinds } from "@rnnkit/core-rnn";
import { Tensor } from "@tensorflow/tfjs-core";

const { flag, whole } = optionKinds;

/** Any value: the layer that reads it has a check of its own. */
export const checkedByLayer: OptionKind = { expected: "what the layer takes", takes: () => true };

/** One of those words. */
export const oneOf = (...words: string[]): OptionKind => ({
  expected: `one of ${words.join(", ")}`,
  takes: (value) => words.includes(value as string),
});

/** One of a kind, or a list of such. */
export const several = ({ expected, takes }: OptionKind): OptionKind => ({
  expected: `${expected}, or a list of such`,
  takes: (value) => [value].flat().every(takes),
});

/** A shape with places left open. */
export const sizes: OptionKind = {
  expected: "a list of whole numbers, or null",
  takes: (value) => Array.isArray(value) && value.every((n) => n == null || whole.takes(n)),
};

/** Rows and columns, each at one side or both. */
export const edges: OptionKind = {
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
/** How a weight starts. */
export const initializer: OptionKind = { ...described };
/** What a weight, or an output, costs. */
export const regularizer: OptionKind = { ...described };
/** What a weight is held to. */
export const constraint: OptionKind = { ...described };

/** One of Keras's names, or what a saved config or this package makes of one. */
export const activation: OptionKind = {
  expected: "the name of an activation",
  takes: described.takes,
};

/** Numbers up to and with Infinity. */
export const limit: OptionKind = {
  expected: "a number, or Infinity",
  takes: (value) => typeof value === "number" && !Number.isNaN(value),
};

/** Initial weights. */
export const tensors: OptionKind = {
  expected: "a list of tensors",
  takes: (value) => Array.isArray(value) || value instanceof Tensor,
};

/** As Keras has it of cuDNN. */
export const flagOrAuto: OptionKind = {
  expected: 'true, false or "auto"',
  takes: (value) => flag.takes(value) || value === "auto",
};
