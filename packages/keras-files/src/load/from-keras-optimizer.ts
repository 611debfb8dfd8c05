import { shown as shownShape } from "@rnnkit/core-rnn";
import { type Optimizer, tensor, tidy, type Variable, variable } from "@tensorflow/tfjs-core";
import type { LayersModel, LayerVariable } from "@tensorflow/tfjs-layers";
import type { Hdf5Dataset } from "../hdf5/file.ts";
import { isObject, type JsonObject, own, shown } from "../keras/json-text.ts";
import {
  type OptimizerClass,
  type OptimizerFields,
  optimizerClasses,
  type SlotList,
  type Slots,
} from "../keras/keras-optimizers.ts";
import { scheduleFromKeras } from "../keras/keras-schedules.ts";
import type { Json } from "../keras/layer-classes.ts";
import { orUncompiled, refuseOthers, Uncompiled } from "./uncompiled.ts";

/** What Keras's optimizers say where they do what ours do. */
const plainOptimizer: Readonly<Record<string, Json[]>> = {
  use_ema: [false],
  loss_scale_factor: [null],
  gradient_accumulation_steps: [null],
};

/** Options of all optimizers, by Keras's keys. */
const sharedOptions: Readonly<Record<string, string>> = {
  weight_decay: "weightDecay",
  clipnorm: "clipnorm",
  clipvalue: "clipvalue",
  global_clipnorm: "globalClipnorm",
};

/** An optimizer that a file names, and what restores its state. */
export interface ReadOptimizer {
  optimizer: Optimizer;
  /**
   * Gives it the iterations, rate and slots of the file, those of **model**'s weights; says why if it
   * cannot.
   */
  restore(model: LayersModel, state: readonly Hdf5Dataset[]): string | undefined;
}

/**
 * The optimizer that Keras serialized.
 *
 * @throws Uncompiled for a class that is not known, and for what ours do not do.
 */
export function optimizerFromKeras(serialized: Json | undefined): ReadOptimizer {
  const given = isObject(serialized) ? own(serialized, "class_name") : serialized;
  const written = isObject(serialized) ? own(serialized, "config") : undefined;
  const className = optimizerClassName(given);
  if (className === undefined || !isObject(written)) {
    throw new Uncompiled(
      `expected one of ${Object.keys(optimizerClasses).join(", ")}, got ${shown(given)}`,
    );
  }
  const config = withRate(written);
  refuseOthers(className, config, plainOptimizer);
  const known = optimizerClasses[className]!;
  const optimizer = orUncompiled(() => known.make(optionsOf(className, known, config) as never));
  return {
    optimizer,
    restore: (model, state) =>
      restoreState(
        model,
        optimizer as OptimizerFields,
        known,
        own(config, "learning_rate") as Json,
        state,
      ),
  };
}

/** Keras looks a class up in small letters; TensorFlow 2.11 registered its own as `Custom>Adam`. */
function optimizerClassName(given: Json | undefined): string | undefined {
  if (typeof given !== "string") return undefined;
  const name = given.replace(/^Custom>/, "").toLowerCase();
  return Object.keys(optimizerClasses).find((known) => known.toLowerCase() === name);
}

/** Keras 2 called the rate `lr` up to 2.2, and its `decay` divided it by 1 + decay · step. */
function withRate(config: JsonObject): JsonObject {
  const rate = own(config, "learning_rate") ?? own(config, "lr");
  const decay_rate = own(config, "decay");
  if (rate === undefined) return config;
  if (!decay_rate) return { ...config, learning_rate: rate };
  const schedule = { initial_learning_rate: rate, decay_steps: 1, decay_rate, staircase: false };
  return { ...config, learning_rate: { class_name: "InverseTimeDecay", config: schedule } };
}

