// One batch through a model whose layers form a chain: forwards, back and, where it trains, the optimizer's step,
// without an operation of tfjs between the layers. What it gives is what batch-steps.ts gives by tfjs.

import { type ChainInput, type ChainRun, readNumbers, runChain } from "@rnnkit/fused-rnn";
import {
  dispose,
  engine,
  Optimizer,
  type Scalar,
  type Tensor,
  type TensorInfo,
  tensor,
  type Variable,
  valueAndGrad,
} from "@tensorflow/tfjs-core";
import { isKnownLoss, lossNumbers } from "../compile/chain-loss.ts";
import { checkClassesOf } from "../compile/class-targets.ts";
import type { BatchParts, BatchResult, Compiled } from "../compile/compiled-model.ts";
import { checkTargetOf } from "../compile/target-shape.ts";
import { batchLoss, type Weighting } from "../compile/weighted-mean.ts";
import { carriedMask } from "../graph/carried-mask.ts";
import { stepsRaw } from "../optimizers/optimizer-step.ts";
import { type ChainModel, chainOf, isChain, type ModelChain } from "./model-chain.ts";

/** Works out the metrics of predictions. */
type Metrics = (outputs: Tensor[]) => Omit<BatchResult, "losses">;

const nobody: ReadonlySet<Tensor> = new Set();

/**
 * The chain that runs batches of x now; not where somebody records them, where x carries a mask, or where tfjs-layers
 * refuses a batch.
 */
function chainNow(model: ChainModel, x: Tensor, batchSize?: number): ModelChain | undefined {
  const { shape } = model.inputs[0]!;
  const [count] = x.shape as [number];
  const size = Math.min(batchSize ?? count, count);
  const fits = shape.every((n, i) => {
    if (n == null) return true;
    return i === 0 ? n === size && count % n === 0 : n === x.shape[i];
  });
  const isNumbers = x.dtype === "float32" || x.dtype === "int32" || x.dtype === "bool";
  if (!fits || shape.length !== x.rank || !isNumbers || x.size === 0) return undefined;
  if (engine().isTapeOn() || carriedMask(x)) return undefined;
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
  const isKnown = hasPlainSteps(optimizer) && isKnownLoss(model.lossFunctions[0]!);
  const chain = isKnown ? chainNow(model, inputs[0]!) : undefined;
  if (!chain) return undefined;
  const variables = model.collectedTrainableWeights.map((weight) => weight.read() as Variable);
  // Those that were frozen since the model was compiled stand still, and keep their places.
  const trained = new Set<Tensor>(variables.filter(({ trainable }) => trainable));
  // Which tfjs refuses.
  if (trained.size === 0) return undefined;
  const run = runChain(chain.stages, inputs[0]!, true, trained);
  try {
    const output = once(() => run.output());
    const { loss, dy } = lossAndGradient(model, targets[0]!, run, output, weights[0]);
    // Before the step, as tfjs-layers does; and where they fail, nothing has been done.
    const metrics = metricsFor(model, output, metricsOf);
    step(optimizer, variables, run.gradients(dy));
    return { losses: [loss], ...metrics };
  } finally {
    run.release();
  }
}

/** A step of an optimizer from gradients that are the backend's; a weight without one stays as it is. */
function step(
  optimizer: Optimizer,
  variables: readonly Variable[],
  gradients: ReadonlyMap<Tensor, TensorInfo>,
): void {
  const raw = variables.map((value) => ({ value, gradient: gradients.get(value) }));
  if (stepsRaw(optimizer)) {
    try {
      optimizer.applyRaw(raw);
    } catch (error) {
      // Those that the step has taken are gone already.
      for (const { dataId } of gradients.values()) engine().backend.disposeData(dataId);
      throw error;
    }
    return;
  }
  const named = raw.map(({ value, gradient }) => {
    if (!gradient) return { name: value.name, tensor: null as never };
    const { dataId, shape, dtype } = gradient;
    return { name: value.name, tensor: engine().makeTensorFromDataId(dataId, shape, dtype) };
  });
  try {
    optimizer.applyGradients(named);
  } finally {
    dispose(named.map(({ tensor }) => tensor));
  }
}

