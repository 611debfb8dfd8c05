import { backendNames } from "@rnnkit/backend-select";
import { Command } from "commander";
import type { Elsewhere } from "../compare/compare.ts";
import {
  type CellName,
  cellNames,
  implementationNames,
  modelNames,
  taskNames,
} from "../compare/schema.ts";
import { DEFAULT_OUT } from "../output.ts";
import {
  listOf,
  oneOf,
  positiveNumber,
  wholeNumber,
  wholeNumbers,
  withCsvOptions,
} from "../terminal/option-types.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { sizes, TIMESTEPS, usual } from "./comparison-defaults.ts";
import type { ComparisonOptions } from "./comparison-options.ts";

const defaultCells: CellName[] = ["simple_rnn", "lstm", "gru"];

/** `(default: 5; of reviews 4, of IMDB 10)`: what is not said is as before it. */
function byTask(name: keyof typeof usual.series): string {
  const [series, reviews, imdb] = [usual.series, usual.reviews, usual.imdb].map((of) =>
    String(of[name]),
  );
  const others = [
    ...(reviews === series ? [] : [`of reviews ${reviews}`]),
    ...(imdb === reviews ? [] : [`of IMDB ${imdb}`]),
  ];
  return `(default: ${[series, others.join(", ")].filter(Boolean).join("; ")})`;
}

const bySize = (name: keyof typeof sizes.imdb) =>
  `(default: ${sizes.reviews[name]}; of IMDB ${sizes.imdb[name]})`;

/** `compare`: which cell, by what, how fast, how good. */
export function compareCommand(terminal: Terminal, done: (exitCode: number) => void): Command {
  const command = new Command("compare")
    .description(
      "Checks every combination against stock layers, times those of a model in turn, trains each from every seed, and writes compare-<task>.json. Started again, it does what that file lacks.",
    )
    .option(
      "--task <name>",
      `what is learnt: ${taskNames.join(", ")} (default: sine)`,
      oneOf(taskNames),
    )
    .option("--csv <file>", "of --task csv: a CSV file, as downloaded");
  withCsvOptions(command)
    .option("--imdb-path <file>", "of --task imdb: an imdb.npz you have")
    .option("--models <list>", `all, or some of ${modelNames.join(",")}`, listOf(modelNames), [
      "single",
    ])
    .option(
      "--cells <list>",
      `all, or some of ${cellNames.join(",")}`,
      listOf(cellNames),
      defaultCells,
    )
    .option(
      "--implementations <list>",
      `all, fused or stock ${byTask("implementations")}`,
      listOf(implementationNames),
    )
    .option(
      "--backends <list>",
      `all, or some of ${backendNames.join(",")} ${byTask("backends")}`,
      listOf(backendNames),
    )
    .option(
      "--threads <list>",
      "thread counts of fused layers (default: 1 and physical cores)",
      wholeNumbers(1, 256),
    )
    .option(
      "--seeds <list>",
      `each a training of every combination ${byTask("seeds")}`,
      wholeNumbers(0, 2 ** 31 - 1),
    )
    .option("--units <n>", "of each recurrent layer", wholeNumber(1, 4096), 32)
    .option("--batch-size <n>", "examples of a step", wholeNumber(1), 32)
    .option("--epochs <n>", `of a training ${byTask("epochs")}`, wholeNumber(1))
    .option(
      "--learning-rate <x>",
      `of Adam, on reviews RMSprop ${byTask("learningRate")}`,
      positiveNumber(1),
    )
    .option(
      "--timesteps <n>",
      `of a series: values in a window (default: ${TIMESTEPS})`,
      wholeNumber(1, 10_000),
    )
    .option(
      "--limit <n>",
      `training reviews, and as many for the test ${bySize("limit")}`,
      wholeNumber(10, 25_000),
    )
    .option("--maxlen <n>", `words of a review ${bySize("maxlen")}`, wholeNumber(4, 2494))
    .option(
      "--vocab <n>",
      `of IMDB: words that are kept (default: ${sizes.imdb.vocab})`,
      wholeNumber(10, 100_000),
    )
    .option("--rounds <n>", "in which steps are timed", wholeNumber(1), 7)
    .option("--out <folder>", "of the JSON, which is gone on with, and the report", DEFAULT_OUT)
    .option(
      "--queue <url>",
      "Redis, such as redis://host:6379: workers there do it, not this process",
    )
    .option("--fresh", "begin the JSON anew")
    .option("--retry", "do again what could not be measured");
  return command.action(async (options: ComparisonOptions) => {
    // Its help and a mistyped option need neither tfjs nor Redis.
    const { chosen } = await import("./comparison-options.ts");
    const asked = chosen(options, terminal);
    const { compare } = await import("../compare/compare.ts");
    done(await compare(asked, options.queue === undefined ? null : await at(options.queue)));
  });
}

async function at(queue: string): Promise<Elsewhere> {
  const { queueAt } = await import("../queue/coordinator.ts");
  return queueAt(queue);
}
