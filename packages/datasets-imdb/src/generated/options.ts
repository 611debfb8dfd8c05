// Generated from packages/core-rnn/src/options.ts by scripts/copy-options.mjs; do not edit.
// The one rule for options, wherever a function of these packages takes some: an object of known names,
// or an error that says who, what was expected, what came and which name was likely meant.

/**
 * Throws unless **options** is a plain object whose names are all among **names**. A name with the value
 * *undefined* passes: it asks for nothing. **example**, by default made of the first name, shows what such
 * an object looks like to somebody who passed something else; **kind**, by default *options*, is what the
 * names are names of.
 *
 * @throws TypeError for anything but a plain object (a number, an array, *null*, a tensor, a layer) and
 * for a name that is not known.
 * @example
 * checkOptions("adam", { learning_rate: 0.1 }, ["learningRate", "beta1", "beta2"]);
 * // TypeError: adam: expected options learningRate, beta1, beta2, got learning_rate; did you mean learningRate?
 */
export function checkOptions(
  who: string,
  options: unknown,
  names: readonly string[],
  example?: string,
  kind?: string,
): void {
  const fault = optionsFault(who, options, names, example, kind);
  if (fault !== undefined) throw new TypeError(fault);
}

/**
 * What {@link checkOptions} would throw, for packages with errors of their own; *undefined* if nothing.
 *
 * @example
 * optionsFault("f", 5, ["units"]); // => "f: expected an object of options such as { units: ... }, got 5"
 */
export function optionsFault(
  who: string,
  options: unknown,
  names: readonly string[],
  example: string = `{ ${names[0]}: ... }`,
  kind = "options",
): string | undefined {
  if (!isPlainObject(options)) {
    return `${who}: expected an object of ${kind} such as ${example}, got ${shown(options)}`;
  }
  for (const [name, value] of Object.entries(options)) {
    if (names.includes(name) || value === undefined) continue;
    const hint = didYouMean(name, names);
    const listed = hint !== "" && names.length > 6 ? [...names.slice(0, 3), "..."] : names;
    return `${who}: expected ${kind} ${listed.join(", ")}, got ${name}${hint}`;
  }
  return undefined;
}

/**
 * The one of **names** that **name** was likely meant to be: the same but for case, `_` and `-`; else but
 * for an s at its end; else its initials; else the fewest edits away (a letter more, less or another, two
 * that changed places), at most one for every three letters. The first of equals; *undefined* if none is near.
 *
 * @example
 * nearest("learning_rate", ["units", "learningRate"]); // => "learningRate"
 */
export function nearest(name: string, names: readonly string[]): string | undefined {
  let best: string | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const known of names) {
    const distance = distanceBetween(name, known);
    if (distance < least) [best, least] = [known, distance];
  }
  return best;
}

/**
 * The end of an error about a word: which of **names** is {@link nearest} to it; nothing if none is.
 *
 * @example
 * didYouMean("Adam", ["adam", "sgd"]); // => "; did you mean adam?"
 */
export function didYouMean(given: unknown, names: readonly string[]): string {
  const near = typeof given === "string" ? nearest(given, names) : undefined;
  return near === undefined ? "" : `; did you mean ${near}?`;
}

/**
 * A value as an error shows it: numbers and shapes in full, *null* as null; what is large by its kind.
 *
 * @example
 * shown([2, null, 3]); // => "[2, null, 3]"
 */
export function shown(value: unknown, depth = 0): string {
  if (typeof value === "string") {
    return JSON.stringify(value.length > 80 ? `${value.slice(0, 80)}…` : value);
  }
  if (typeof value === "function") return "a function";
  if (typeof value !== "object" || value === null) return String(value);
  if (Array.isArray(value)) {
    if (depth > 2) return "[...]";
    const entries = value.slice(0, 8).map((entry) => shown(entry, depth + 1));
    return `[${[...entries, ...(value.length > 8 ? ["..."] : [])].join(", ")}]`;
  }
  if (isPlainObject(value)) return "an object";
  const { shape, constructor: made } = value as {
    shape?: unknown;
    constructor?: { name?: string };
  };
  const kind = `an instance of ${made?.name || "a class"}`;
  return Array.isArray(shape) ? `${kind} of shape ${shown(shape)}` : kind;
}

// Of this realm or another: an object whose prototype, if any, is at the root.
function isPlainObject(value: unknown): value is object {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function distanceBetween(name: string, known: string): number {
  const [a, b] = [bare(name), bare(known)];
  if (a === b) return 0;
  if (a.replace(/s$/, "") === b.replace(/s$/, "")) return 0.25;
  const initials = known.slice(0, 1) + known.slice(1).replace(/[a-z]/g, "");
  if (a.length > 1 && a === bare(initials)) return 0.5;
  const most = Math.floor(Math.max(a.length, b.length) / 3);
  if (Math.abs(a.length - b.length) > most) return Number.POSITIVE_INFINITY;
  const edits = editsBetween(a, b);
  return edits > most ? Number.POSITIVE_INFINITY : edits;
}

function bare(name: string): string {
  return name.toLowerCase().replace(/[_\s-]/g, "");
}

// Optimal string alignment: rows of the table for one letter of `a` more each.
function editsBetween(a: string, b: string): number {
  let before: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const other = a[i - 1] === b[j - 1] ? 0 : 1;
      next[j] = Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + other);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        next[j] = Math.min(next[j], before[j - 2] + 1);
      }
    }
    [before, row] = [row, next];
  }
  return row[b.length];
}