/** What a model makes of a batch, and its loss; undefined where the model goes the usual way. */
export function chainTested(
  model: Compiled,
  { inputs, targets, weights }: BatchParts,
  metricsOf: Metrics,
): BatchResult | undefined {
  const chain = chainNow(model, inputs[0]!);
  if (!chain) return undefined;
  const run = runChain(chain.stages, inputs[0]!, false, nobody);
  try {
    const output = once(() => run.output());
    const [target, sampleWeight] = [targets[0]!, weights[0] ?? undefined];
    const lossOf = model.lossFunctions[0]!;
    checkTargetOf(model, 0, target, run.shape);
    checkClassesOf(model, 0, target, run.shape.at(-1)!);
    const numbers = sampleWeight ? undefined : lossNumbers(lossOf, target, run);
    const loss = numbers?.loss ?? batchLoss(model.name, lossOf(target, output()), { sampleWeight });
    return { losses: [loss], ...metricsFor(model, output, metricsOf) };
  } finally {
    run.release();
  }
}

/** What a model makes of x, batch by batch; undefined where it goes the usual way. */
export function chainPredicted(
  model: ChainModel,
  x: Tensor,
  batchSize: number,
): Tensor | undefined {
  const chain = chainNow(model, x, batchSize);
  if (!chain) return undefined;
  const [count, ...example] = x.shape as [number, ...number[]];
  const batch = (from: number, size: number): ChainInput => {
    if (size === count) return x;
    const floats = x.size / count;
    // Read anew: what a batch leaves behind may have moved it.
    const values = readNumbers(x).subarray(from * floats, (from + size) * floats);
    return { shape: [size, ...example], values };
  };
  let all: Float32Array | undefined;
  let shape: number[] = [];
  for (let from = 0; from < count; from += batchSize) {
    const size = Math.min(batchSize, count - from);
    const run = runChain(chain.stages, batch(from, size), false, nobody);
    try {
      if (size === count) return run.output();
      const values = run.values();
      shape = [count, ...run.shape.slice(1)];
      all ??= new Float32Array((values.length / size) * count);
      all.set(values, (values.length / size) * from);
    } finally {
      run.release();
    }
  }
  return tensor(all!, shape);
}

/** Whether `minimize` is tfjs's: gradients, then `applyGradients`. */
export function hasPlainSteps(optimizer: Optimizer): boolean {
  const { minimize, computeGradients } = Optimizer.prototype;
  return optimizer.minimize === minimize && optimizer.computeGradients === computeGradients;
}

/** What **make** gives, made when it is asked for: predictions are a tensor only where somebody wants one. */
function once<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

function metricsFor(
  model: Compiled,
  output: () => Tensor,
  metricsOf: Metrics,
): ReturnType<Metrics> {
  return model.metricsTensors.length === 0 ? { metrics: [], parts: [] } : metricsOf([output()]);
}

/** The loss of predictions, and its gradient in them. */
function lossAndGradient(
  model: Compiled,
  target: Tensor,
  run: ChainRun,
  output: () => Tensor,
  sampleWeight: Weighting["sampleWeight"] | null,
): { loss: Scalar | number; dy: Float32Array } {
  const lossOf = model.lossFunctions[0]!;
  checkTargetOf(model, 0, target, run.shape);
  checkClassesOf(model, 0, target, run.shape.at(-1)!);
  const numbers = sampleWeight ? undefined : lossNumbers(lossOf, target, run);
  if (numbers) return numbers;
  const { value, grad } = valueAndGrad((predicted: Tensor) =>
    batchLoss(model.name, lossOf(target, predicted), { sampleWeight: sampleWeight ?? undefined }),
  )(output());
  return { loss: value as Scalar, dy: grad.dataSync<"float32">() };
}
