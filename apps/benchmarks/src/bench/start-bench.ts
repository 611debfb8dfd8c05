import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { median, quantile } from "../statistics.ts";
import { type Column, tableHead, tableRow } from "../terminal/text-table.ts";
import type { Bench } from "./bench-session.ts";

/** What an import may take on top of tfjs-layers alone, milliseconds. */
export const IMPORT_GOAL = 60;
/** What the first training step of a process may take on top of a warm one, milliseconds. */
export const FIRST_STEP_GOAL = 50;

export interface StartOptions {
  rounds: number;
  seed: number;
}

/** How far one is above another in the same round: the middle, and what eight in ten rounds lie between. */
export interface Difference {
  median: number;
  low: number;
  high: number;
}

/** Modules that a fresh process imports; milliseconds, medians. */
export interface ImportRow {
  imported: string;
  rounds: number;
  importMs: number;
  /** Of all threads of the process, Node's own start included. */
  cpuMs: number;
  aboveLayers: Difference;
  /** The same of CPU time, which other programs on the machine disturb less. */
  cpuAboveLayers: Difference;
}

/** A model in a fresh process; milliseconds, medians. */
export interface FirstStepRow {
  model: string;
  rounds: number;
  /** From the start of the process until all is imported. */
  importMs: number;
  buildMs: number;
  firstMs: number;
  secondMs: number;
  warmMs: number;
  aboveWarm: Difference;
}

export type StartRow = ImportRow | FirstStepRow;

const LAYERS = "tfjs-layers";

/** Modules by what a row is called. */
const imports: Readonly<Record<string, readonly string[]>> = {
  "tfjs-core": ["@tensorflow/tfjs-core"],
  [LAYERS]: ["@tensorflow/tfjs-layers"],
  "tfjs-layers, tfjs-core": ["@tensorflow/tfjs-layers", "@tensorflow/tfjs-core"],
  "core-rnn": ["@rnnkit/core-rnn"],
  "fused-rnn": ["@rnnkit/fused-rnn"],
  "keras-builders": ["@rnnkit/keras-builders"],
  "keras-files": ["@rnnkit/keras-files"],
  "tfjs-layers, wasm": ["@tensorflow/tfjs-backend-wasm", "@tensorflow/tfjs-layers"],
  "keras-builders, wasm": ["@tensorflow/tfjs-backend-wasm", "@rnnkit/keras-builders"],
};
const models = ["simple_rnn", "lstm_forecaster", "imdb_lstm"];

/** Steps before the warm ones. */
const WARM_UP = 10;

const importColumns: Column[] = [
  { title: "import", width: 24, left: true },
  { title: "ms", width: 6 },
  { title: "CPU ms", width: 7 },
  { title: `above ${LAYERS} ms`, width: 22 },
  { title: "CPU ms above it", width: 20 },
];
const stepColumns: Column[] = [
  { title: "first step", width: 24, left: true },
  { title: "import ms", width: 9 },
  { title: "build ms", width: 9 },
  { title: "first ms", width: 9 },
  { title: "second ms", width: 9 },
  { title: "warm ms", width: 9 },
  { title: "first above warm ms", width: 22 },
];

