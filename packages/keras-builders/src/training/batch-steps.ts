// One batch through a model, for training and for evaluation, with Keras's losses and metrics.

import {
  addN,
  clone,
  dispose,
  keep,
  mean,
  type Scalar,
  type Tensor,
  tidy,
  type Variable,
} from "@tensorflow/tfjs-core";
import { chainTested, chainTrained } from "../chain/chain-step.ts";
import { lossMean, metricMean } from "../compile/batch-mean.ts";
import { checkClassesOf } from "../compile/class-targets.ts";
import {
  type BatchParts,
  type BatchResult,
  type Compiled,
  partsOf,
} from "../compile/compiled-model.ts";
import { checkTargetOf } from "../compile/target-shape.ts";
import { batchLoss, meanParts, quotient } from "../compile/weighted-mean.ts";
import { carriedMask } from "../graph/carried-mask.ts";

/** One step of the model's optimizer; the metrics are of the predictions before it. */
export function trainedBatch(model: Compiled, data: (Tensor | null)[]): BatchResult {
  const parts = partsOf(model, data);
  const fused = tidied(() =>
    chainTrained(model, parts, (made) => metricsOf(model, parts.targets, made)),
  );
  if (fused) return fused;
  const { inputs, targets, weights } = parts;
  const variables = model.collectedTrainableWeights.map((weight) => weight.read() as Variable);
  const several = model.outputs.length > 1;
  let outputs: Tensor[] = [];
  let losses: Scalar[] = [];
  return tidied(() => {
    try {
      const total = model.optimizer.minimize(
        () => {
          outputs = [model.call(inputs, { training: true })].flat();
          losses = lossesOf(model, targets, outputs, weights);
          // They outlive the gradient's scope, and go with this one.
          for (const tensor of several ? [...outputs, ...losses] : outputs) keep(tensor);
          return totalLoss(model, losses);
        },
        true,
        variables,
      )!;
      const each = several ? losses.map((loss) => clone(loss)) : [];
      return { ...metricsOf(model, targets, outputs), losses: [total, ...each] };
    } finally {
      dispose(several ? [...outputs, ...losses] : outputs);
    }
  });
}

/** What the model makes of a batch, as Keras's `evaluate`: regularizers are in the loss. */
export function testedBatch(model: Compiled, data: (Tensor | null)[]): BatchResult {
  const parts = partsOf(model, data);
  const fused = tidied(() =>
    chainTested(model, parts, (made) => metricsOf(model, parts.targets, made)),
  );
  if (fused) return fused;
  const { inputs, targets, weights } = parts;
  return tidied(() => {
    const outputs = [model.call(inputs, { countActivity: true })].flat();
    const losses = lossesOf(model, targets, outputs, weights);
    const each = losses.length > 1 ? losses : [];
    return {
      ...metricsOf(model, targets, outputs),
      losses: [totalLoss(model, losses), ...each],
    };
  });
}

const tidied = <Result extends BatchResult | undefined>(run: () => Result): Result =>
  tidy(run as never) as unknown as Result;

function lossesOf(
  model: Compiled,
  targets: readonly Tensor[],
  outputs: readonly Tensor[],
  weights: BatchParts["weights"],
): Scalar[] {
  return outputs.map((output, i) => {
    const [lossOf, target] = [model.lossFunctions[i]!, targets[i]!];
    checkTargetOf(model, i, target, output.shape);
    const mask = carriedMask(output);
    checkClassesOf(model, i, target, output.shape.at(-1)!, mask);
    const weighting = { sampleWeight: weights[i] ?? undefined, mask };
    const isPlain = !weighting.sampleWeight && !weighting.mask;
    const whole = isPlain ? lossMean(lossOf, target, output) : undefined;
    if (whole) return whole;
    const values = lossOf(target, output);
    return batchLoss(model.name, values, weighting);
  });
}

function totalLoss(model: Compiled, losses: readonly Scalar[]): Scalar {
  const costs = [...losses, ...model.calculateLosses()];
  return costs.length === 1 ? costs[0]! : (addN(costs) as Scalar);
}

function metricsOf(
  model: Compiled,
  targets: readonly Tensor[],
  outputs: readonly Tensor[],
): Omit<BatchResult, "losses"> {
  const metrics: Scalar[] = [];
  const parts: BatchResult["parts"] = [];
  const ofLosses = model.outputs.length > 1 ? model.outputs.length : 0;
  for (const [metric, i] of model.metricsTensors.slice(ofLosses)) {
    const [target, output] = [targets[i]!, outputs[i]!];
    const mask = carriedMask(output);
    const whole = mask ? undefined : metricMean(metric, target, output);
    if (whole) {
      parts.push(undefined);
      metrics.push(whole);
      continue;
    }
    const values = tidy(() => metric(target, output));
    const own = mask && values.rank > 0 ? meanParts(model.name, values, mask) : undefined;
    parts.push(own);
    metrics.push(own ? quotient(own.total, own.count) : mean(values));
  }
  return { metrics, parts };
}
