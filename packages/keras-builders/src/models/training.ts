import { checkOptions, shown } from "@rnnkit/core-rnn";
import { Optimizer } from "@tensorflow/tfjs-core";
import type { Sequential } from "@tensorflow/tfjs-layers";
import { type Check, checking } from "../check.ts";
import type { LossFunction } from "../compile/keras-losses.ts";
import { type LossName, lossNamed, type MetricName, metricNamed } from "../compile/loss-names.ts";
import { firstRate, type LearningRate } from "../optimizers/learning-rate.ts";
import { type OptimizerName, optimizerNamed } from "../optimizers/optimizer-names.ts";
import { seedShuffle } from "../training/shuffle.ts";

/** What every builder lets its caller change about training. */
export interface TrainingOverrides {
  /** `"adam"`, `"adamw"`, `"rmsprop"` or `"sgd"`, with Keras 3's numbers, or any tf.Optimizer of your own. */
  optimizer?: OptimizerName | Optimizer;
  /**
   * Step size: a number, a schedule or a function of the step. Default: Keras 3's for the optimizer. Not
   * together with an optimizer of your own.
   */
  learningRate?: LearningRate;
  /** Limit of each weight's gradient norm. Default: none. Not with an optimizer of your own. */
  clipnorm?: number;
  /** A name that Keras or tfjs takes, as `"mse"`, or a function. Default: the builder's. */
  loss?: LossName | LossFunction;
  /** Names that Keras or tfjs takes, as `"mae"`, or functions. Default: the builder's. */
  metrics?: readonly (MetricName | LossFunction)[];
  /** Makes initial weights, dropout masks and the order of `fit`'s examples repeatable. Default: new ones every time. */
  seed?: number;
}

const trainingNames = ["optimizer", "learningRate", "clipnorm", "loss", "metrics", "seed"];

/** How the tutorial compiles a model; overrides take its parts' places. */
interface Training {
  optimizer: ReturnType<typeof optimizerNamed>;
  loss: LossName;
  metrics?: readonly MetricName[];
}

/**
 * Refuses bad overrides, and those that are not among **names** and training's; what it returns checks the
 * builder's own arguments.
 *
 * @internal
 */
export function checkFor(
  who: string,
  overrides: TrainingOverrides,
  names: readonly string[],
  example?: string,
): Check {
  checkOptions(who, overrides, [...names, ...trainingNames], example);
  const check = checking(who);
  const { optimizer, learningRate, clipnorm, loss, metrics = [], seed } = overrides;
  if (isOwn(optimizer)) {
    if (learningRate !== undefined || clipnorm !== undefined) {
      throw new Error(
        `${who}: expected learningRate and clipnorm with an optimizer given by name, got a tf.Optimizer`,
      );
    }
  } else if (optimizer !== undefined) {
    optimizerNamed(who, optimizer);
  }
  if (learningRate !== undefined) firstRate(who, learningRate);
  check.positive({ clipnorm });
  if (loss !== undefined && typeof loss !== "function") lossNamed(who, loss);
  if (!Array.isArray(metrics)) {
    throw new Error(`${who}: expected metrics to be a list, got ${shown(metrics)}`);
  }
  for (const metric of metrics) if (typeof metric !== "function") metricNamed(who, metric);
  if (seed !== undefined && !Number.isSafeInteger(seed)) {
    throw new Error(`${who}: expected seed to be a whole number, got ${shown(seed)}`);
  }
  return check;
}

/**
 * The model, compiled as the tutorial does where the overrides do not say otherwise.
 *
 * @internal
 */
export function compiled(
  model: Sequential,
  training: Training,
  overrides: TrainingOverrides,
): Sequential {
  const { optimizer, learningRate, clipnorm, loss, metrics = training.metrics ?? [] } = overrides;
  const make =
    typeof optimizer === "string" ? optimizerNamed(model.name, optimizer) : training.optimizer;
  const used = isOwn(optimizer) ? optimizer : make({ learningRate, clipnorm });
  try {
    model.compile({ optimizer: used, loss: loss ?? training.loss, metrics: [...metrics] });
  } catch (error) {
    if (used !== optimizer) used.dispose();
    model.dispose();
    throw error;
  }
  // model.dispose() frees only the optimizer it owns, and tfjs takes one not made by it for yours.
  (model as unknown as { isOptimizerOwned: boolean }).isOptimizerOwned = used !== optimizer;
  if (overrides.seed !== undefined) seedShuffle(model, overrides.seed);
  return model;
}

function isOwn(optimizer: TrainingOverrides["optimizer"]): optimizer is Optimizer {
  return Boolean(optimizer) && optimizer instanceof Optimizer;
}
