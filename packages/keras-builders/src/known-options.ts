// Which options the layers and cells have: Keras 3's, and those of all tfjs-layers.

import { weightOptions } from "./weight-spec.ts";

/** Options of every layer. */
export const layerOptions: readonly string[] = [
  "name",
  "trainable",
  "dtype",
  "autocast",
  "inputShape",
  "inputDim",
  "inputLength",
  "inputDType",
  "batchInputShape",
  "batchSize",
  "weights",
  "activityRegularizer",
];

const cell = [
  "units",
  "activation",
  "useBias",
  ...weightOptions("kernel", "recurrent", "bias"),
  "dropout",
  "recurrentDropout",
  "seed",
  "implementation",
];

const sequence = [
  "returnSequences",
  "returnState",
  "goBackwards",
  "stateful",
  "unroll",
  "zeroOutputForMask",
];

const gates = {
  lstm: ["recurrentActivation", "unitForgetBias"],
  gru: ["recurrentActivation", "resetAfter"],
};
const recurrent = [...cell, ...sequence, "useCudnn"];

/** Functions of `layers` whose options are checked. */
type Checked =
  | "simpleRNN"
  | "lstm"
  | "gru"
  | "rnn"
  | "stackedRNNCells"
  | "simpleRNNCell"
  | "lstmCell"
  | "gruCell"
  | "bidirectional"
  | "timeDistributed"
  | "embedding"
  | "masking"
  | "dropout";

const own: Readonly<Record<Checked, readonly string[]>> = {
  simpleRNN: recurrent,
  lstm: [...recurrent, ...gates.lstm],
  gru: [...recurrent, ...gates.gru],
  rnn: ["cell", ...sequence],
  stackedRNNCells: ["cells"],
  simpleRNNCell: cell,
  lstmCell: [...cell, ...gates.lstm],
  gruCell: [...cell, ...gates.gru],
  bidirectional: ["layer", "mergeMode", "backwardLayer"],
  timeDistributed: ["layer"],
  embedding: ["inputDim", "outputDim", ...weightOptions("embeddings"), "maskZero", "seed"],
  masking: ["maskValue"],
  dropout: ["rate", "noiseShape", "seed"],
};

/** What tfjs-layers can take in; all arithmetic is in float32. */
const dtypes = ["float32", "int32", "bool"];

/**
 * Throws for an option that **who** does not have, as Keras does; tfjs-layers would ignore it. *null* and
 * *undefined* say nothing and pass. Saved configs do not come this way: theirs may name what older
 * versions had.
 */
export function checkOptions<Args extends object>(who: Checked, args: Args): Args {
  if (args === null || typeof args !== "object") {
    throw new Error(`${who}: expected an object of options, got ${args}`);
  }
  const known = new Set<string>([...layerOptions, ...own[who]]);
  for (const [name, value] of Object.entries(args)) {
    if (known.has(name) || value == null) continue;
    const names = own[who].join(", ");
    throw new Error(`${who}: expected options ${names} and those of all layers, got ${name}`);
  }
  const { dtype } = args as { dtype?: unknown };
  if (typeof dtype === "string" && !dtypes.includes(dtype)) {
    throw new Error(`${who}: expected dtype to be one of ${dtypes.join(", ")}, got ${dtype}`);
  }
  return args;
}
