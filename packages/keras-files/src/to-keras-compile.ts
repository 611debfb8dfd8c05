import { kerasLossName, kerasMetricName } from "@rnnkit/keras-builders";
import type { Optimizer, Variable } from "@tensorflow/tfjs-core";
import type { LayersModel, LayerVariable } from "@tensorflow/tfjs-layers";
import type { JsonObject } from "./json-text.ts";
import type { Json } from "./layer-classes.ts";

/** One of the optimizer's variables that belong to a weight, in Keras's terms. */
export interface SlotVariable {
  weight: LayerVariable;
  /** `momentum` or `velocity`: what the variable's name ends in. */
  kind: string;
  /** Undefined: still zero. */
  value: Variable | undefined;
  /** Keras's value over tfjs's. */
  factor: number;
}

/** What a model was compiled with, as Keras files hold it. */
export interface Compiled {
  /** `compile_config` without the optimizer. */
  config: JsonObject;
  optimizer: { className: string; config: JsonObject };
  iterations: number;
  learningRate: number;
  /** In Keras's order; none before the first step. */
  slots: SlotVariable[];
}

type Slots = { originalName: string; variable: Variable }[];
type OptimizerFields = Optimizer & Record<string, unknown>;

interface OptimizerClass {
  className: string;
  name: string;
  config(optimizer: OptimizerFields): JsonObject;
  /** tfjs's lists of slots: field, the ending of tfjs's names, and of Keras's. */
  slots(optimizer: OptimizerFields): { field: string; tfjs: string; keras: string }[];
  /** Whether Keras goes weight by weight, not list by list. */
  byWeight?: boolean;
  factor?(optimizer: OptimizerFields): number;
}

const sgd: OptimizerClass = {
  ...{ className: "SGD", name: "sgd" },
  config: ({ momentum, useNesterov }) => ({
    momentum: (momentum as number | undefined) ?? 0,
    nesterov: (useNesterov as boolean | undefined) ?? false,
  }),
  slots: ({ momentum }) =>
    momentum ? [{ field: "accumulations", tfjs: "momentum", keras: "momentum" }] : [],
  // Keras: s ← μ s - η g, tfjs: s ← μ s + g.
  factor: ({ learningRate }) => -(learningRate as number),
};

/** By tfjs's class name. */
const optimizerClasses: Readonly<Record<string, OptimizerClass>> = {
  SGD: sgd,
  Momentum: sgd,
  Adam: {
    ...{ className: "Adam", name: "adam" },
    config: ({ beta1, beta2, epsilon }) => ({
      ...{ beta_1: beta1 as number, beta_2: beta2 as number },
      ...{ epsilon: epsilon as number, amsgrad: false },
    }),
    slots: () => [
      { field: "accumulatedFirstMoment", tfjs: "m", keras: "momentum" },
      { field: "accumulatedSecondMoment", tfjs: "v", keras: "velocity" },
    ],
    byWeight: true,
  },
  RMSProp: {
    ...{ className: "RMSprop", name: "rm_sprop" },
    config: ({ decay, momentum, epsilon, centered }) => ({
      ...{ rho: decay as number, momentum: momentum as number },
      ...{ epsilon: epsilon as number, centered: (centered as boolean | undefined) ?? false },
    }),
    slots: ({ momentum, centered }) => [
      { field: "accumulatedMeanSquares", tfjs: "rms", keras: "velocity" },
      ...(momentum ? [{ field: "accumulatedMoments", tfjs: "momentum", keras: "momentum" }] : []),
      ...(centered
        ? [{ field: "accumulatedMeanGrads", tfjs: "mg", keras: "average_gradient" }]
        : []),
    ],
  },
};

/**
 * What **model** was compiled with, undefined if it was not; **weights** are its trainable ones in the
 * file's order.
 *
 * @throws for an optimizer other than Adam, RMSprop and SGD, and for losses and metrics without a name.
 */
export function kerasCompiled(
  model: LayersModel,
  weights: readonly LayerVariable[],
): Compiled | undefined {
  const optimizer = model.optimizer as OptimizerFields | undefined;
  if (!optimizer) return undefined;
  const given = optimizer.getClassName();
  const known = Object.hasOwn(optimizerClasses, given) ? optimizerClasses[given] : undefined;
  if (!known) throw unsaved(model, "Adam, RMSprop or SGD as optimizer", given);
  const learningRate = optimizer.learningRate as number;
  const metrics = named(model, "metrics", kerasMetricName, metricsOf(model));
  return {
    config: {
      ...{ loss: named(model, "losses", kerasLossName, model.loss as Given), loss_weights: null },
      metrics: Array.isArray(metrics) && metrics.length === 0 ? null : metrics,
      ...{ weighted_metrics: null, run_eagerly: false, steps_per_execution: 1 },
      jit_compile: "auto",
    },
    optimizer: {
      className: known.className,
      config: {
        ...{ name: known.name, learning_rate: learningRate, weight_decay: null },
        ...{ clipnorm: (optimizer.clipnorm as number | undefined) ?? null, global_clipnorm: null },
        ...{ clipvalue: null, use_ema: false, ema_momentum: 0.99, ema_overwrite_frequency: null },
        ...{ loss_scale_factor: null, gradient_accumulation_steps: null },
        ...known.config(optimizer),
      },
    },
    iterations: optimizer.iterations,
    learningRate,
    slots: slotVariables(model, optimizer, known, weights),
  };
}

function slotVariables(
  model: LayersModel,
  optimizer: OptimizerFields,
  known: OptimizerClass,
  weights: readonly LayerVariable[],
): SlotVariable[] {
  const factor = known.factor?.(optimizer) ?? 1;
  const trained = model.trainableWeights;
  const lists = known.slots(optimizer).map(({ field, tfjs, keras }): SlotVariable[] => {
    const slots = ((optimizer[field] ?? []) as Slots).filter(Boolean);
    if (slots.length === 0) return [];
    const byName = new Map(slots.map((slot) => [slot.originalName, slot.variable]));
    // tfjs goes by place; a weight without a gradient has no slot, and only names tell whose is whose.
    const slotOf = (weight: LayerVariable) =>
      slots.length === trained.length
        ? slots[trained.indexOf(weight)]?.variable
        : byName.get(`${(weight.read() as Variable).name}/${tfjs}`);
    const found = weights.map(slotOf);
    if (found.some((value, i) => value && `${value.shape}` !== `${weights[i]!.shape}`)) {
      throw unsaved(model, "an optimizer that trained this model", "one that trained another");
    }
    return weights.map((weight, i) => ({ weight, kind: keras, value: found[i], factor }));
  });
  if (!known.byWeight) return lists.flat();
  return (lists[0] ?? []).flatMap((_, i) => lists.map((list) => list[i]!));
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
