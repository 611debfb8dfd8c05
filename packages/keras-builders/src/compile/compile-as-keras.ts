import { didYouMean, shown } from "@rnnkit/core-rnn";
import type { Optimizer } from "@tensorflow/tfjs-core";
import { type ModelCompileArgs, metrics as stock } from "@tensorflow/tfjs-layers";
import { type OptimizerName, optimizerNamed } from "../optimizers/optimizer-names.ts";
import { noteMetric } from "./batch-mean.ts";
import { noteLoss } from "./chain-loss.ts";
import type { Compiled } from "./compiled-model.ts";
import { kerasLosses, kerasMetrics, type LossFunction } from "./keras-losses.ts";
import {
  type Loss,
  type LossName,
  lossNamed,
  type Metric,
  type MetricName,
  metricNamed,
} from "./loss-names.ts";

/** A loss by name, or as a function. @inline */
type GivenLoss = LossName | LossFunction;
/** A metric by name, or as a function. @inline */
type GivenMetric = MetricName | LossFunction;
type KnownLoss = Loss | LossFunction;
type KnownMetric = Metric | LossFunction;
type Nested<T> = T | readonly Nested<T>[] | Readonly<{ [output: string]: Nested<T> }>;

/** What a model is trained by. */
export interface KerasCompileArgs {
  /** A name, with Keras 3's numbers, or an optimizer. */
  optimizer: OptimizerName | Optimizer;
  /** A name that Keras or tfjs-layers takes, or a function; or one for each output, in order or by name. */
  loss: GivenLoss | readonly GivenLoss[] | Readonly<Record<string, GivenLoss>>;
  /** The same, for all outputs, or for each: a list of lists, or by an output's name. Default none. */
  metrics?:
    | readonly (GivenMetric | readonly GivenMetric[])[]
    | Readonly<Record<string, GivenMetric | readonly GivenMetric[]>>;
}

/**
 * `model.compile` with Keras's names and numbers, over tfjs-layers' own, **compile**. A loss or metric of which
 * tfjs-layers has another number, or none, is Keras's; so is *accuracy* with binary crossentropy where there
 * is more than one number to an example, which is categorical. `model.loss` and `model.metrics` say the
 * names, and so do saved models.
 *
 * @throws for a name that neither takes, with the nearest, for an output without a loss, and for losses or metrics
 * of one that there is not.
 */
export function compileAsKeras(
  model: Compiled & { isOptimizerOwned: boolean; outputNames: string[] },
  args: KerasCompileArgs,
  compile: (args: ModelCompileArgs) => void,
): void {
  const who = "compile";
  const loss = named<GivenLoss, KnownLoss>(args.loss, (given) =>
    typeof given === "function" ? given : lossNamed(who, given),
  );
  const { outputNames, outputs } = model;
  const given = metricsByName(who, args.metrics ?? [], outputNames);
  const metrics = named<GivenMetric, KnownMetric>(given, (metric) =>
    typeof metric === "function" ? metric : metricNamed(who, metric),
  );
  for (const [what, byName] of Object.entries({ losses: loss, metrics })) {
    const names = isByName(byName) ? Object.keys(byName) : [];
    const strange = names.find((output) => !outputNames.includes(output));
    if (strange === undefined) continue;
    throw new Error(
      `${who}: expected ${what} of ${outputNames.join(", ")}, got ${strange}${didYouMean(strange, outputNames)}`,
    );
  }

  const losses = outputNames.map((output, i) => {
    if (isByName(loss)) return loss[output] as KnownLoss | undefined;
    return (Array.isArray(loss) ? loss[i] : loss) as KnownLoss;
  });
  const without = outputNames.filter((_, i) => losses[i] == null);
  if (without.length > 0) {
    throw new Error(
      `${who}: expected a loss for each of ${outputNames.join(", ")}, got none for ${without.join(", ")}`,
    );
  }
  const widths = outputs.map(({ shape }) => shape.at(-1));
  const metricsOf = outputNames.map(
    (output) => [isByName(metrics) ? (metrics[output] ?? []) : metrics].flat() as KnownMetric[],
  );
  const compiledMetrics = outputNames.map((output, i) => [
    output,
    metricsOf[i]!.map((metric) => compiledMetric(metric, losses[i], widths[i])),
  ]);
  const { optimizer } = args;
  const made = typeof optimizer === "string" ? optimizerNamed(who, optimizer)({}) : undefined;
  try {
    compile({
      optimizer: made ?? (optimizer as Optimizer),
      loss: named(loss, (name) => (name === "huber" ? kerasLosses.huber : name)) as string,
      metrics: Object.fromEntries(compiledMetrics),
    });
  } catch (error) {
    made?.dispose();
    throw error;
  }
  model.isOptimizerOwned = made !== undefined;

  // tfjs-layers knows by its own function which loss takes class numbers: Keras's come in afterwards.
  for (const [i, name] of losses.entries()) {
    if (typeof name !== "string") continue;
    if (!(name in kerasLosses)) {
      noteLoss(model.lossFunctions[i]!, name);
      continue;
    }
    const own = kerasLosses[name as keyof typeof kerasLosses];
    model.lossFunctions[i] = own;
    noteLoss(own, name);
    // With several outputs each one's loss is reported, before all metrics.
    if (losses.length > 1) model.metricsTensors[i]![0] = own;
  }
  // Those of the losses stand before them.
  let place = losses.length > 1 ? losses.length : 0;
  for (const [i, list] of metricsOf.entries()) {
    for (const metric of list) {
      noteMetric(model.metricsTensors[place++]![0], metric, losses[i], widths[i]);
    }
  }
  Object.assign(model, { loss, metrics });
}

