import { shown as shownShape } from "@rnnkit/core-rnn";
import {
  adam,
  type KerasCompileArgs,
  kerasLossName,
  kerasMetricName,
  type LossName,
  type MetricName,
  rmsprop,
  sgd,
} from "@rnnkit/keras-builders";
import { mul, type Optimizer, tensor, tidy, type Variable, variable } from "@tensorflow/tfjs-core";
import type { LayersModel, ModelCompileArgs } from "@tensorflow/tfjs-layers";
import type { Hdf5Dataset } from "./hdf5-file.ts";
import { isObject, type JsonObject, own, shown } from "./json-text.ts";
import type { Json } from "./layer-classes.ts";

/** Why a model cannot be compiled as it was. */
class Uncompiled extends Error {}

/** What the object of a loss or metric says where it is as its name alone. */
const plainLoss: Readonly<Record<string, Json[]>> = {
  from_logits: [false],
  label_smoothing: [0],
  axis: [-1],
  ignore_class: [null],
  delta: [1],
  threshold: [0.5],
  reduction: ["sum_over_batch_size", "auto"],
};

/** What Keras's optimizers say where they do what ours do. */
const plainOptimizer: Readonly<Record<string, Json[]>> = {
  weight_decay: [null, 0],
  global_clipnorm: [null],
  clipvalue: [null],
  use_ema: [false],
  loss_scale_factor: [null],
  gradient_accumulation_steps: [null],
  amsgrad: [false],
  centered: [false],
};

interface OptimizerNumbers {
  learning_rate?: number;
  beta_1?: number;
  beta_2?: number;
  epsilon?: number;
  rho?: number;
  momentum?: number;
  nesterov?: boolean;
  clipnorm?: number;
}

interface OptimizerClass {
  make(config: OptimizerNumbers): Optimizer;
  /** Lists of slots, in Keras's order; tfjs's field and the ending of its names. */
  slots(optimizer: Fields): readonly (readonly [field: string, ending: string])[];
  /** Whether Keras goes weight by weight, not list by list. */
  byWeight?: boolean;
  /** tfjs's value over Keras's. */
  factor?(learningRate: number): number;
}

type Slot = { originalName: string; variable: Variable };
type Fields = Optimizer & Record<string, unknown>;

const optimizers: Readonly<Record<string, OptimizerClass>> = {
  Adam: {
    make: ({ learning_rate, beta_1, beta_2, epsilon, clipnorm }) =>
      adam({
        learningRate: learning_rate!,
        beta1: beta_1!,
        beta2: beta_2!,
        epsilon: epsilon!,
        clipnorm: clipnorm!,
      }),
    slots: () => [
      ["accumulatedFirstMoment", "m"],
      ["accumulatedSecondMoment", "v"],
    ],
    byWeight: true,
  },
  RMSprop: {
    make: ({ learning_rate, rho, momentum, epsilon, clipnorm }) =>
      rmsprop({
        learningRate: learning_rate!,
        rho: rho!,
        momentum: momentum!,
        epsilon: epsilon!,
        clipnorm: clipnorm!,
      }),
    slots: ({ momentum }) => [
      ["accumulatedMeanSquares", "rms"],
      ...(momentum ? [["accumulatedMoments", "momentum"] as const] : []),
    ],
  },
  SGD: {
    make: ({ learning_rate, momentum, nesterov, clipnorm }) =>
      sgd({
        learningRate: learning_rate!,
        momentum: momentum!,
        nesterov: nesterov!,
        clipnorm: clipnorm!,
      }),
    slots: ({ m }) => (m ? [["accumulations", "momentum"]] : []),
    // Keras: s ← μ s - η g, tfjs: s ← μ s + g.
    factor: (learningRate) => -1 / learningRate,
  },
};

/** How a model was compiled, as a file says it, and the optimizer's variables in their order. */
export interface SavedCompilation {
  config: JsonObject;
  optimizer: Json | undefined;
  state: readonly Hdf5Dataset[];
}

/**
 * Compiles **model** as it was in Keras, optimizer state included, so that training goes on where it
 * was. Where tfjs cannot, the model stays uncompiled; what is not as it was, goes to **onWarning**.
 */
