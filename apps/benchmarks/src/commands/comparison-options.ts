import type { BackendName } from "@rnnkit/backend-select";
import { getThreads } from "@rnnkit/fused-rnn";
import type { CompareOptions } from "../compare/compare.ts";
import { isGpu } from "../compare/plan.ts";
import type { CellName, Implementation, ModelName, Task } from "../compare/schema.ts";
import { carriedSeries, type TaskRequest } from "../compare/task.ts";
import type { ReadOptions } from "../csv/csv.ts";
import { prepareSeries } from "../forecasting/prepared-series.ts";
import { csvSeries, namedSeries } from "../forecasting/series.ts";
import { reviewSource } from "../reviews/reviews.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { UsageError } from "../terminal/usage-error.ts";
import { sizes, TIMESTEPS, usual } from "./comparison-defaults.ts";

/** What `compare` was told, as commander read it. */
export interface ComparisonOptions extends ReadOptions {
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

/**
 * All that a comparison must know, of what was told and what is usual for its task.
 *
 * @throws UsageError for what does not belong to the task, does nothing, or cannot be read
 */
export function chosen(options: ComparisonOptions, terminal: Terminal): CompareOptions {
  const name = options.task ?? (options.csv === undefined ? "sine" : "csv");
  const request = requestOf(name, options);
  const of = usual[request.kind === "series" ? "series" : request.name];
  const { epochs, learningRate, optimizer, seeds } = of;
  const implementations = options.implementations ?? [...of.implementations];
  const backends = options.backends ?? [...of.backends];
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
function requestOf(name: Task["name"], options: ComparisonOptions): TaskRequest {
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
    if (fits || options[option as keyof ComparisonOptions] === undefined) continue;
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
