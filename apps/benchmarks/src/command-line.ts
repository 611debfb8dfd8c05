import process from "node:process";
import { Command, CommanderError } from "commander";
import { allCommand } from "./all-command.ts";
import { benchCommand } from "./bench-command.ts";
import { compareCommand } from "./compare-command.ts";
import { versionOf } from "./environment.ts";
import { forecastCommand } from "./forecast-command.ts";
import { predictCommand } from "./predict-command.ts";
import { printable } from "./printable.ts";
import { reportCommand } from "./report-command.ts";
import { sentimentCommand } from "./sentiment-command.ts";
import { processTerminal, type Terminal } from "./terminal.ts";
import { tutorialCommand } from "./tutorial-command.ts";
import { typedCommand } from "./typed-command.ts";
import { UsageError } from "./usage-error.ts";
import { workerCommand } from "./worker-command.ts";

const NAME = "rnnkit-benchmarks";

/** The subcommands, in the order in which the help names them. */
const commands: readonly ((terminal: Terminal, done: (exitCode: number) => void) => Command)[] = [
  allCommand,
  tutorialCommand,
  forecastCommand,
  predictCommand,
  sentimentCommand,
  compareCommand,
  workerCommand,
  reportCommand,
  benchCommand,
];

/**
 * Runs one command line and resolves to its exit code: 0 done, 1 failed, 2 bad arguments, 130
 * interrupted. A failure is one line on **err**; help and errors name the command as it is **typed**.
 */
export async function runCommandLine(
  args: readonly string[],
  terminal: Terminal = processTerminal(),
  typed: string = typedCommand({ env: process.env, argv: process.argv, cwd: process.cwd() }, NAME),
): Promise<number> {
  let exitCode = 0;
  const program = createProgram(typed, terminal, (code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync(args, { from: "user" });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return 0;
    const isUsage = error instanceof CommanderError || error instanceof UsageError;
    const message = error instanceof Error ? error.message : String(error);
    const text = printable(message).replace(/^error: /, "");
    terminal.err.write(`${NAME}: ${text}${isUsage ? ` (see ${typed} --help)` : ""}\n`);
    return isUsage ? 2 : 1;
  }
}

function createProgram(
  typed: string,
  terminal: Terminal,
  done: (exitCode: number) => void,
): Command {
  const program = new Command(typed)
    .description("Trains recurrent models and writes what it measured as JSON and an HTML report.")
    .version(versionOf(".."))
    .action((_, { args }: Command) => {
      const names = commands.map((create) => create(terminal, done).name()).join(", ");
      throw new UsageError(`expected a command (${names}), got ${args[0] ?? "none"}`);
    })
    .allowExcessArguments();
  for (const create of commands) program.addCommand(create(terminal, done));
  // Errors are written above, as one line; only help goes out through commander.
  const withSubcommands = (command: Command): Command[] => [
    command,
    ...command.commands.flatMap(withSubcommands),
  ];
  for (const command of withSubcommands(program)) {
    command.exitOverride().configureOutput({
      writeOut: (text) => terminal.out.write(text),
      writeErr: () => {},
    });
  }
  return program;
}