export function compileAsSaved(
  who: string,
  model: LayersModel,
  { config, optimizer: serialized, state }: SavedCompilation,
  onWarning: (text: string) => void,
): void {
  let optimizer: Optimizer | undefined;
  try {
    const loss = lossOf(own(config, "loss"));
    refuseOthers("compile_config", config, { loss_weights: [null], weighted_metrics: [null] });
    const { known, made, learningRate } = optimizerOf(serialized);
    optimizer = made;
    const [metrics, dropped] = metricsOf(own(config, "metrics") ?? [], model.outputNames);
    compile(model, { optimizer, loss, metrics });
    // model.dispose() frees only the optimizer it owns, and tfjs takes one not made by it for yours.
    (model as unknown as { isOptimizerOwned: boolean }).isOptimizerOwned = true;
    if (dropped.length > 0) {
      onWarning(`${who}: compiled without the metrics ${dropped.join(", ")}, which tfjs lacks`);
    }
    const reason = restoreState(model, optimizer as Fields, known, learningRate, state);
    if (reason) onWarning(`${who}: compiled with a fresh optimizer: ${reason}`);
  } catch (error) {
    optimizer?.dispose();
    if (!(error instanceof Uncompiled)) throw error;
    if (model.optimizer) model.optimizer = undefined as never;
    onWarning(`${who}: the model is not compiled: ${error.message}`);
  }
}

function compile(model: LayersModel, args: KerasCompileArgs): void {
  try {
    model.compile(args as ModelCompileArgs);
  } catch (cause) {
    throw new Uncompiled(cause instanceof Error ? cause.message : `${cause}`);
  }
}

function optimizerOf(serialized: Json | undefined): {
  known: OptimizerClass;
  made: Optimizer;
  learningRate: number;
} {
  const className = isObject(serialized) ? own(serialized, "class_name") : serialized;
  const config = isObject(serialized) ? own(serialized, "config") : undefined;
  const isKnown = typeof className === "string" && Object.hasOwn(optimizers, className);
  if (!isKnown || !isObject(config)) {
    throw new Uncompiled(
      `expected one of ${Object.keys(optimizers).join(", ")}, got ${shown(className)}`,
    );
  }
  refuseOthers(className, config, plainOptimizer);
  const learningRate = own(config, "learning_rate");
  if (typeof learningRate !== "number") {
    throw new Uncompiled(`expected a learning rate that is a number, got ${shown(learningRate)}`);
  }
  const numbers = Object.entries(config).filter(
    ([, value]) => typeof value === "number" || typeof value === "boolean",
  );
  const known = optimizers[className]!;
  try {
    return {
      known,
      made: known.make(Object.fromEntries(numbers) as OptimizerNumbers),
      learningRate,
    };
  } catch (cause) {
    throw new Uncompiled(cause instanceof Error ? cause.message : `${cause}`);
  }
}

/** The first argument that is another than **plain** has it. */
function otherThan(
  plain: Readonly<Record<string, Json[]>>,
  config: JsonObject,
): [key: string, values: Json[]] | undefined {
  return Object.entries(plain).find(([key, values]) => {
    const given = own(config, key);
    return given !== undefined && !values.includes(given as never);
  });
}

function refuseOthers(
  what: string,
  config: JsonObject,
  plain: Readonly<Record<string, Json[]>>,
): void {
  const [key, values] = otherThan(plain, config) ?? [];
  if (key === undefined) return;
  const got = shown(own(config, key));
  throw new Uncompiled(`expected ${what} with ${key} ${shown(values![0])}, got ${got}`);
}

function lossOf(loss: Json | undefined): LossName | LossName[] | Record<string, LossName> {
  if (typeof loss === "string" && kerasLossName(loss)) return loss as LossName;
  if (Array.isArray(loss) && loss.length > 0) return loss.map((each) => lossOf(each) as LossName);
  if (isObject(loss)) {
    const className = own(loss, "class_name");
    const config = own(loss, "config");
    if (typeof className !== "string") {
      const entries = Object.entries(loss).map(([output, each]) => [output, lossOf(each)]);
      return Object.fromEntries(entries) as Record<string, LossName>;
    }
    if (className === "function") return lossOf(config);
    if (isObject(config)) refuseOthers(className, config, plainLoss);
    return lossOf(className);
  }
  throw new Uncompiled(`expected a loss that tfjs has, got ${shown(loss)}`);
}

