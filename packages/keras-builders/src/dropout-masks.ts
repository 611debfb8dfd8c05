import type { Random } from "@rnnkit/core-rnn";
import { type Tensor, tensor, util } from "@tensorflow/tfjs-core";

/** Masks as the fused operations take them; absent where nothing is dropped. */
export interface DropoutMasks {
  inputDropoutMask?: Tensor;
  recurrentDropoutMask?: Tensor;
}

/** What decides the masks of a call. Dimension letters: B batch, I input, H units, G gates. */
export interface DropoutShape {
  dropout: number;
  recurrentDropout: number;
  B: number;
  I: number;
  H: number;
  G: number;
}

/**
 * The dropout masks of one training call, for all its time steps, as Keras 3 draws them.
 *
 * Each element is 0 with probability rate, else 1 / (1 - rate). With **dropout** alone all gates share
 * one mask [B, I]; with **recurrentDropout** each gate has its own for the input and for the state,
 * [G, B, I] and [G, B, H]. Rate 1 drops nothing in a layer with gates and everything in a SimpleRNN.
 */
export function dropoutMasks(shape: DropoutShape, random: Random): DropoutMasks {
  const { dropout, recurrentDropout, B, I, H, G } = shape;
  const drops = (rate: number): boolean => rate > 0 && (rate < 1 || G === 1);
  const gates = G > 1 && drops(recurrentDropout) ? [G] : [];
  const masks: DropoutMasks = {};
  if (drops(dropout)) masks.inputDropoutMask = dropoutMask([...gates, B, I], dropout, random);
  if (drops(recurrentDropout)) {
    masks.recurrentDropoutMask = dropoutMask([...gates, B, H], recurrentDropout, random);
  }
  return masks;
}

/** A mask of 0 with probability **rate**, else 1 / (1 - rate). */
export function dropoutMask(shape: number[], rate: number, random: Random): Tensor {
  const kept = rate < 1 ? 1 / (1 - rate) : 0;
  const values = new Float32Array(util.sizeFromShape(shape));
  for (let i = 0; i < values.length; i++) values[i] = random.uniform() < rate ? 0 : kept;
  return tensor(values, shape);
}
