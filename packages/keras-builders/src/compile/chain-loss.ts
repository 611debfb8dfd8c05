// Keras's usual losses of predictions as plain numbers, and their gradients: in float64, from float32's numbers and to
// them, what the operations of tfjs give to float32's rounding.

import { type ChainRun, readNumbers } from "@rnnkit/fused-rnn";
import type { Tensor } from "@tensorflow/tfjs-core";
import type { LossFunction } from "./keras-losses.ts";
import type { Loss } from "./loss-names.ts";

/** Mean over all values, and its gradient in the predictions. */
export interface LossNumbers {
  loss: number;
  dy: Float32Array;
}

type LossOf = (
  target: ArrayLike<number>,
  predicted: Float32Array,
  width: number,
) => LossNumbers | undefined;

/** What Keras keeps off 0 and 1, in float32. */
const [LEAST, MOST] = [Math.fround(1e-7), Math.fround(1 - 1e-7)];
const clipped = (p: number): number => Math.min(MOST, Math.max(LEAST, p));
const isInside = (p: number): boolean => p >= LEAST && p <= MOST;

const meanSquaredError: LossOf = (target, predicted) => {
  const n = predicted.length;
  const dy = new Float32Array(n);
  let sum = 0;
  for (let i = 0; i < n; i++) {
    const error = predicted[i]! - target[i]!;
    sum += error * error;
    dy[i] = (2 * error) / n;
  }
  return { loss: Math.fround(sum / n), dy };
};

const binaryCrossentropy: LossOf = (target, predicted) => {
  const n = predicted.length;
  const dy = new Float32Array(n);
  let sum = 0;
  for (let i = 0; i < n; i++) {
    const [y, given] = [target[i]!, predicted[i]!];
    const p = clipped(given);
    sum -= y * Math.log(p) + (1 - y) * Math.log1p(-p);
    if (isInside(given)) dy[i] = (p - y) / (p * (1 - p)) / n;
    else if (Number.isNaN(given)) dy[i] = Number.NaN;
  }
  return { loss: Math.fround(sum / n), dy };
};

const sparseCategoricalCrossentropy: LossOf = (target, predicted, width) => {
  const rows = predicted.length / width;
  const dy = new Float32Array(predicted.length);
  let loss = 0;
  for (let r = 0; r < rows; r++) {
    const wanted = Math.trunc(target[r]!);
    // What is no class is refused before; of a loss by itself tfjs has its own ways.
    if (!(wanted >= 0 && wanted < width)) return undefined;
    let sum = 0;
    for (let i = 0; i < width; i++) sum += clipped(predicted[r * width + i]!);
    const p = clipped(predicted[r * width + wanted]!);
    loss += Math.log(sum) - Math.log(p);
    for (let i = 0; i < width; i++) {
      const at = r * width + i;
      if (!isInside(predicted[at]!)) continue;
      dy[at] = (1 / sum - (i === wanted ? 1 / p : 0)) / rows;
    }
  }
  // One number that is none makes all so by tfjs.
  return Number.isNaN(loss) ? undefined : { loss: Math.fround(loss / rows), dy };
};

/** Losses of each value, which has a target of its own; and of rows of values, which have one each. */
const ofValues: Partial<Record<Loss, LossOf>> = { meanSquaredError, binaryCrossentropy };
const ofRows: Partial<Record<Loss, LossOf>> = { sparseCategoricalCrossentropy };

const named = new WeakMap<LossFunction, Loss>();

/** Notes which loss a compiled model's function is. */
export function noteLoss(fn: LossFunction, name: Loss): void {
  named.set(fn, name);
}

/** The name of a compiled model's loss. */
export const lossNameOf = (fn: LossFunction): Loss | undefined => named.get(fn);

/** Whether a loss is one of predictions and targets alone, as all that have a name are. */
export function isKnownLoss(fn: LossFunction): boolean {
  return named.has(fn);
}

/** The loss of a chain's output, and its gradient; undefined where tfjs works them out. */
export function lossNumbers(
  fn: LossFunction,
  target: Tensor,
  { shape, values }: Pick<ChainRun, "shape" | "values">,
): LossNumbers | undefined {
  const name = named.get(fn);
  if (name === undefined) return undefined;
  const width = shape.at(-1)!;
  const predicted = values();
  const lossOf = ofValues[name];
  if (lossOf) {
    const isEach = `${target.shape}` === `${shape}`;
    return isEach ? lossOf(readNumbers(target), predicted, width) : undefined;
  }
  const isRows = target.size * width === predicted.length;
  return isRows ? ofRows[name]?.(readNumbers(target), predicted, width) : undefined;
}
