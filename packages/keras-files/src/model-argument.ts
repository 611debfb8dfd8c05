import { checkKinds, checkOptions, type OptionKind, optionKinds, shown } from "@rnnkit/core-rnn";

/** Throws unless **model** is a model of tfjs-layers, of whichever copy. */
export function checkModel(who: string, model: unknown): void {
  const { layers, getClassName } = (model ?? {}) as Record<string, unknown>;
  if (Array.isArray(layers) && typeof getClassName === "function") return;
  throw new TypeError(`${who}: expected a model of tfjs-layers, got ${shown(model)}`);
}

/** Class names to `package>Class`. */
const nameMap: OptionKind = {
  expected: "an object of class names",
  takes: (value) =>
    optionKinds.record.takes(value) && Object.values(value as object).every(optionKinds.text.takes),
};

/** Throws unless a model, a path or none, and options of these names are what is saved, where and how. */
export function checkSaving(
  who: string,
  model: unknown,
  path: unknown,
  options: unknown,
  names: readonly string[],
): void {
  checkModel(who, model);
  if (path !== undefined && typeof path !== "string") {
    const expected = "a path, or undefined for bytes, and then options";
    const [option] = names.filter((name) => Object.hasOwn(Object(path), name));
    const cure = option ? `: ${who}(model, undefined, { ${option}: ... })` : "";
    throw new TypeError(`${who}: expected ${expected}, got ${shown(path)} for a path${cure}`);
  }
  checkOptions(who, options, names);
  checkKinds(who, options as object, {
    includeOptimizer: optionKinds.flag,
    registeredNames: nameMap,
  });
}
