// Generated from packages/core-rnn/src/option-kinds.ts by scripts/copy-options.mjs; do not edit.
// What the values of options are, for the functions that would take any value for one: a flag that is "no"
// is true to JavaScript.
import { shown } from "./options.ts";

/** What an option's value must be: a test, and its words in an error. */
export interface OptionKind {
  /** Goes behind *expected ... to be*. */
  readonly expected: string;
  /** Whether a value is of this kind. */
  takes(value: unknown): boolean;
}

const isWhole = (value: unknown): value is number => Number.isInteger(value);
const isNumber = (value: unknown): value is number => Number.isFinite(value);

const flag: OptionKind = {
  expected: "true or false",
  takes: (value) => typeof value === "boolean",
};
const text: OptionKind = { expected: "a text", takes: (value) => typeof value === "string" };
const list: OptionKind = { expected: "a list", takes: (value) => Array.isArray(value) };
const callback: OptionKind = {
  expected: "a function",
  takes: (value) => typeof value === "function",
};
const count: OptionKind = {
  expected: "a whole number from 1",
  takes: (value) => isWhole(value) && value > 0,
};
const whole: OptionKind = { expected: "a whole number", takes: isWhole };
const finite: OptionKind = { expected: "a finite number", takes: isNumber };
const positive: OptionKind = {
  expected: "a number above 0",
  takes: (value) => isNumber(value) && value > 0,
};
const share: OptionKind = {
  expected: "a number from 0 to 1",
  takes: (value) => isNumber(value) && value >= 0 && value <= 1,
};

/** Of any realm, and of a class too; no array, and nothing that the platform has a name for. */
const record: OptionKind = {
  expected: "an object",
  takes: (value) => Object.prototype.toString.call(value) === "[object Object]",
};

/** The names of {@link optionKinds}. @inline */
type KindName =
  | ("flag" | "text" | "list" | "callback" | "record")
  | ("count" | "whole" | "finite" | "positive" | "share");

/** Kinds that many options are of. */
export const optionKinds: Readonly<Record<KindName, OptionKind>> = {
  ...{ flag, text, list, callback, record },
  ...{ count, whole, finite, positive, share },
};

/**
 * Throws for an option whose value is not of its kind. A name without a kind is somebody else's to check;
 * *undefined* asks for nothing.
 *
 * @throws TypeError that says who, which option, what was expected and what came.
 * @example
 * checkKinds("split", { shuffle: "no" }, { shuffle: optionKinds.flag });
 * // TypeError: split: expected shuffle to be true or false, got "no"
 */
export function checkKinds(
  who: string,
  options: object,
  kinds: Readonly<Record<string, OptionKind>>,
): void {
  for (const [name, value] of Object.entries(options)) {
    const kind = Object.hasOwn(kinds, name) ? kinds[name] : undefined;
    if (kind === undefined || value === undefined || kind.takes(value)) continue;
    throw new TypeError(`${who}: expected ${name} to be ${kind.expected}, got ${shown(value)}`);
  }
}
