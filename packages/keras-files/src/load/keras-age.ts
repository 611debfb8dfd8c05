// What Keras 1 and 2 wrote under the names that Keras 3 uses for something else: a config of theirs as Keras 3
// would have written it.

import { isObject, type JsonObject, own } from "../keras/json-text.ts";
import type { Json } from "../keras/layer-classes.ts";
import { shownName } from "../keras/limits.ts";

/** Which Keras saved a file. */
export interface KerasAge {
  /** 1, 2 or 3; later ones count as 3. */
  major: number;
  /** As errors name it: `Keras 2.11.0`. */
  name: string;
}

/** The age of a file whose `keras_version` is **version**; a file without one is of **unsaid**. */
export function kerasAge(version: string | string[] | undefined, unsaid: 2 | 3): KerasAge {
  const [, said] = /^(\d+)\.[\w.-]*$/.exec(`${version}`) ?? [];
  if (said === undefined) return { major: unsaid, name: `Keras ${unsaid}` };
  return { major: Math.min(3, Number(said)), name: `Keras ${version}` };
}

/** A layer's class and config. */
interface Serialized {
  className: string;
  config: JsonObject;
}

/** Classes that Keras 3 has under another name. */
const renamed: Readonly<Record<string, string>> = {
  CuDNNLSTM: "LSTM",
  CuDNNGRU: "GRU",
  BatchNormalizationV1: "BatchNormalization",
  BatchNormalizationV2: "BatchNormalization",
};

/** Arguments that Keras 3 has under another name, by Keras 3's class. */
const renamedArguments: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  LeakyReLU: { alpha: "negative_slope" },
};

/** What Keras 2 did where an argument is not in its config, by its own class. */
const defaults: Readonly<Record<string, JsonObject>> = {
  // The only form before Keras 2.1.3.
  GRU: { reset_after: false },
  GRUCell: { reset_after: false },
  CuDNNGRU: { reset_after: true },
};

/** Arguments that Keras 1's layers with weights have, and no later one's. */
const ofKeras1 = ["init", "inner_init", "inner_activation", "W_regularizer", "dropout_W"];

/**
 * A layer of a file of that age, as Keras 3 would have written it. **warn** is told where the numbers
 * are other than Keras 3's of the same name.
 *
 * @throws for layers of Keras 1, and for what Keras 3 dropped.
 */
export function asKeras3(
  who: string,
  { major, name }: KerasAge,
  { className, config }: Serialized,
  warn: (text: string) => void,
): Serialized {
  if (major >= 3) return { className, config };
  const where = `${who}: ${className} ${shownName(`${own(config, "name") ?? ""}`)}`;
  if (major === 1 || ofKeras1.some((key) => Object.hasOwn(config, key))) {
    throw new Error(
      `${where}: expected a layer of Keras 2 or 3, got one of Keras 1, whose layers have other arguments and weights; open the file in Keras 2.0 to 2.3 and save it there`,
    );
  }
  if (own(config, "time_major") === true) {
    throw new Error(
      `${where}: expected time_major false, got true, which Keras 3 does not have; make it false in Keras 2, with Permute around it, and save the model there`,
    );
  }
  const known = renamed[className] ?? className;
  const names = renamedArguments[known] ?? {};
  const entries = Object.entries(config).map(([key, value]): [string, Json] => [
    names[key] ?? key,
    asArgument(key, value, () =>
      warn(
        `${who}: hard_sigmoid of this file, saved by ${name}, is clip(0.2x + 0.5, 0, 1) and is opened as that, hardSigmoidKeras2; Keras 3 would open it as relu6(x + 3)/6, and predict something else`,
      ),
    ),
  ]);
  return { className: known, config: { ...defaults[className], ...Object.fromEntries(entries) } };
}

function asArgument(key: string, value: Json, warn: () => void): Json {
  if (key === "activation" || key === "recurrent_activation") {
    const named = isObject(value) ? own(value, "config") : value;
    if (named !== "hard_sigmoid") return value;
    warn();
    return "hard_sigmoid_keras2";
  }
  // TensorFlow's BatchNormalization.
  if (key === "axis" && Array.isArray(value) && value.length === 1) return value[0]!;
  return value;
}