/** Those that are known here, for all outputs or by an output's name, and the names of the others. */
function metricsOf(
  metrics: Json,
  outputs: readonly string[],
): [MetricName[] | Record<string, MetricName[]>, string[]] {
  const dropped: string[] = [];
  const known = (given: Json): MetricName[] => {
    const all = ([given] as Json[][][]).flat(2).map((metric) => {
      const name = metricOf(metric);
      if (!name) dropped.push(metricWord(metric));
      return name ?? [];
    });
    return [...new Set(all.flat())];
  };
  const byName = (entries: [string, Json][]) =>
    Object.fromEntries(entries.map(([output, each]) => [output, known(each)]));
  if (isObject(metrics) && own(metrics, "class_name") === undefined) {
    return [byName(Object.entries(metrics)), dropped];
  }
  // Keras lists them output by output, where there are several.
  if (Array.isArray(metrics) && outputs.length > 1) {
    return [byName(outputs.map((output, i) => [output, metrics[i] ?? []])), dropped];
  }
  return [known(metrics), dropped];
}

function metricOf(metric: Json): MetricName | undefined {
  if (typeof metric === "string") {
    return kerasMetricName(metric) === undefined ? undefined : (metric as MetricName);
  }
  if (!isObject(metric)) return undefined;
  const className = own(metric, "class_name") ?? null;
  const config = own(metric, "config") ?? null;
  if (className === "function") return metricOf(config);
  // Of whole numbers that are equal: the word alone means another.
  if (className === "Accuracy" || (isObject(config) && otherThan(plainLoss, config))) {
    return undefined;
  }
  return metricOf(className);
}

function metricWord(metric: Json): string {
  const word = isObject(metric) ? own(metric, "class_name") : metric;
  return typeof word === "string" ? word : shown(metric);
}

/** Gives the optimizer the iterations, rate and slots of the file; says why if it cannot. */
function restoreState(
  model: LayersModel,
  optimizer: Fields,
  known: OptimizerClass,
  learningRate: number,
  state: readonly Hdf5Dataset[],
): string | undefined {
  const [iterations, rate, ...saved] = state;
  if (!iterations || !rate) return undefined;
  const weights = model.trainableWeights;
  const slots = known.slots(optimizer);
  // Compiled, and never trained.
  if (saved.length === 0 && iterations.shape.length === 0 && iterations.read()[0] === 0) {
    return undefined;
  }
  if (saved.length !== weights.length * slots.length) {
    return `expected ${weights.length * slots.length} of its variables, got ${saved.length}`;
  }
  const place = (list: number, i: number): Hdf5Dataset =>
    saved[known.byWeight ? i * slots.length + list : list * weights.length + i]!;
  for (const [list] of slots.entries()) {
    for (const [i, { shape }] of weights.entries()) {
      const { path, shape: got } = place(list, i);
      if (`${shape}` !== `${got}`) {
        return `expected ${path} of shape ${shownShape(shape)}, got ${shownShape(got)}`;
      }
    }
  }
  if (iterations.shape.length > 0 || rate.shape.length > 0) return "its counters are no numbers";
  const count = iterations.read()[0]!;
  const current = rate.read()[0]!;
  if (!Number.isSafeInteger(count) || count < 0 || !(current > 0)) {
    return `expected whole iterations and a rate above 0, got ${count} and ${current}`;
  }
  // The config says the rate in more digits, the variable what a callback has made of it.
  const isSame = Math.fround(learningRate) === current;
  if (!isSame) setLearningRate(optimizer, current);
  const factor = known.factor?.(current) ?? 1;
  for (const [list, [field, ending]] of slots.entries()) {
    optimizer[field] = weights.map((weight, i): Slot => {
      const value = weight.read() as Variable;
      return { originalName: `${value.name}/${ending}`, variable: slotOf(place(list, i), factor) };
    });
  }
  (optimizer as unknown as { iterations_: number }).iterations_ = count;
  for (const [power, beta] of [
    ["accBeta1", "beta1"],
    ["accBeta2", "beta2"],
  ] as const) {
    const variable = optimizer[power] as Variable | undefined;
    if (!variable) continue;
    tidy(() => variable.assign(tensor((optimizer[beta] as number) ** (count + 1)) as never));
  }
  return undefined;
}

/** tfjs's SGD keeps the rate also as a tensor. */
function setLearningRate(optimizer: Fields, rate: number): void {
  const { setLearningRate: set } = optimizer as { setLearningRate?: (rate: number) => void };
  if (set) set.call(optimizer, rate);
  else optimizer.learningRate = rate;
}

function slotOf(dataset: Hdf5Dataset, factor: number): Variable {
  return tidy(() => {
    const value = tensor(dataset.read(), dataset.shape as number[], "float32");
    return variable(factor === 1 ? value : mul(value, factor), false);
  });
}