/** Lists for each output by the outputs' names; all others as they are. */
function metricsByName(
  who: string,
  given: Nested<GivenMetric>,
  outputNames: readonly string[],
): Nested<GivenMetric> {
  if (!Array.isArray(given) || !given.some((each) => Array.isArray(each))) return given;
  if (given.length === outputNames.length) {
    return Object.fromEntries(outputNames.map((output, i) => [output, given[i]]));
  }
  throw new Error(
    `${who}: expected metrics to be one list for each of ${outputNames.join(", ")}, got ${shown(given)}`,
  );
}

/** The same structure of lists and outputs' names, each name in it or function replaced. */
function named<T, R>(given: Nested<T>, by: (name: T) => R): Nested<R> {
  if (Array.isArray(given)) return given.map((each) => named(each, by));
  if (!isByName(given)) return by(given as T);
  const entries = Object.entries(given).map(([output, each]) => [output, named(each, by)]);
  return Object.fromEntries(entries);
}

function isByName<T>(given: Nested<T>): given is Readonly<Record<string, Nested<T>>> {
  return typeof given === "object" && given !== null && !Array.isArray(given);
}

function compiledMetric(
  metric: KnownMetric,
  loss: KnownLoss | undefined,
  width: number | null | undefined,
): string | LossFunction {
  if (typeof metric === "function") return metric;
  if (metric in kerasMetrics)
    return called(metric, kerasMetrics[metric as keyof typeof kerasMetrics]);
  const isAccuracy = metric === "accuracy" || metric === "acc";
  if (!isAccuracy || width === 1) return metric;
  if (typeof loss === "function") return called("acc", accuracyOfShapes);
  return loss === "binaryCrossentropy" ? called("acc", stock.categoricalAccuracy) : metric;
}

/** Beside a loss of the caller's own the targets' shape tells class numbers from rows, as everywhere in Keras. */
const accuracyOfShapes: LossFunction = (yTrue, yPred) => {
  const isClass = yTrue.rank < yPred.rank || yTrue.shape.at(-1) === 1;
  return isClass
    ? stock.sparseCategoricalAccuracy(yTrue, yPred)
    : stock.categoricalAccuracy(yTrue, yPred);
};

/** tfjs-layers reports a metric under its function's name. */
function called(name: string, fn: LossFunction): LossFunction {
  return Object.defineProperty((yTrue, yPred) => fn(yTrue, yPred), "name", { value: name });
}
