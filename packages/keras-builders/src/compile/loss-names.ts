// The one table of what losses and metrics are called: by tfjs-layers, by Keras, and in Keras's files.

import { nearest, shown } from "@rnnkit/core-rnn";

/** Losses that are metrics too, under the same names. */
const both = {
  poisson: ["poisson", "Poisson"],
  binaryCrossentropy: ["binary_crossentropy", "BinaryCrossentropy", "bce", "BCE"],
  categoricalCrossentropy: ["categorical_crossentropy", "CategoricalCrossentropy"],
  sparseCategoricalCrossentropy: [
    "sparse_categorical_crossentropy",
    "SparseCategoricalCrossentropy",
  ],
  hinge: ["hinge", "Hinge"],
  squaredHinge: ["squared_hinge", "SquaredHinge"],
  categoricalHinge: ["categorical_hinge", "CategoricalHinge"],
} as const;

/** tfjs's name of each loss, Keras's in camel case where tfjs has none; and Keras's, that of its files first. */
const ownLosses = {
  meanSquaredError: ["mean_squared_error", "MeanSquaredError", "mse", "MSE"],
  meanAbsoluteError: ["mean_absolute_error", "MeanAbsoluteError", "mae", "MAE"],
  meanAbsolutePercentageError: [
    "mean_absolute_percentage_error",
    "MeanAbsolutePercentageError",
    "mape",
    "MAPE",
  ],
  meanSquaredLogarithmicError: [
    "mean_squared_logarithmic_error",
    "MeanSquaredLogarithmicError",
    "msle",
    "MSLE",
  ],
  cosineProximity: [
    "cosine_similarity",
    "CosineSimilarity",
    "cosineSimilarity",
    "cosine_proximity",
  ],
  huber: ["huber", "Huber"],
  logcosh: ["log_cosh", "LogCosh", "logCosh"],
  kullbackLeiblerDivergence: [
    "kl_divergence",
    "KLDivergence",
    "klDivergence",
    "kld",
    "KLD",
    "kullback_leibler_divergence",
  ],
} as const;

const losses: typeof ownLosses & typeof both = { ...ownLosses, ...both };

/** The same of metrics: of those that are a mean over the examples, as all are in tfjs-layers. */
const ownMetrics = {
  accuracy: ["accuracy", "Accuracy"],
  acc: ["acc"],
  binaryAccuracy: ["binary_accuracy", "BinaryAccuracy"],
  categoricalAccuracy: ["categorical_accuracy", "CategoricalAccuracy"],
  sparseCategoricalAccuracy: ["sparse_categorical_accuracy", "SparseCategoricalAccuracy"],
  mse: ["mse", "meanSquaredError", "mean_squared_error", "MeanSquaredError"],
  MSE: ["MSE"],
  mae: ["mae", "meanAbsoluteError", "mean_absolute_error", "MeanAbsoluteError"],
  MAE: ["MAE"],
  mape: [
    "mape",
    "meanAbsolutePercentageError",
    "mean_absolute_percentage_error",
    "MeanAbsolutePercentageError",
  ],
  MAPE: ["MAPE"],
  msle: [
    "msle",
    "MSLE",
    "meanSquaredLogarithmicError",
    "mean_squared_logarithmic_error",
    "MeanSquaredLogarithmicError",
  ],
  cosineSimilarity: ["cosine_similarity", "CosineSimilarity"],
  logCoshError: ["log_cosh_error", "LogCoshError"],
  klDivergence: ["kl_divergence", "KLDivergence"],
  // tfjs's alone.
  cosine: [],
  crossentropy: [],
  ce: [],
} as const;

const metrics: typeof ownMetrics & typeof both = { ...ownMetrics, ...both };

type Table = Readonly<Record<string, readonly string[]>>;
type NamesIn<T extends Table> = Extract<keyof T, string> | T[keyof T][number];

/** A loss as tfjs-layers or Keras calls it: `"meanSquaredError"`, `"mean_squared_error"`, `"mse"`. */
export type LossName = NamesIn<typeof losses>;
/** A metric as tfjs-layers or Keras calls it: `"accuracy"`, `"acc"`, `"mae"`. */
export type MetricName = NamesIn<typeof metrics>;

/** tfjs's name of a loss, or the one here of a loss that tfjs has not. */
export type Loss = keyof typeof losses;
/** The same of a metric. */
export type Metric = keyof typeof metrics;

/** Every name, and whose it is. */
function spellings<Name extends string>(table: Record<Name, readonly string[]>): Map<string, Name> {
  const entries = Object.entries(table) as [Name, readonly string[]][];
  return new Map([
    ...entries.flatMap(([name, others]) => others.map((other) => [other, name] as const)),
    ...entries.map(([name]) => [name, name] as const),
  ]);
}

const lossOf = spellings(losses);
const metricOf = spellings(metrics);

/**
 * The loss of a name that Keras 3 or tfjs-layers takes, as it is called here: tfjs's name, Keras's in
 * camel case where tfjs has none.
 *
 * @throws for any other name, with the nearest.
 * @example
 * lossNamed("compile", "kl_divergence"); // => "kullbackLeiblerDivergence"
 * lossNamed("compile", "mean_square_error"); // throws: did you mean meanSquaredError?
 */
export function lossNamed(who: string, given: unknown): Loss {
  return named(who, "loss", given, lossOf, Object.keys(losses));
}

/**
 * The metric of a name that Keras 3 or tfjs-layers takes, as it is called here: the name under which
 * `fit` reports it, but for *acc* and *accuracy*, which tfjs-layers both reports as *acc*.
 *
 * @throws for any other name, with the nearest: those of Keras's metrics that count over all batches
 * (`"auc"`, `"precision"`, `"root_mean_squared_error"`) among them, for all of tfjs-layers' are means.
 * @example
 * metricNamed("compile", "mean_absolute_error"); // => "mae"
 */
export function metricNamed(who: string, given: unknown): Metric {
  return named(who, "metrics", given, metricOf, Object.keys(metrics));
}

/** What Keras's files call a loss of {@link lossNamed} or one of its names; undefined if they know none. */
export function kerasLossName(given: string): string | undefined {
  const name = lossOf.get(given);
  return name && losses[name][0];
}

/** What Keras's files call a metric; undefined for those that tfjs-layers alone has, and unknown ones. */
export function kerasMetricName(given: string): string | undefined {
  const name = metricOf.get(given);
  return name && metrics[name][0];
}

function named<Name extends string>(
  who: string,
  what: string,
  given: unknown,
  known: Map<string, Name>,
  names: string[],
): Name {
  const name = typeof given === "string" ? known.get(given) : undefined;
  if (name !== undefined) return name;
  // Names from here first: of equally near ones the first is meant.
  const near = typeof given === "string" ? nearest(given, [...names, ...known.keys()]) : undefined;
  const [listed, hint] = near
    ? [[...names.slice(0, 3), "..."], `; did you mean ${near}?`]
    : [names, ""];
  throw new Error(
    `${who}: expected ${what} to be one of ${listed.join(", ")}, got ${shown(given)}${hint}`,
  );
}
