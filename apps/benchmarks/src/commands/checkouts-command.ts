import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import process from "node:process";
import { Command } from "commander";
import type { BenchResults } from "../bench/bench-results.ts";
import {
  type Comparison,
  compareRounds,
  compareSizes,
  orderOf,
  type Round,
  type SizeComparison,
  timesOf,
} from "../bench/checkouts.ts";
import { kernelCases } from "../bench/kernels-bench.ts";
import { modelNames } from "../bench/step-bench.ts";
import { openOutputFile, writeWhole } from "../output.ts";
import { stringifyJson } from "../results.ts";
import { listenForInterruption } from "../terminal/interruption.ts";
import { listOf, positiveNumber, wholeNumber } from "../terminal/option-types.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { type Column, tableHead, tableRow } from "../terminal/text-table.ts";
import { UsageError } from "../terminal/usage-error.ts";

interface Options {
  rounds: number;
  benches: ("kernels" | "step")[];
  filter: string;
  models: string;
  kernelSeconds: number;
  stepSeconds: number;
  limit: number;
  sizeLimit: number;
  fail: boolean;
  sizes: boolean;
  json?: string;
}

const benches = ["kernels", "step"] as const;

/** `bench checkouts`: two checkouts of this repository, dependencies installed, against each other. */
export function checkoutsCommand(terminal: Terminal, done: (exitCode: number) => void): Command {
  return new Command("checkouts")
    .summary("time two checkouts of this repository against each other")
    .description(
      "Builds two checkouts, runs `bench kernels` and `bench step` of each in turn, compares the medians.",
    )
    .argument("<old>", "root of the checkout that is compared with")
    .argument("<new>", "root of the checkout that may have become slower")
    .option("--rounds <n>", "runs of each checkout", wholeNumber(1), 5)
    .option("--benches <list>", "all, or some of kernels,step", listOf(benches), [...benches])
    .option("--filter <words>", "of `bench kernels`, such as 'lstm imdb'", "")
    .option("--models <list>", "of `bench step`", knownModels, "all")
    .option(
      "--kernel-seconds <x>",
      "a run's time for each operation, shape and thread count",
      positiveNumber(60),
      0.2,
    )
    .option("--step-seconds <x>", "a run's time for each model", positiveNumber(60), 1)
    .option("--limit <percent>", "a row slower by more is marked", positiveNumber(1000), 2)
    .option("--size-limit <bytes>", "a bundle larger by more is marked", wholeNumber(0), 2000)
    .option("--no-fail", "exit with 0 although rows are marked")
    .option("--no-sizes", "leave the bundles' sizes out")
    .option("--json <file>", "write all rounds and the comparison there")
    .action(async (oldRoot: string, newRoot: string, options: Options, command: Command) => {
      refuseUnused(options, (name) => command.getOptionValueSource(name) === "cli");
      const roots = { old: resolve(oldRoot), new: resolve(newRoot) };
      refuseUnready(roots, options);
      const line = (text = "") => void terminal.out.write(`${text}\n`);
      const interruption = listenForInterruption(() => line("stopping (Ctrl-C)"));
      const { signal } = interruption;
      try {
        const isGood = await compare(roots, options, line, signal);
        done(signal.aborted ? interruption.exitCode : isGood || !options.fail ? 0 : 1);
      } catch (error) {
        if (!signal.aborted) throw error;
        done(interruption.exitCode);
      } finally {
        interruption.release();
      }
    });
}

/** Names of models as they were typed: each checkout has its own of *all*. */
function knownModels(text: string): string {
  listOf(modelNames)(text);
  return text;
}

/** What no bench asked for would look at is a mistake of the caller's. */
function refuseUnused(options: Options, isGiven: (name: string) => boolean): void {
  const needs: [option: string, name: string, isUsed: boolean, what: string][] = [
    ["--filter", "filter", options.benches.includes("kernels"), "--benches kernels"],
    ["--kernel-seconds", "kernelSeconds", options.benches.includes("kernels"), "--benches kernels"],
    ["--models", "models", options.benches.includes("step"), "--benches step"],
    ["--step-seconds", "stepSeconds", options.benches.includes("step"), "--benches step"],
    ["--size-limit", "sizeLimit", options.sizes, "the bundles' sizes"],
  ];
  for (const [option, name, isUsed, what] of needs) {
    if (isUsed || !isGiven(name)) continue;
    const got = what.startsWith("--") ? `--benches ${options.benches.join(",")}` : "--no-sizes";
    throw new UsageError(`${option}: expected ${what} with it, got ${got}`);
  }
}

