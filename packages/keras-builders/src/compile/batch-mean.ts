// Losses and metrics of a batch as one operation, where the backend has one for them.

import { type MeanKind, stepOps } from "@rnnkit/fused-rnn";
import type { Scalar, Tensor } from "@tensorflow/tfjs-core";
import { lossNameOf } from "./chain-loss.ts";
import type { LossFunction } from "./keras-losses.ts";
import type { Loss, Metric } from "./loss-names.ts";

const ofLosses: Partial<Record<Loss, MeanKind>> = {
  meanSquaredError: "meanSquaredError",
  meanAbsoluteError: "meanAbsoluteError",
  binaryCrossentropy: "binaryCrossentropy",
  categoricalCrossentropy: "categoricalCrossentropy",
  sparseCategoricalCrossentropy: "sparseCategoricalCrossentropy",
};

const ofMetrics: Partial<Record<Metric, MeanKind>> = {
  ...{ mse: "meanSquaredError", MSE: "meanSquaredError" },
  ...{ mae: "meanAbsoluteError", MAE: "meanAbsoluteError" },
  binaryCrossentropy: "binaryCrossentropy",
  categoricalCrossentropy: "categoricalCrossentropy",
  sparseCategoricalCrossentropy: "sparseCategoricalCrossentropy",
  binaryAccuracy: "binaryAccuracy",
  categoricalAccuracy: "categoricalAccuracy",
  sparseCategoricalAccuracy: "sparseCategoricalAccuracy",
};

const metrics = new WeakMap<LossFunction, MeanKind>();

/** Which accuracy is taken for a model's outputs of **width** numbers; none where the targets say it. */
function accuracyOf(loss: unknown, width: number | null | undefined): MeanKind | undefined {
  if (width === 1) return "binaryAccuracy";
  if (typeof loss === "function") return undefined;
  return loss === "sparseCategoricalCrossentropy"
    ? "sparseCategoricalAccuracy"
    : "categoricalAccuracy";
}

/** Notes which metric a compiled model's function is, one of predictions of **width** numbers under a loss. */
export function noteMetric(
  fn: LossFunction,
  metric: Metric | LossFunction,
  loss: unknown,
  width: number | null | undefined,
): void {
  if (typeof metric === "function") return;
  const isAccuracy = metric === "accuracy" || metric === "acc";
  const kind = isAccuracy ? accuracyOf(loss, width) : ofMetrics[metric];
  if (kind) metrics.set(fn, kind);
}

/** The mean of a loss over a batch without masks and weights; undefined where tfjs works it out. */
export function lossMean(fn: LossFunction, yTrue: Tensor, yPred: Tensor): Scalar | undefined {
  const ops = stepOps();
  const name = ops && lossNameOf(fn);
  const kind = name && ofLosses[name];
  return kind && ops.mean(kind, yTrue, yPred);
}

/** The same of a metric. */
export function metricMean(fn: LossFunction, yTrue: Tensor, yPred: Tensor): Scalar | undefined {
  const kind = metrics.get(fn);
  return kind && stepOps()?.mean(kind, yTrue, yPred);
}
