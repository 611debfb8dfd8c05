import { type BackendName, backendNames } from "@rnnkit/backend-select";
import { getThreads } from "@rnnkit/fused-rnn";
import { Command } from "commander";
import { type CompareOptions, compare } from "./compare/compare.ts";
import { isGpu } from "./compare/plan.ts";
import {
  type CellName,
  cellNames,
  type Implementation,
  implementationNames,
  type ModelName,
  modelNames,
  type Task,
  taskNames,
} from "./compare/schema.ts";
import { carriedSeries, type TaskRequest } from "./compare/task.ts";
import type { ReadOptions } from "./csv.ts";
import {
  listOf,
  oneOf,
  positiveNumber,
  wholeNumber,
  wholeNumbers,
  withCsvOptions,
} from "./option-types.ts";
import { DEFAULT_OUT } from "./output.ts";
import { prepareSeries } from "./prepared-series.ts";
import { queueAt } from "./queue/coordinator.ts";
import { reviewSource } from "./reviews.ts";
import { csvSeries, namedSeries } from "./series.ts";
import type { Terminal } from "./terminal.ts";
import { UsageError } from "./usage-error.ts";

interface Options extends ReadOptions {
  task?: Task["name"];
  csv?: string;
  imdbPath?: string;
  models: ModelName[];
  cells: CellName[];
  implementations?: Implementation[];
  backends?: BackendName[];
  threads?: number[];
  seeds?: number[];
  units: number;
  epochs?: number;
  batchSize: number;
  learningRate?: number;
  timesteps?: number;
  limit?: number;
  maxlen?: number;
  vocab?: number;
  rounds: number;
  out: string;
  queue?: string;
  fresh?: boolean;
  retry?: boolean;
}

/** What depends on the examples where it is not given. Sized so that series end in two minutes on two cores. */
const usual = {
  series: { epochs: 5, learningRate: 0.01, optimizer: "adam", seeds: [1, 2] },
  reviews: { epochs: 4, learningRate: 0.01, optimizer: "rmsprop", seeds: [1, 2] },
  imdb: { epochs: 10, learningRate: 0.001, optimizer: "rmsprop", seeds: [1, 2] },
} as const;
const TIMESTEPS = 22;
const sizes = {
  reviews: { limit: 1000, maxlen: 80, vocab: 10_000 },
  imdb: { limit: 25_000, maxlen: 500, vocab: 10_000 },
};
const defaultCells: CellName[] = ["simple_rnn", "lstm", "gru"];

/** `compare`: which cell, by what, how fast, how good. */
export function compareCommand(terminal: Terminal, done: (exitCode: number) => void): Command {
  const command = new Command("compare")
    .summary("models, cells, backends, threads, fused and stock: how fast, how good")
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
      "all, fused or stock (default: all; of reviews fused)",
      listOf(implementationNames),
    )
    .option(
      "--backends <list>",
      `all, or some of ${backendNames.join(",")} (default: wasm,cpu; of reviews wasm)`,
      listOf(backendNames),
    )
    .option(
      "--threads <list>",
      "thread counts of fused layers (default: 1 and physical cores)",
      wholeNumbers(1, 256),
    )
    .option(
      "--seeds <list>",
      "each a training of every combination (default: 1,2)",
      wholeNumbers(0, 2 ** 31 - 1),
    )
    .option("--units <n>", "of each recurrent layer", wholeNumber(1, 4096), 32)
    .option("--batch-size <n>", "examples of a step", wholeNumber(1), 32)
    .option("--epochs <n>", "of a training (default: 5; of reviews 4, of IMDB 10)", wholeNumber(1))
    .option(
      "--learning-rate <x>",
      "of Adam, on reviews RMSprop (default: 0.01; of IMDB 0.001)",
      positiveNumber(1),
    )
    .option(
      "--timesteps <n>",
      `of a series: values in a window (default: ${TIMESTEPS})`,
      wholeNumber(1, 10_000),
    )
    .option(
      "--limit <n>",
      "training reviews, and as many for the test (default: 1000; of IMDB all)",
      wholeNumber(10, 25_000),
    )
    .option("--maxlen <n>", "words of a review (default: 80; of IMDB 500)", wholeNumber(4, 2494))
    .option(
      "--vocab <n>",
      "of IMDB: words that are kept (default: 10000)",
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
  return command.action(async (options: Options) => {
    const asked = chosen(options, terminal);
    done(await compare(asked, options.queue === undefined ? null : await queueAt(options.queue)));
  });
}

function chosen(options: Options, terminal: Terminal): CompareOptions {
  const name = options.task ?? (options.csv === undefined ? "sine" : "csv");
  const request = requestOf(name, options);
  const { epochs, learningRate, optimizer, seeds } =
    usual[request.kind === "series" ? "series" : request.name];
  const isText = request.kind === "reviews";
  const implementations =
    options.implementations ?? (isText ? ["fused"] : [...implementationNames]);
  const backends = options.backends ?? (isText ? ["wasm"] : ["wasm", "cpu"]);
  if (options.threads && !(implementations.includes("fused") && !backends.every(isGpu))) {
    throw new UsageError(
      `--threads: expected fused layers on a backend of the CPU, got ${implementations.join(",")} on ${backends.join(",")}`,
    );
  }
  if (options.fresh && options.retry) {
    throw new UsageError("--fresh, --retry: expected one of them, got both");
  }
  return {
    request,
    imdbPath: options.imdbPath,
    settings: {
      units: options.units,
      batchSize: options.batchSize,
      epochs: options.epochs ?? epochs,
      learningRate: options.learningRate ?? learningRate,
      optimizer,
      rounds: options.rounds,
    },
    axes: {
      models: options.models,
      cells: options.cells,
      implementations,
      backends,
      threads: options.threads ?? [...new Set([1, getThreads()])],
      seeds: options.seeds ?? [...seeds],
    },
    ...{ out: options.out, fresh: options.fresh ?? false, retry: options.retry ?? false },
    terminal,
  };
}

/** What does not belong to the task is refused, not ignored. */
function requestOf(name: Task["name"], options: Options): TaskRequest {
  const isText = name === "reviews" || name === "imdb";
  const belongs: Record<string, boolean> = {
    csv: name === "csv",
    column: name === "csv",
    decimal: name === "csv",
    dates: name === "csv",
    timesteps: !isText,
    limit: isText,
    maxlen: isText,
    vocab: name === "imdb",
    imdbPath: name === "imdb",
  };
  for (const [option, fits] of Object.entries(belongs)) {
    if (fits || options[option as keyof Options] === undefined) continue;
    const typed = option.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    throw new UsageError(`--${typed}: expected a task that has it, got --task ${name}`);
  }
  if (isText) {
    if (name === "imdb") reviewSource({ imdbPath: options.imdbPath });
    const { limit, maxlen, vocab } = options;
    const { [name]: size } = sizes;
    return {
      kind: "reviews",
      name,
      limit: limit ?? size.limit,
      maxlen: maxlen ?? size.maxlen,
      vocab: vocab ?? size.vocab,
    };
  }
  const timesteps = options.timesteps ?? TIMESTEPS;
  if (name !== "csv") {
    prepareSeries(namedSeries(name, 1), timesteps);
    return { kind: "series", name, timesteps };
  }
  const { csv, column, decimal, dates } = options;
  if (csv === undefined) throw new UsageError("--task csv: expected --csv <file> with it");
  const series = csvSeries(csv, { column, decimal, dates });
  prepareSeries(series, timesteps);
  return { kind: "series", name, timesteps, series: carriedSeries(series) };
}
