import {
  kerasLossName,
  kerasMetricName,
  type LossName,
  type MetricName,
} from "@rnnkit/keras-builders";
import type { Optimizer } from "@tensorflow/tfjs-core";
import type { LayersModel, ModelCompileArgs } from "@tensorflow/tfjs-layers";
import type { Hdf5Dataset } from "../hdf5/file.ts";
import { isObject, type JsonObject, own, shown } from "../keras/json-text.ts";
import type { Json } from "../keras/layer-classes.ts";
import { optimizerFromKeras } from "./from-keras-optimizer.ts";
import { orUncompiled, otherThan, refuseOthers, Uncompiled } from "./uncompiled.ts";

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
    const read = optimizerFromKeras(serialized);
    optimizer = read.optimizer;
    const [metrics, dropped] = metricsOf(own(config, "metrics") ?? [], model.outputNames);
    const args = { optimizer, loss, metrics };
    orUncompiled(() => model.compile(args as ModelCompileArgs));
    // model.dispose() frees only the optimizer it owns, and tfjs takes one not made by it for yours.
    (model as unknown as { isOptimizerOwned: boolean }).isOptimizerOwned = true;
    if (dropped.length > 0) {
      onWarning(`${who}: compiled without the metrics ${dropped.join(", ")}, which tfjs lacks`);
    }
    const reason = read.restore(model, state);
    if (reason) onWarning(`${who}: compiled with a fresh optimizer: ${reason}`);
  } catch (error) {
    optimizer?.dispose();
    if (!(error instanceof Uncompiled)) throw error;
    if (model.optimizer) model.optimizer = undefined as never;
    onWarning(`${who}: the model is not compiled: ${error.message}`);
  }
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
  // TensorFlow 2's around a function.
  if (className === "MeanMetricWrapper" && isObject(config)) {
    return metricOf(own(config, "fn") ?? null);
  }
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