/** `bench start`: what importing takes, and the first training step; every round each in a process of its own, in turn. */
export async function benchStart(
  { rounds, seed }: StartOptions,
  bench: Bench<StartRow>,
): Promise<void> {
  bench.line();
  bench.line(
    "Medians of fresh processes, of differences with what 80 % of the rounds lie between.",
  );
  bench.line(
    `Goals: at most ${IMPORT_GOAL} ms above ${LAYERS}, a first step within ${FIRST_STEP_GOAL} ms of a warm one.`,
  );
  const names = Object.keys(imports);
  const imported = await inTurn(names, rounds, bench.signal, (name) =>
    said<Imported>("imported.mjs", imports[name] ?? []),
  );
  const layers = imported.get(LAYERS) ?? [];
  bench.line();
  bench.line(tableHead(importColumns));
  for (const [name, of] of imported) {
    if (of.length === 0) return;
    const row: ImportRow = {
      imported: name,
      rounds: of.length,
      importMs: median(all(of, "importMs")),
      cpuMs: median(all(of, "cpuMs")),
      aboveLayers: differenceOf(all(of, "importMs"), all(layers, "importMs")),
      cpuAboveLayers: differenceOf(all(of, "cpuMs"), all(layers, "cpuMs")),
    };
    bench.record(row);
    const cells = [row.importMs, row.cpuMs].map((x) => x.toFixed(0));
    const differences = [row.aboveLayers, row.cpuAboveLayers].map(differenceText);
    bench.line(tableRow(importColumns, [name, ...cells, ...differences]));
  }
  const trained = await inTurn(models, rounds, bench.signal, (model) =>
    said<FirstSteps>("first-step.mjs", [model, String(seed)]),
  );
  bench.line();
  bench.line(tableHead(stepColumns));
  for (const [model, of] of trained) {
    if (of.length === 0) return;
    const row = firstStepRow(model, of);
    bench.record(row);
    const { importMs, buildMs, firstMs, secondMs, warmMs, aboveWarm } = row;
    const cells = [importMs, buildMs, firstMs, secondMs, warmMs].map((x) => x.toFixed(1));
    bench.line(tableRow(stepColumns, [model, ...cells, differenceText(aboveWarm)]));
  }
}

/** What the program of an import says. */
interface Imported {
  importMs: number;
  cpuMs: number;
}

const all = (said: readonly Imported[], what: keyof Imported): number[] =>
  said.map((one) => one[what]);

/** What the program of one model says. */
export interface FirstSteps {
  importMs: number;
  buildMs: number;
  stepMs: number[];
}

/** A row from what the processes of a model said. */
export function firstStepRow(model: string, said: readonly FirstSteps[]): FirstStepRow {
  const step = (k: number) => said.map(({ stepMs }) => stepMs[k] as number);
  const warm = said.map(({ stepMs }) => median(stepMs.slice(WARM_UP)));
  return {
    model,
    rounds: said.length,
    importMs: median(said.map(({ importMs }) => importMs)),
    buildMs: median(said.map(({ buildMs }) => buildMs)),
    firstMs: median(step(0)),
    secondMs: median(step(1)),
    warmMs: median(warm),
    aboveWarm: differenceOf(step(0), warm),
  };
}

/** One less the other, round by round: what slows the machine down slows both. */
export function differenceOf(one: readonly number[], other: readonly number[]): Difference {
  const differences = one.slice(0, other.length).map((ms, round) => ms - (other[round] as number));
  return {
    median: median(differences),
    low: quantile(differences, 0.1),
    high: quantile(differences, 0.9),
  };
}

function differenceText({ median: middle, low, high }: Difference): string {
  return `${middle.toFixed(0)} (${low.toFixed(0)} to ${high.toFixed(0)})`;
}

/** What each process said, by its name: all names once a round, after a round that is not kept. */
async function inTurn<Said>(
  names: readonly string[],
  rounds: number,
  signal: AbortSignal,
  run: (name: string) => Promise<Said>,
): Promise<Map<string, Said[]>> {
  const said = new Map<string, Said[]>(names.map((name) => [name, []]));
  for (let round = 0; round <= rounds; round++) {
    for (const name of names) {
      if (signal.aborted) return said;
      const heard = await run(name);
      if (round > 0) said.get(name)?.push(heard);
    }
  }
  return said;
}

/**
 * What a program of `scripts/start` prints in its last line.
 *
 * @throws Error with its last words when it fails
 */
async function said<Said>(file: string, args: readonly string[]): Promise<Said> {
  const path = fileURLToPath(new URL(`../../scripts/start/${file}`, import.meta.url));
  const child = spawn(process.execPath, [...process.execArgv, path, ...args], {
    // Ctrl-C is this program's: the round that runs is finished.
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const texts = { stdout: "", stderr: "" };
  for (const stream of ["stdout", "stderr"] as const) {
    child[stream].setEncoding("utf8").on("data", (text: string) => {
      texts[stream] += text;
    });
  }
  const [code] = (await once(child, "close")) as [number | null];
  if (code === 0) return JSON.parse(texts.stdout.trim().split("\n").at(-1) ?? "") as Said;
  throw new Error(`bench start: ${file} ${args.join(" ")} failed: ${texts.stderr.trim()}`);
}
