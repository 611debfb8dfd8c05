import type { Random } from "@rnnkit/core-rnn";
import { type DropoutArrays, type DropoutDraw, dropoutFactors } from "@rnnkit/fused-rnn";
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
  const { B, I, H, G } = shape;
  const { variants, inputDropoutMask, recurrentDropoutMask } = dropoutArrays(shape, random);
  const gates = variants > 1 ? [G] : [];
  return {
    ...(inputDropoutMask && { inputDropoutMask: tensor(inputDropoutMask, [...gates, B, I]) }),
    ...(recurrentDropoutMask && {
      recurrentDropoutMask: tensor(recurrentDropoutMask, [...gates, B, H]),
    }),
  };
}

/** The numbers of {@link dropoutMasks}. */
export function dropoutArrays(shape: DropoutShape, random: Random): DropoutArrays {
  const { dropout, recurrentDropout, B, I, H, G } = shape;
  const drops = (rate: number): boolean => rate > 0 && (rate < 1 || G === 1);
  const gates = G > 1 && drops(recurrentDropout) ? G : 1;
  const drawn = (rate: number, width: number): Float32Array | undefined =>
    drops(rate) ? dropoutFactors(dropoutDraw(rate, random), gates * B * width) : undefined;
  const inputDropoutMask = drawn(dropout, I);
  const recurrentDropoutMask = drawn(recurrentDropout, H);
  const variants = inputDropoutMask || recurrentDropoutMask ? gates : 0;
  return { inputDropoutMask, recurrentDropoutMask, variants };
}

/** A mask of 0 with probability **rate**, else 1 / (1 - rate). */
export function dropoutMask(shape: number[], rate: number, random: Random): Tensor {
  return tensor(dropoutFactors(dropoutDraw(rate, random), util.sizeFromShape(shape)), shape);
}

/** What decides the numbers of such a mask. */
export function dropoutDraw(rate: number, random: Random): DropoutDraw {
  return { rate, state: random.uint32(), key: random.uint32() };
}