function optionsOf(className: string, known: OptimizerClass, config: JsonObject): object {
  const rate = own(config, "learning_rate");
  if (typeof rate !== "number" && !isObject(rate)) {
    throw new Error(`expected a learning rate that is a number or a schedule, got ${shown(rate)}`);
  }
  const decay = own(config, "weight_decay");
  if (className === "AdamW" && typeof decay !== "number") {
    throw new Error(`expected AdamW with a weight_decay that is a number, got ${shown(decay)}`);
  }
  const named = [
    ...Object.entries(sharedOptions),
    ...known.hyperparameters.map(({ key, option }) => [key, option] as const),
  ];
  const given = named.flatMap(([key, option]) => {
    const value = own(config, key) ?? undefined;
    // To Keras a limit that is not above 0 is none.
    const isNone = key.includes("clip") && typeof value === "number" && !(value > 0);
    return value === undefined || isNone ? [] : [[option, value] as const];
  });
  const learningRate = isObject(rate) ? scheduleFromKeras(rate) : rate;
  return { ...Object.fromEntries(given), learningRate };
}

/** A variable of the optimizer that belongs to a weight. */
interface Place {
  weight: LayerVariable;
  list: SlotList;
}

function restoreState(
  { trainableWeights }: LayersModel,
  optimizer: OptimizerFields,
  known: OptimizerClass,
  configRate: Json,
  state: readonly Hdf5Dataset[],
): string | undefined {
  const [iterations, ...others] = state;
  // A schedule is no variable.
  const hasRate = typeof configRate === "number";
  const rate = hasRate ? others.shift() : undefined;
  if (!iterations || (hasRate && !rate)) return undefined;
  // Compiled, and never trained.
  if (others.length === 0 && iterations.shape.length === 0 && iterations.read()[0] === 0) {
    return undefined;
  }
  const places: Place[] = known
    .slots(optimizer)
    .flatMap((group) =>
      trainableWeights.flatMap((weight) => group.map((list) => ({ weight, list }))),
    );
  const fault = misplaced(places, others) ?? miscounted(iterations, rate);
  if (fault) return fault;
  // The config says the rate in more digits, the variable what a callback has made of it.
  const current = rate?.read()[0];
  if (current !== undefined && Math.fround(configRate as number) !== current) {
    setLearningRate(optimizer, current);
  }
  for (const list of new Set(places.map((place) => place.list))) {
    optimizer[list.field] = places.flatMap(
      ({ weight, list: own }, i): Slots =>
        own === list ? [slotFrom(weight, list, others[i]!)] : [],
    );
  }
  (optimizer as unknown as { iterations_: number }).iterations_ = iterations.read()[0]!;
  return undefined;
}

/** Why these datasets are not what stands at these places. */
function misplaced(places: readonly Place[], saved: readonly Hdf5Dataset[]): string | undefined {
  if (saved.length !== places.length) {
    return `expected ${places.length} of its variables, got ${saved.length}`;
  }
  for (const [i, { weight }] of places.entries()) {
    const { path, shape } = saved[i]!;
    if (`${weight.shape}` !== `${shape}`) {
      return `expected ${path} of shape ${shownShape(weight.shape)}, got ${shownShape(shape)}`;
    }
  }
  return undefined;
}

/** Why these cannot be the number of steps done and the rate. */
function miscounted(iterations: Hdf5Dataset, rate: Hdf5Dataset | undefined): string | undefined {
  if (iterations.shape.length > 0 || (rate && rate.shape.length > 0)) {
    return "its counters are no numbers";
  }
  const [count, current] = [iterations.read()[0]!, rate?.read()[0]];
  if (Number.isSafeInteger(count) && count >= 0 && (current === undefined || current > 0)) {
    return undefined;
  }
  const wanted = rate ? "whole iterations and a rate above 0" : "whole iterations";
  return `expected ${wanted}, got ${rate ? `${count} and ${current}` : count}`;
}

/** tfjs's SGD keeps the rate also as a tensor. */
function setLearningRate(optimizer: OptimizerFields, rate: number): void {
  const { setLearningRate: set } = optimizer as { setLearningRate?: (rate: number) => void };
  if (set) set.call(optimizer, rate);
  else optimizer.learningRate = rate;
}

function slotFrom(weight: LayerVariable, list: SlotList, dataset: Hdf5Dataset): Slots[number] {
  const values = () => tensor(dataset.read(), dataset.shape as number[], "float32");
  return {
    originalName: `${(weight.read() as Variable).name}/${list.ending}`,
    variable: tidy(() => variable(values(), false)),
  };
}
