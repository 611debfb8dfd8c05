// A compiled model as tfjs-layers has it, and what goes through it.

import type { Scalar, Tensor } from "@tensorflow/tfjs-core";
import type { LayersModel, LayerVariable } from "@tensorflow/tfjs-layers";
import type { LossFunction } from "./keras-losses.ts";
import type { MeanParts } from "./weighted-mean.ts";

/** What tfjs-layers keeps of a compiled model and does not tell. */
export interface Compiled
  extends Pick<
    LayersModel,
    "name" | "inputs" | "outputs" | "outputNames" | "loss" | "call" | "optimizer" | "metricsNames"
  > {
  inputNames: string[];
  lossFunctions: LossFunction[];
  /** The losses of the outputs, if several, then metrics: function and output. */
  metricsTensors: [LossFunction, number][];
  collectedTrainableWeights: LayerVariable[];
  calculateLosses(): Scalar[];
}

/** A number, as a tensor where tfjs worked it out. */
export type Value = Scalar | number;

/** What one batch gave. */
export interface BatchResult {
  /** The loss, with regularizers; then each output's, if there are several. */
  losses: Value[];
  /** Each metric of the batch. */
  metrics: Scalar[];
  /** The parts of each metric, where a mask reached it: those of all batches make the epoch's. */
  parts: (MeanParts | undefined)[];
}

/** Inputs, targets and weights of a batch. */
export interface BatchParts {
  inputs: Tensor[];
  targets: Tensor[];
  weights: (Tensor | null | undefined)[];
}

/** The parts of a batch, which tfjs-layers lists one behind the other. */
export function partsOf(model: Compiled, data: (Tensor | null)[]): BatchParts {
  const [inputs, outputs] = [model.inputs.length, model.outputs.length];
  return {
    inputs: data.slice(0, inputs) as Tensor[],
    targets: data.slice(inputs, inputs + outputs) as Tensor[],
    weights: data.slice(inputs + outputs, inputs + 2 * outputs),
  };
}
