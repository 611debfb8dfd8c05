import { kerasLossName, kerasMetricName } from "@rnnkit/keras-builders";
import type { Variable } from "@tensorflow/tfjs-core";
import type { LayersModel, LayerVariable } from "@tensorflow/tfjs-layers";
import type { JsonObject } from "../keras/json-text.ts";
import {
  kerasClassName,
  type OptimizerClass,
  type OptimizerFields,
  optimizerClasses,
  type SlotList,
  type Slots,
} from "../keras/keras-optimizers.ts";
import { isSchedule, scheduleToKeras } from "../keras/keras-schedules.ts";
import type { Json } from "../keras/layer-classes.ts";

/** One of the optimizer's variables that belong to a weight, in Keras's terms. */
export interface SlotVariable {
  weight: LayerVariable;
  /** As `momentum` or `velocity`: what the variable's name ends in. */
  kind: string;
  /** Undefined: still zero. */
  value: Variable | undefined;
  /** Keras's value over ours. */
  factor: number;
}

/** What a model was compiled with, as Keras files hold it. */
export interface Compiled {
  /** `compile_config` without the optimizer. */
  config: JsonObject;
  optimizer: { className: string; config: JsonObject };
  iterations: number;
  /** Undefined under a schedule. */
  learningRate: number | undefined;
  /** In Keras's order; none before the first step. */
  slots: SlotVariable[];
}

/**
 * What **model** was compiled with, undefined if it was not; **weights** are its trainable ones in the
 * file's order.
 *
 * @throws for an optimizer other than Adam, AdamW, RMSprop and SGD, a rate that is a function, and for losses
 * and metrics without a name.
 */
export function kerasCompiled(
  model: LayersModel,
  weights: readonly LayerVariable[],
): Compiled | undefined {
  const optimizer = model.optimizer as OptimizerFields | undefined;
  if (!optimizer) return undefined;
  const className = kerasClassName(optimizer);
  const known = className === undefined ? undefined : optimizerClasses[className];
  if (!className || !known) {
    const names = Object.keys(optimizerClasses).join(", ");
    throw unsaved(model, `one of ${names} as optimizer`, optimizer.getClassName());
  }
  const rate = rateOf(model, optimizer);
  const metrics = named(model, "metrics", kerasMetricName, metricsOf(model));
  return {
    config: {
      ...{ loss: named(model, "losses", kerasLossName, model.loss as Given), loss_weights: null },
      metrics: Array.isArray(metrics) && metrics.length === 0 ? null : metrics,
      ...{ weighted_metrics: null, run_eagerly: false, steps_per_execution: 1 },
      jit_compile: "auto",
    },
    optimizer: {
      className,
      config: {
        ...{ name: known.name, learning_rate: rate },
        ...limitsOf(optimizer),
        ...{ use_ema: false, ema_momentum: 0.99, ema_overwrite_frequency: null },
        ...{ loss_scale_factor: null, gradient_accumulation_steps: null },
        ...Object.fromEntries(
          known.hyperparameters.map(({ key, field, absent }) => [
            key,
            (optimizer[field] as number | boolean | undefined) ?? absent,
          ]),
        ),
      },
    },
    iterations: optimizer.iterations,
    learningRate: typeof rate === "number" ? rate : undefined,
    slots: slotVariables(model, optimizer, known, weights),
  };
}

function slotVariables(
  model: LayersModel,
  optimizer: OptimizerFields,
  known: OptimizerClass,
  weights: readonly LayerVariable[],
): SlotVariable[] {
  const trained = model.trainableWeights;
  const listOf = ({ field, ending, kind, factor }: SlotList): SlotVariable[] => {
    const slots = ((optimizer[field] ?? []) as Slots).filter(Boolean);
    if (slots.length === 0) return [];
    const byName = new Map(slots.map((slot) => [slot.originalName, slot.variable]));
    // tfjs goes by place; a weight without a gradient has no slot, and only names tell whose is whose.
    const slotOf = (weight: LayerVariable) =>
      slots.length === trained.length
        ? slots[trained.indexOf(weight)]?.variable
        : byName.get(`${(weight.read() as Variable).name}/${ending}`);
    const found = weights.map(slotOf);
    if (found.some((value, i) => value && `${value.shape}` !== `${weights[i]!.shape}`)) {
      throw unsaved(model, "an optimizer that trained this model", "one that trained another");
    }
    return weights.map((weight, i) => ({ weight, kind, value: found[i], factor }));
  };
  return known.slots(optimizer).flatMap((group) => {
    const lists = group.map(listOf);
    return (lists[0] ?? []).flatMap((_, i) => lists.map((list) => list[i]!));
  });
}

/** The rate as Keras's config holds it. */
function rateOf(model: LayersModel, { learningRate, learningRateSchedule }: OptimizerFields): Json {
  if (learningRateSchedule === undefined) return learningRate as number;
  if (isSchedule(learningRateSchedule)) return scheduleToKeras(learningRateSchedule);
  throw unsaved(model, "a learning rate that is a number or a schedule", "a function of the step");
}

/** How gradients are clipped, and weights decay. */
function limitsOf(optimizer: OptimizerFields): JsonObject {
  const { weightDecay, clipnorm, clipvalue, globalClipnorm } = optimizer as Record<string, unknown>;
  const limit = (value: unknown) => (value as number | undefined) ?? null;
  return {
    ...{ weight_decay: limit(weightDecay), clipnorm: limit(clipnorm) },
    ...{ global_clipnorm: limit(globalClipnorm), clipvalue: limit(clipvalue) },
  };
}

type Given = string | string[] | Record<string, unknown> | ((...args: never[]) => unknown);

/** Keras takes a list output by output, tfjs the whole of it for each. */
function metricsOf({ metrics, outputNames }: LayersModel): Given {
  const given = (metrics ?? []) as Given;
  const isForEach = Array.isArray(given) && given.length > 0 && outputNames.length > 1;
  return isForEach ? Object.fromEntries(outputNames.map((output) => [output, given])) : given;
}

function named(
  model: LayersModel,
  what: string,
  nameOf: (given: string) => string | undefined,
  given: Given,
): Json {
  const within = (each: unknown) => named(model, what, nameOf, each as Given);
  if (typeof given === "string") {
    const name = nameOf(given);
    if (name === undefined) throw unsaved(model, `${what} that Keras has`, given);
    return name;
  }
  if (Array.isArray(given)) return given.map(within);
  if (typeof given === "object" && given !== null) {
    return Object.fromEntries(
      Object.entries(given).map(([output, each]) => [output, within(each)]),
    );
  }
  throw unsaved(model, `${what} that have a name`, typeof given);
}

function unsaved(model: LayersModel, expected: string, got: string): Error {
  return new Error(
    `${model.name}: expected ${expected}, got ${got}; includeOptimizer: false saves the model without what it was compiled with`,
  );
}
