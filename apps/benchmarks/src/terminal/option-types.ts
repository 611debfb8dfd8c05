import { type BackendName, backendNames } from "@rnnkit/backend-select";
import { didYouMean } from "@rnnkit/core-rnn";
import { type Command, InvalidArgumentError, Option } from "commander";
import { DEFAULT_OUT } from "../output.ts";

/** Reads a whole number of at least **least**, and at most **most**; for commander. */
export function wholeNumber(least: number, most: number = Number.MAX_SAFE_INTEGER) {
  return (text: string): number => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= least && value <= most) return value;
    const range = most === Number.MAX_SAFE_INTEGER ? `from ${least} on` : `${least} to ${most}`;
    throw new InvalidArgumentError(`expected a whole number, ${range}`);
  };
}

/** Reads a seed; for commander. */
export const seedNumber: (text: string) => number = wholeNumber(0, 2 ** 31 - 1);

/** The seed where none is given. */
export const DEFAULT_SEED = 42;

/** The number that a text is in decimal digits; NaN of any other, such as `0x10`, or an empty one. */
export function decimalNumber(text: string): number {
  return /^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i.test(text) ? Number(text) : Number.NaN;
}

/** Reads a number above 0 and at most **most**; for commander. */
export function positiveNumber(most: number) {
  return (text: string): number => {
    const value = decimalNumber(text);
    if (value > 0 && value <= most) return value;
    throw new InvalidArgumentError(`expected a number above 0 and up to ${most}`);
  };
}

/** Reads a number from **least** to **most**; for commander. */
export function numberFrom(least: number, most: number) {
  return (text: string): number => {
    const value = decimalNumber(text);
    if (value >= least && value <= most) return value;
    throw new InvalidArgumentError(`expected a number from ${least} to ${most}`);
  };
}

/** Reads a number from 0 to below 1; for commander. */
export function shareNumber(text: string): number {
  const value = decimalNumber(text);
  if (value >= 0 && value < 1) return value;
  throw new InvalidArgumentError("expected a number from 0 to below 1");
}

const repeatable = new WeakSet<object>();

/** An option that may be given several times: a list of what **read** makes of each; for commander. */
export function eachOf<T>(read: (text: string) => T): (text: string, before?: T[]) => T[] {
  const parse = (text: string, before: T[] = []): T[] => [...before, read(text)];
  repeatable.add(parse);
  return parse;
}

/** Whether an option's parser is one of `eachOf`. */
export function isRepeatable(parse: object | undefined): boolean {
  return parse !== undefined && repeatable.has(parse);
}

/** Reads a comma-separated choice out of **known**, each once; *all* means every one. */
export function listOf<T extends string>(known: readonly T[]) {
  return (text: string): T[] => {
    if (text === "all") return [...known];
    const names = text.split(",").map((name) => name.trim());
    if (names.every((name): name is T => known.includes(name as T))) return [...new Set(names)];
    const wrong = names.find((name) => !known.includes(name as T));
    throw new InvalidArgumentError(
      `expected all or some of ${known.join(",")}${didYouMean(wrong, known)}`,
    );
  };
}

/** Reads one of **known**; for commander, whose own choices do not say which was likely meant. */
export function oneOf<T extends string>(known: readonly T[]) {
  return (text: string): T => {
    if (known.includes(text as T)) return text as T;
    throw new InvalidArgumentError(`expected one of ${known.join(", ")}${didYouMean(text, known)}`);
  };
}

/** Reads a comma-separated list of whole numbers, each from **least** to **most**; for commander. */
export function wholeNumbers(least: number, most: number) {
  const read = wholeNumber(least, most);
  return (text: string): number[] => [...new Set(text.split(",").map((word) => read(word.trim())))];
}

/** Adds what `--csv` may need besides the file: `--column`, `--decimal` and `--dates`. */
export function withCsvOptions(command: Command): Command {
  const mark = new Option("--decimal <mark>", "decimal mark, where the numbers leave it open");
  const order = new Option("--dates <order>", "day or month first, where the dates leave it open");
  return command
    .option("--column <name>", "its column to forecast (default: its one column of numbers)")
    .addOption(mark.choices([".", ","]))
    .addOption(order.choices(["dmy", "mdy"]));
}

/** What every command that measures takes besides its own options. */
export interface CommonOptions {
  seed: number;
  backend?: BackendName;
  out: string;
}

/** Adds `--seed`, `--backend` and `--out` to a command. */
export function withCommonOptions(command: Command): Command {
  return command
    .option("--seed <n>", "decides weights, order and noise", seedNumber, DEFAULT_SEED)
    .addOption(
      new Option("--backend <name>", "instead of the first that works").choices(backendNames),
    )
    .option("--out <folder>", "where results and report are written", DEFAULT_OUT);
}
