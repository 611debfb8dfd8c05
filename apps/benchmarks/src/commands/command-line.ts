import process from "node:process";
import { Command, CommanderError } from "commander";
import { versionOf } from "../environment.ts";
import { printable } from "../terminal/printable.ts";
import { processTerminal, type Terminal } from "../terminal/terminal.ts";
import { UsageError } from "../terminal/usage-error.ts";
import { knownCommands, strictOptions } from "./strict-options.ts";
import { typedCommand } from "./typed-command.ts";

const NAME = "rnnkit-benchmarks";

type CreateCommand = (terminal: Terminal, done: (exitCode: number) => void) => Command;

/** A subcommand as the help names it. Its program is loaded when it is asked for: tfjs, Redis and plots take their time. */
interface Entry {
  name: string;
  summary: string;
  load(): Promise<CreateCommand>;
}

/** The subcommands, in the order in which the help names them. */
const entries: readonly Entry[] = [
  {
    name: "all",
    summary: "every model on embedded data, offline (npm start)",
    load: async () => (await import("./all-command.ts")).allCommand,
  },
  {
    name: "tutorial",
    summary: "the tutorial's parts I to IV, as they are written",
    load: async () => (await import("./tutorial-command.ts")).tutorialCommand,
  },
  {
    name: "forecast",
    summary: "train a forecaster on a time series",
    load: async () => (await import("./forecast-command.ts")).forecastCommand,
  },
  {
    name: "predict",
    summary: "forecast beyond a CSV file with a saved model",
    load: async () => (await import("./predict-command.ts")).predictCommand,
  },
  {
    name: "sentiment",
    summary: "compare the recurrent cells on review sentiment",
    load: async () => (await import("./sentiment-command.ts")).sentimentCommand,
  },
  {
    name: "compare",
    summary: "models, cells, backends, threads, fused and stock: how fast, how good",
    load: async () => (await import("./compare-command.ts")).compareCommand,
  },
  {
    name: "worker",
    summary: "do jobs of compare --queue, on any machine",
    load: async () => (await import("./worker-command.ts")).workerCommand,
  },
  {
    name: "report",
    summary: "lay comparisons of machines or versions side by side",
    load: async () => (await import("./report-command.ts")).reportCommand,
  },
  {
    name: "bench",
    summary: "time kernels, training steps, scaling and streaming",
    load: async () => (await import("./bench-command.ts")).benchCommand,
  },
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
  try {
    const subcommands = await subcommandsFor(args, terminal, (code) => {
      exitCode = code;
    });
    const program = createProgram(typed, terminal, subcommands);
    await program.parseAsync(knownCommands(program, args), { from: "user" });
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

/** All of them; those that **args** do not name know but what the help says of them. */
async function subcommandsFor(
  args: readonly string[],
  terminal: Terminal,
  done: (exitCode: number) => void,
): Promise<Command[]> {
  return Promise.all(
    entries.map(async ({ name, summary, load }) => {
      const command = args.includes(name) ? (await load())(terminal, done) : new Command(name);
      return command.summary(summary);
    }),
  );
}

function createProgram(
  typed: string,
  terminal: Terminal,
  subcommands: readonly Command[],
): Command {
  const program = new Command(typed)
    .description("Trains recurrent models and writes what it measured as JSON and an HTML report.")
    .version(versionOf(".."))
    .action((_, { args }: Command) => {
      const names = entries.map(({ name }) => name).join(", ");
      throw new UsageError(`expected a command (${names}), got ${args[0] ?? "none"}`);
    })
    .allowExcessArguments();
  for (const command of subcommands) program.addCommand(command);
  // Errors are written above, as one line; only help goes out through commander.
  const withSubcommands = (command: Command): Command[] => [
    command,
    ...command.commands.flatMap(withSubcommands),
  ];
  for (const command of withSubcommands(program)) {
    strictOptions(command);
    command.exitOverride().configureOutput({
      writeOut: (text) => terminal.out.write(text),
      writeErr: () => {},
    });
  }
  return program;
}
