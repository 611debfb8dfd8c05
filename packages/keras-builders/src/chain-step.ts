// One batch through a model whose layers form a chain: forwards, back and, where it trains, the optimizer's step,
// without an operation of tfjs between the layers. What it gives is what batch-steps.ts gives by tfjs.

import { runChain } from "@rnnkit/fused-rnn";
import {
  dispose,
  engine,
  Optimizer,
  type Scalar,
  type Tensor,
  type Variable,
  valueAndGrad,
} from "@tensorflow/tfjs-core";
import type { BatchResult, Compiled } from "./batch-steps.ts";
import { chainOf, isChain, type ModelChain } from "./model-chain.ts";
import { batchLoss, type Weighting } from "./weighted-mean.ts";

/** Inputs, targets and weights of a batch. */
export interface BatchParts {
  inputs: Tensor[];
  targets: Tensor[];
  weights: (Tensor | null | undefined)[];
}

/** Works out the metrics of predictions. */
type Metrics = (outputs: Tensor[]) => Omit<BatchResult, "losses">;

const nobody: ReadonlySet<Tensor> = new Set();

/** The chain that runs a call of a model now; not where somebody records one. */
function chainNow(model: Compiled): ModelChain | undefined {
  if (engine().isTapeOn()) return undefined;
  const chain = chainOf(model);
  return isChain(chain) ? chain : undefined;
}

/** A step of training; undefined where the model goes the usual way. */
export function chainTrained(
  model: Compiled,
  { inputs, targets, weights }: BatchParts,
  metricsOf: Metrics,
): BatchResult | undefined {
  const { optimizer } = model;
  const chain = hasPlainSteps(optimizer) ? chainNow(model) : undefined;
  if (!chain) return undefined;
  const variables = model.collectedTrainableWeights.map((weight) => weight.read() as Variable);
  const run = runChain(chain.stages, inputs[0]!, true, new Set(variables));
  let gradients = new Map<Tensor, Tensor>();
  try {
    const output = run.output();
    const { loss, dy } = lossAndGradient(model, targets[0]!, output, weights[0]);
    gradients = run.gradients(dy);
    const named = variables.map((variable) => {
      return { name: variable.name, tensor: gradients.get(variable)! };
    });
    const metrics = metricsOf([output]);
    optimizer.applyGradients(named);
    return { losses: [loss], ...metrics };
  } finally {
    run.release();
    dispose([...gradients.values()]);
  }
}

/** What a model makes of a batch, and its loss; undefined where the model goes the usual way. */
export function chainTested(
  model: Compiled,
  { inputs, targets, weights }: BatchParts,
  metricsOf: Metrics,
): BatchResult | undefined {
  const chain = chainNow(model);
  if (!chain) return undefined;
  const run = runChain(chain.stages, inputs[0]!, false, nobody);
  let output: Tensor;
  try {
    output = run.output();
  } finally {
    run.release();
  }
  const values = model.lossFunctions[0]!(targets[0]!, output);
  const loss = batchLoss(model.name, values, { sampleWeight: weights[0] ?? undefined });
  return { losses: [loss], ...metricsOf([output]) };
}

/** Whether `minimize` is tfjs's: gradients, then `applyGradients`. */
function hasPlainSteps(optimizer: Optimizer): boolean {
  const { minimize, computeGradients } = Optimizer.prototype;
  return optimizer.minimize === minimize && optimizer.computeGradients === computeGradients;
}

/** The loss of predictions, and its gradient in them. */
function lossAndGradient(
  model: Compiled,
  target: Tensor,
  output: Tensor,
  sampleWeight: Weighting["sampleWeight"] | null,
): { loss: Scalar; dy: Float32Array } {
  const lossOf = model.lossFunctions[0]!;
  const { value, grad } = valueAndGrad((predicted: Tensor) =>
    batchLoss(model.name, lossOf(target, predicted), { sampleWeight: sampleWeight ?? undefined }),
  )(output);
  return { loss: value as Scalar, dy: grad.dataSync<"float32">() };
}
