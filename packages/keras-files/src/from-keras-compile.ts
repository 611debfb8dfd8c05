import type { Optimizer } from "@tensorflow/tfjs-core";
import type { LayersModel } from "@tensorflow/tfjs-layers";
import { optimizerFromKeras } from "./from-keras-optimizer.ts";
import type { Hdf5Dataset } from "./hdf5-file.ts";
import { isObject, type JsonObject, own, shown } from "./json-text.ts";
import { lossNames, metricNames } from "./keras-losses.ts";
import type { Json } from "./layer-classes.ts";
import { orUncompiled, refuseOthers, Uncompiled } from "./uncompiled.ts";

/** What a loss object says where it is as its name alone. */
const plainLoss: Readonly<Record<string, Json[]>> = {
  from_logits: [false],
  label_smoothing: [0],
  axis: [-1],
  ignore_class: [null],
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
    const [metrics, dropped] = metricsOf(own(config, "metrics") ?? null, loss);
    const args = { optimizer, loss: loss as string, metrics };
    orUncompiled(() => model.compile(args));
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

function lossOf(loss: Json | undefined): string | string[] | Record<string, string> {
  if (typeof loss === "string" && Object.hasOwn(lossNames, snake(loss)))
    return lossNames[snake(loss)]!;
  if (Array.isArray(loss) && loss.length > 0) return loss.map((each) => lossOf(each) as string);
  if (isObject(loss)) {
    const className = own(loss, "class_name");
    const config = own(loss, "config");
    if (typeof className !== "string") {
      const entries = Object.entries(loss).map(([output, each]) => [output, lossOf(each)]);
      return Object.fromEntries(entries) as Record<string, string>;
    }
    if (className === "function") return lossOf(config);
    if (isObject(config)) refuseOthers(className, config, plainLoss);
    return lossOf(snake(className));
  }
  throw new Uncompiled(`expected a loss that tfjs has, got ${shown(loss)}`);
}

/** Those that tfjs has, and the others. */
function metricsOf(metrics: Json, loss: unknown): [string[], string[]] {
  const known: string[] = [];
  const dropped: string[] = [];
  const visit = (metric: Json): void => {
    if (Array.isArray(metric)) for (const each of metric) visit(each);
    else if (typeof metric === "string") {
      const word = snake(metric);
      // tfjs finds it only as the accuracy of a sparse loss.
      const isSparse =
        word === "sparse_categorical_accuracy" && loss === "sparseCategoricalCrossentropy";
      const name = isSparse ? "accuracy" : Object.hasOwn(metricNames, word) && metricNames[word];
      if (name) known.push(name);
      else dropped.push(metric);
    } else if (isObject(metric)) {
      const className = own(metric, "class_name");
      if (typeof className === "string") visit(className);
      else for (const each of Object.values(metric)) visit(each);
    }
  };
  visit(metrics);
  return [[...new Set(known)], dropped];
}

/** `BinaryCrossentropy` to `binary_crossentropy`. */
const snake = (name: string): string =>
  name.replace(/(?<=[a-z0-9])[A-Z]/g, (letter) => `_${letter}`).toLowerCase();
