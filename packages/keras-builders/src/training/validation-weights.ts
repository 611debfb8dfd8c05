// Weights of the examples that a `fit` validates on: tfjs-layers knows none.

import { shown } from "@rnnkit/core-rnn";
import { Tensor } from "@tensorflow/tfjs-core";
import type { ModelFitArgs } from "@tensorflow/tfjs-layers";
import type { SampleWeight } from "./sample-weights.ts";
import { rows } from "./test-loop.ts";

/** One tensor, or one for each input or output, in order or by name. */
export type Tensors = Tensor | Tensor[] | { [name: string]: Tensor };

/** The weights that belong to targets, which tfjs-layers hands on alone. */
const validationWeights = new WeakMap<object, SampleWeight>();

/** The weights that {@link withValidationWeights} noted beside targets. */
export function validationWeightsOf(targets: Tensors): SampleWeight | undefined {
  return validationWeights.get(targets);
}

/** Each tensor made another, by it and its place or name. */
export const mapped = <T extends Tensors>(
  given: T,
  by: (each: Tensor, key: number | string) => Tensor,
): T =>
  given instanceof Tensor
    ? (by(given, 0) as T)
    : Array.isArray(given)
      ? (given.map(by) as T)
      : (Object.fromEntries(
          Object.entries(given).map(([name, each]) => [name, by(each, name)]),
        ) as T);

/**
 * The arguments of `fit` as tfjs-layers takes them, weights of validation data noted beside: those given, or
 * the last part of **sampleWeight** where **validationSplit** takes the last part of the examples. Behind
 * them, what was made for it.
 */
export function withValidationWeights(
  who: string,
  x: Tensors,
  y: Tensors,
  args: ModelFitArgs,
): [x: Tensors, y: Tensors, args: ModelFitArgs, made: Tensor[]] {
  const { validationData, validationSplit = 0, sampleWeight } = args;
  const noted = (targets: Tensors, weights: Tensors): Tensor[] => {
    // Another object each time: the same targets may come without weights.
    const key = mapped(targets instanceof Tensor ? [targets] : targets, (target) => target);
    validationWeights.set(key, weights as SampleWeight);
    return key as Tensor[];
  };
  if (validationData?.length === 3) {
    const [valX, valY, weights] = validationData;
    return [x, y, { ...args, validationData: [valX, noted(valY, weights)] }, []];
  }
  const isSplit = validationSplit > 0 && validationSplit < 1;
  if (sampleWeight == null || validationData != null || !isSplit) return [x, y, args, []];

  const count = firstOf(x).shape[0]!;
  const at = Math.floor(count * (1 - validationSplit));
  const made: Tensor[] = [];
  const part = (given: Tensors, from: number, to: number): Tensors =>
    mapped(given, (each) => {
      if (each.shape[0] !== count) {
        throw new Error(
          `${who}: expected ${count} examples in x, y and sampleWeight, got ${shown(each.shape)}`,
        );
      }
      const rowsOf = rows(each, from, to - from);
      made.push(rowsOf);
      return rowsOf;
    });
  const weights = sampleWeight as Tensors;
  const tail = noted(part(y, at, count), part(weights, at, count));
  return [
    part(x, 0, at),
    part(y, 0, at),
    {
      ...args,
      validationSplit: 0,
      sampleWeight: part(weights, 0, at) as Tensor,
      validationData: [part(x, at, count) as Tensor, tail],
    },
    made,
  ];
}

const firstOf = (given: Tensors): Tensor =>
  given instanceof Tensor ? given : (Object.values(given)[0] as Tensor);
