// Targets as Keras takes them: a class number, or the one number of an output, needs no axis of its own.

import { expandDims, type Tensor } from "@tensorflow/tfjs-core";
import type { LayersModel } from "@tensorflow/tfjs-layers";
import { mapped, type Tensors } from "./validation-weights.ts";

/** What of a model says which targets an output has. */
export interface Targeted {
  outputNames: string[];
  outputs: { shape: (number | null)[] }[];
  /** As compiled: a name or function, or one for each output, in order or by name. */
  loss: LayersModel["loss"];
}

/**
 * The targets, those that lack the last axis of 1 which tfjs-layers asks for with it, and what was made for them:
 * [B, T] of class numbers for outputs [B, T, C], and [B, T] for outputs [B, T, 1], are [B, T, 1] there.
 */
export function withTargetAxes(
  { outputNames, outputs, loss }: Targeted,
  targets: Tensors,
): [targets: Tensors, made: Tensor[]] {
  const made: Tensor[] = [];
  // tfjs-layers says what is wrong with what are no tensors.
  if (typeof targets !== "object" || targets === null) return [targets, made];
  const lossOf = (place: number): unknown => {
    if (Array.isArray(loss)) return loss[place];
    return typeof loss === "object" ? loss[outputNames[place]!] : loss;
  };
  const whole = mapped(targets, (target, key) => {
    const place = typeof key === "string" ? outputNames.indexOf(key) : key;
    const shape = outputs[place]?.shape ?? [];
    const isOne = shape.at(-1) === 1;
    const isClass = lossOf(place) === "sparseCategoricalCrossentropy";
    if (shape.length < 3 || target?.rank !== shape.length - 1 || !(isOne || isClass)) return target;
    const expanded = expandDims(target, -1);
    made.push(expanded);
    return expanded;
  });
  return [whole, made];
}

/** A batch as tfjs-layers lists it, inputs, targets and weights, its targets with their last axes. */
export function batchWithTargetAxes<Part extends Tensor | null>(
  model: Targeted & { inputs: unknown[] },
  batch: Part[],
): (Part | Tensor)[] {
  const [from, to] = [model.inputs.length, model.inputs.length + model.outputs.length];
  const [targets] = withTargetAxes(model, batch.slice(from, to) as Tensor[]);
  return [...batch.slice(0, from), ...(targets as Tensor[]), ...batch.slice(to)];
}
