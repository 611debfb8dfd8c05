// Refusing options that a layer or cell does not have, and values that it cannot read.

import { checkKinds, checkOptions as checkNames, didYouMean, shown } from "@rnnkit/core-rnn";
import { initializerName } from "./initializer-name.ts";
import { initializer } from "./layer-option-kinds.ts";
import { everyLayer, layerOptions } from "./layer-options.ts";

/** What tfjs-layers can take in; all arithmetic is in float32. */
const dtypes = ["float32", "int32", "bool"];

// What somebody who passed a number or a layer will have meant.
const examples: Readonly<Record<string, string>> = {
  ...{ simpleRNN: "{ units: 64 }", lstm: "{ units: 64 }", gru: "{ units: 64 }" },
  ...{ simpleRNNCell: "{ units: 64 }", lstmCell: "{ units: 64 }", gruCell: "{ units: 64 }" },
  rnn: "{ cell: layers.lstmCell({ units: 64 }) }",
  stackedRNNCells: "{ cells: [layers.lstmCell({ units: 64 })] }",
  bidirectional: "{ layer: layers.lstm({ units: 64 }) }",
  timeDistributed: "{ layer: layers.dense({ units: 64 }) }",
  embedding: "{ inputDim: 10000, outputDim: 32 }",
  masking: "{ maskValue: 0 }",
  dropout: "{ rate: 0.2 }",
};

/**
 * The options of a layer that ask for something, initializers under their names in tfjs-layers. *null* and
 * *undefined* say nothing, as in Keras. **who** is the layer's function in {@link layerOptions}.
 *
 * @throws for what is no object of options, for a name that is neither the layer's nor every layer's, for
 * a value of another kind than the option's (a flag that is *"no"*), for a dtype that tfjs-layers cannot take
 * in, for an initializer of no known name, and for an inputShape that is no list. Saved configs do not come
 * this way: theirs may name what older versions had.
 */
export function askedOptions<Args>(who: string, args: Args): Args {
  const kinds = { ...layerOptions[who], ...everyLayer };
  const names = Object.keys(kinds);
  const example = examples[who] ?? `{ ${names[0]}: ... }`;
  checkNames(who, args, Object.keys(args ?? {}), example);
  const asked = Object.entries(args as object).filter(([, value]) => value != null);
  const options = Object.fromEntries(asked);
  checkNames(who, options, names, example);
  checkKinds(who, options, kinds);
  const { dtype } = options;
  if (dtype !== undefined && !dtypes.includes(dtype)) {
    const got = `${dtype}${didYouMean(dtype, dtypes)}`;
    throw new Error(`${who}: expected dtype to be one of ${dtypes.join(", ")}, got ${got}`);
  }
  for (const option of ["inputShape", "batchInputShape"]) checkInputShape(who, option, options);
  for (const [option, value] of asked) {
    if (kinds[option] !== initializer || typeof value !== "string") continue;
    options[option] = initializerName(who, option, value);
  }
  return options as Args;
}

/** tfjs-layers would take a number for a list of one. */
function checkInputShape(who: string, option: string, options: Record<string, unknown>): void {
  const shape = options[option];
  if (shape === undefined) return;
  const isLength = (n: unknown) => n == null || (Number.isInteger(n) && (n as number) > 0);
  if (Array.isArray(shape) && shape.flat().every(isLength)) return;
  const expected = `${option} to be a list of whole numbers from 1, or null`;
  throw new TypeError(`${who}: expected ${expected}, got ${shown(shape)}`);
}

/** Throws for what {@link askedOptions} refuses; gives the options with its names of initializers. */
export function checkOptions<Args extends object>(who: string, args: Args): Args {
  return { ...args, ...askedOptions(who, args) };
}