/** Two builds and a first round take minutes: what would end them is found before. */
function refuseUnready(roots: Roots, { benches, filter, json }: Options): void {
  for (const root of Object.values(roots)) {
    if (existsSync(join(root, "node_modules", ".bin", "turbo"))) continue;
    throw new UsageError(`expected a checkout with its dependencies installed, got ${root}`);
  }
  if (benches.includes("kernels")) kernelCases({ filter });
  if (json !== undefined) openOutputFile(json, "--json");
}

type Line = (text?: string) => void;
type Roots = Readonly<Record<"old" | "new", string>>;

/** Whether no row is marked. Of what was interrupted the whole rounds are compared. */
async function compare(
  roots: Roots,
  options: Options,
  line: Line,
  signal: AbortSignal,
): Promise<boolean> {
  for (const [side, root] of Object.entries(roots)) {
    line(`build: ${side}`);
    await build(root, signal);
  }
  const folder = mkdtempSync(join(tmpdir(), "rnnkit-checkouts-"));
  try {
    const rounds: Round[] = [];
    for (let round = 0; round < options.rounds; round++) {
      const times = await timesOfRound(round, roots, options, { folder, line, signal });
      if (times === null) break;
      rounds.push(times);
    }
    if (rounds.length === 0) return true;
    const rows = compareRounds(rounds);
    const slower = printRows(rows, { ...options, rounds: rounds.length }, line);
    const sizes = options.sizes ? await sizesOf(roots, signal) : [];
    const larger = printSizes(sizes, options, line);
    if (options.json !== undefined) {
      const kept = rounds.map((round) => ({
        old: Object.fromEntries(round.old),
        new: Object.fromEntries(round.new),
      }));
      writeWhole(options.json, stringifyJson({ roots, options, rows, sizes, rounds: kept }));
    }
    return slower + larger === 0;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A run of each bench of each checkout; null where it was interrupted. */
async function timesOfRound(
  round: number,
  roots: Roots,
  options: Options,
  { folder, line, signal }: { folder: string; line: Line; signal: AbortSignal },
): Promise<Round | null> {
  const times = { old: new Map<string, number>(), new: new Map<string, number>() };
  for (const bench of options.benches) {
    for (const side of orderOf(round)) {
      line(`round ${round + 1} of ${options.rounds}: ${side}, bench ${bench}`);
      const json = join(folder, "results.json");
      const args = ["bench", bench, ...argumentsOf(bench, options), "--json", json];
      try {
        await run(roots[side], [cliOf(roots[side]), ...args], signal);
      } catch (error) {
        if (signal.aborted) return null;
        throw error;
      }
      const results = JSON.parse(readFileSync(json, "utf8")) as BenchResults;
      rmSync(json);
      for (const [name, ms] of timesOf(results)) times[side].set(name, ms);
    }
  }
  return signal.aborted ? null : times;
}

function cliOf(root: string): string {
  return join(root, "apps", "benchmarks", "dist", "cli.js");
}

function argumentsOf(bench: "kernels" | "step", options: Options): string[] {
  const { filter, models, kernelSeconds, stepSeconds } = options;
  return bench === "kernels"
    ? ["--seconds", String(kernelSeconds), ...(filter === "" ? [] : ["--filter", filter])]
    : ["--seconds", String(stepSeconds), "--no-stock", "--models", models];
}

/** What one of a checkout's programs prints, once it has ended with one of **codes**; an aborted **signal** ends it. */
function run(
  cwd: string,
  args: readonly string[],
  signal: AbortSignal,
  codes = [0],
): Promise<string> {
  return new Promise((done, failed) => {
    const child = spawn(process.execPath, args, { cwd, signal });
    let [out, err] = ["", ""];
    child.stdout.on("data", (text) => {
      out += text;
    });
    child.stderr.on("data", (text) => {
      err += text;
    });
    child.on("error", failed);
    child.on("close", (code, by) => {
      if (code !== null && codes.includes(code)) done(out);
      else failed(new Error(`${args.join(" ")}: ended with ${code ?? by}\n${err || out}`));
    });
  });
}

/** A stale `dist` would be timed as if it were the source: what is there is built, by the checkout's own scripts. */
async function build(root: string, signal: AbortSignal): Promise<void> {
  const task = "turbo run build --filter=@rnnkit/benchmarks --output-logs=errors-only";
  const program = `import { run } from "./scripts/workspace.mjs"; run(${JSON.stringify(task)});`;
  await run(root, ["--input-type=module", "--eval", program], signal);
}

/** The bundles of both; none where it was interrupted. */
async function sizesOf(roots: Roots, signal: AbortSignal): Promise<SizeComparison[]> {
  try {
    return compareSizes(await bundles(roots.old, signal), await bundles(roots.new, signal));
  } catch (error) {
    if (signal.aborted) return [];
    throw error;
  }
}

/** Sizes of single imports, by the checkout's own list. */
async function bundles(
  root: string,
  signal: AbortSignal,
): Promise<{ name: string; size: number }[]> {
  const sizeLimit = join(root, "node_modules", "size-limit", "bin.js");
  // It ends with 1 where a bundle is above its checkout's limit, which is not the question here.
  return JSON.parse(await run(root, [sizeLimit, "--json"], signal, [0, 1]));
}

const timeColumns: Column[] = [
  { title: "measurement", width: 52, left: true },
  { title: "old ms", width: 9 },
  { title: "new ms", width: 9 },
  { title: "ratio", width: 6 },
  { title: "a round", width: 7 },
  { title: "", width: 6, left: true },
];

/** Prints a line a measurement and returns how many are marked. */
function printRows(rows: readonly Comparison[], { rounds, limit }: Options, line: Line): number {
  const isSlower = ({ ratio }: Comparison) => ratio > 1 + limit / 100;
  line();
  line(`Medians of ${rounds} rounds; ratio: new / old; a round: the median of each round's ratio`);
  line();
  line(tableHead(timeColumns));
  for (const row of rows) {
    line(
      tableRow(timeColumns, [
        row.name,
        row.oldMs.toFixed(3),
        row.newMs.toFixed(3),
        row.ratio.toFixed(3),
        row.roundRatio.toFixed(3),
        isSlower(row) ? "slower" : "",
      ]),
    );
  }
  const slower = rows.filter(isSlower).length;
  line();
  line(`${slower} of ${rows.length} rows slower by more than ${limit} %`);
  return slower;
}

const sizeColumns: Column[] = [
  { title: "bundle", width: 52, left: true },
  { title: "old bytes", width: 9 },
  { title: "new bytes", width: 9 },
  { title: "more", width: 6 },
  { title: "", width: 6, left: true },
];

/** Prints a line a bundle and returns how many are marked; one that only a side has is not. */
function printSizes(sizes: readonly SizeComparison[], { sizeLimit }: Options, line: Line): number {
  if (sizes.length === 0) return 0;
  const more = ({ oldBytes, newBytes }: SizeComparison) =>
    oldBytes === null || newBytes === null ? null : newBytes - oldBytes;
  line();
  line(tableHead(sizeColumns));
  for (const row of sizes) {
    const difference = more(row);
    line(
      tableRow(sizeColumns, [
        row.name,
        String(row.oldBytes ?? "none"),
        String(row.newBytes ?? "none"),
        difference === null ? "" : String(difference),
        (difference ?? 0) > sizeLimit ? "larger" : "",
      ]),
    );
  }
  const larger = sizes.filter((row) => (more(row) ?? 0) > sizeLimit).length;
  line();
  line(`${larger} of ${sizes.length} bundles larger by more than ${sizeLimit} bytes`);
  return larger;
}
