import type { Json } from "../keras/layer-classes.ts";

/** Numbers that Python must read as float, whole or not: Keras refuses `"momentum": 0`. */
const floats: ReadonlySet<string> = new Set([
  ...["alpha", "beta_1", "beta_2", "clipnorm", "clipvalue", "decay_rate", "dropout"],
  ...[
    "end_learning_rate",
    "epsilon",
    "gain",
    "global_clipnorm",
    "initial_learning_rate",
    "l1",
    "l2",
  ],
  ...["learning_rate", "m_mul", "mask_value", "maxval", "mean", "minval", "momentum"],
  ...["negative_slope", "power", "rate", "recurrent_dropout", "renorm_momentum", "rho", "scale"],
  ...["stddev", "t_mul", "threshold", "values", "warmup_target", "weight_decay"],
]);

/** JSON as Python writes it: floats are told from whole numbers, NaN and infinities have names, and all is ASCII. */
export function kerasJson(value: Json): string {
  // JSON.stringify has no way to write 0.0; strings in a text hold no bare control character.
  const mark = "\u0001";
  const marked = (each: Json): Json => (Number.isInteger(each) ? `${mark}${each}` : each);
  const text = JSON.stringify(value, (key, each) => {
    if (typeof each === "number" && !Number.isFinite(each)) return `${mark}${each}`;
    if (!floats.has(key)) return each;
    return Array.isArray(each) ? each.map(marked) : marked(each);
  });
  const told = text.replace(/"\\u0001(-?(?:[\d.e+]+|NaN|Infinity))"/g, (_, number: string) =>
    /[eNI]/.test(number) ? number : `${number}.0`,
  );
  return told.replace(
    /[\u0080-\uffff]/g,
    (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
