import { didYouMean } from "@rnnkit/core-rnn";
import type { Command } from "commander";
import { isRepeatable, oneOf } from "../terminal/option-types.ts";
import { UsageError } from "../terminal/usage-error.ts";

/**
 * Has a command refuse what commander would take in silence: an option that is given twice, of which the first would
 * not count, unless it may be repeated; an empty value, as of a shell's variable that is not set. A wrong choice is
 * answered with the nearest one.
 */
export function strictOptions(command: Command): void {
  const given = new Set<string>();
  for (const option of command.options) {
    const { argChoices: choices, parseArg, long, required } = option;
    if (choices) option.argParser(oneOf(choices));
    command.on(`option:${option.name()}`, (value: unknown) => {
      if (required && value === "") {
        throw new UsageError(`${long}: expected a value, got an empty one`);
      }
      if (given.has(option.name()) && !isRepeatable(parseArg)) {
        throw new UsageError(`${long}: expected once, got twice`);
      }
      given.add(option.name());
    });
  }
}

/**
 * The command line **args** of **program**, with `help forecast` written as `forecast --help`.
 *
 * @throws UsageError where a command stands that there is not, before its options are taken for another's
 */
export function knownCommands(program: Command, args: readonly string[]): string[] {
  const [first, ...rest] = args;
  if (first === undefined || first.startsWith("-") || program.commands.length === 0) {
    return [...args];
  }
  if (first === "help") return [...knownCommands(program, rest), "--help"];
  const command = program.commands.find((one) => one.name() === first);
  if (command) return [first, ...knownCommands(command, rest)];
  const names = program.commands.map((one) => one.name());
  const who = program.parent ? `${program.name()}: ` : "";
  throw new UsageError(
    `${who}expected a command (${names.join(", ")}), got ${first}${didYouMean(first, names)}`,
  );
}
