// Operations of a training step beside the recurrence, where a backend has kernels of its own for them.

import { getBackend, type Scalar, type Tensor } from "@tensorflow/tfjs-core";
import type { FusedActivation } from "./activation-names.ts";

/** Of which numbers a mean is taken: Keras's names of losses and metrics, tfjs-layers' numbers. */
export type MeanKind =
  | "meanSquaredError"
  | "meanAbsoluteError"
  | "binaryCrossentropy"
  | "categoricalCrossentropy"
  | "sparseCategoricalCrossentropy"
  | "binaryAccuracy"
  | "categoricalAccuracy"
  | "sparseCategoricalAccuracy";

/** What a backend does in a dispatch or two; undefined is given where tfjs's own operations are to be used. */
export interface StepOps {
  /** activation(x·kernel + bias) of x [..., I], differentiable in all three. */
  dense(
    x: Tensor,
    kernel: Tensor,
    bias: Tensor | undefined,
    activation: FusedActivation,
  ): Tensor | undefined;
  /** eˣ / Σ eˣ along the last axis, differentiable. */
  softmax(x: Tensor): Tensor | undefined;
  /** Rows of a table by ids of any dtype, differentiable in the table. */
  lookup(table: Tensor, ids: Tensor): Tensor | undefined;
  /** The mean over a batch, differentiable in the predictions where it is a loss. */
  mean(kind: MeanKind, yTrue: Tensor, yPred: Tensor): Scalar | undefined;
  /** The same rows of several tensors. */
  rows(all: readonly Tensor[], rows: Int32Array): Tensor[] | undefined;
  /** Adds **weight** times each of **values** to **totals**, [values.length], in place; makes them where there are none. */
  addTotals(totals: Tensor | undefined, values: readonly Tensor[], weight: number): Tensor;
}

const known = new Map<string, StepOps>();

/** Gives a tfjs backend operations of its own. */
export function addStepOps(backendName: string, ops: StepOps): void {
  known.set(backendName, ops);
}

/**
 * The operations of a training step that the current backend has kernels of its own for: those of *webgpu*, once
 * `registerWebGPUKernels` has put them there; undefined elsewhere.
 *
 * @example
 * const y = stepOps()?.dense(x, kernel, bias, "sigmoid") ?? tf.sigmoid(tf.add(tf.matMul(x, kernel), bias));
 */
export function stepOps(): StepOps | undefined {
  return known.get(getBackend());
}
