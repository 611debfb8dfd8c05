// Targets as Keras takes them: a class number, or the one number of an output, needs no axis of its own.

import { shown } from "@rnnkit/core-rnn";
import { dispose, expandDims, type Tensor } from "@tensorflow/tfjs-core";
import type { LayersModel } from "@tensorflow/tfjs-layers";
import { mapped, type Tensors } from "./validation-weights.ts";

/** Losses and metrics that read the last axis as one vector: without it Keras takes the steps for one. */
const ofVectors: readonly unknown[] = [
  "categoricalAccuracy",
  "categoricalCrossentropy",
  "categoricalHinge",
  "cosine",
  "cosineProximity",
  "cosineSimilarity",
  "klDivergence",
  "kullbackLeiblerDivergence",
];

/** What of a model says which targets an output has. */
export interface Targeted {
  outputNames: string[];
  outputs: { shape: (number | null)[] }[];
  /** As compiled: a name or function, or one for each output, in order or by name. */
  loss: LayersModel["loss"];
  /** The same, of all outputs or by name. */
  metrics?: unknown;
}

/**
 * The targets, those that lack the last axis of 1 which tfjs-layers asks for with it, and what was made for them:
 * [B, T] of class numbers for outputs [B, T, C], and [B, T] for outputs [B, T, 1], are [B, T, 1] there; so are [B] of
 * outputs [B, C] and [B, 1], which tfjs-layers minds itself, but not in a dataset's batches.
 *
 * @throws for [B, T] beside a loss or metric of vectors, such as *cosineProximity*: that of one number, which
 * tfjs-layers would take, is not that of T numbers, which Keras takes.
 */
export function withTargetAxes(
  { outputNames, outputs, loss, metrics }: Targeted,
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
    if (shape.length < 2 || target?.rank !== shape.length - 1 || !(isOne || isClass)) return target;
    const name = outputNames[place]!;
    const names = Array.isArray(metrics)
      ? metrics
      : [(metrics as Record<string, unknown> | undefined)?.[name]].flat();
    const vector = [lossOf(place), ...names].find((each) => ofVectors.includes(each));
    if (vector !== undefined && !isClass && shape.length > 2) {
      dispose(made);
      throw new Error(
        `targets of ${name}: expected [B, ${shape.slice(1).join(", ")}] for ${String(vector)}, which reads the last axis as a vector, got ${shown(target.shape)}`,
      );
    }
    const expanded = expandDims(target, -1);
    made.push(expanded);
    return expanded;
  });
  return [whole, made];
}
