import type { Json } from "./layer-classes.ts";

/** Numbers that Python must read as float, whole or not: Keras refuses `"momentum": 0`. */
const floats: ReadonlySet<string> = new Set([
  ...["alpha", "beta_1", "beta_2", "dropout", "epsilon", "gain", "l1", "l2", "learning_rate"],
  ...["mask_value", "maxval", "mean", "minval", "momentum", "negative_slope", "rate"],
  ...["recurrent_dropout", "renorm_momentum", "rho", "scale", "stddev", "threshold"],
]);

/** JSON as Python writes it: floats are told from whole numbers, and all is ASCII. */
export function kerasJson(value: Json): string {
  // JSON.stringify has no way to write 0.0; strings in a text hold no bare control character.
  const mark = "\u0001";
  const text = JSON.stringify(value, (key, each) =>
    floats.has(key) && Number.isInteger(each) ? `${mark}${each}` : each,
  );
  const told = text.replace(/"\\u0001(-?[\d.e+]+)"/g, (_, number: string) =>
    number.includes("e") ? number : `${number}.0`,
  );
  return told.replace(
    /[\u0080-\uffff]/g,
    (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
