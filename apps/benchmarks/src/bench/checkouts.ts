import { median } from "../statistics.ts";
import type { BenchResults } from "./bench-results.ts";
import { BENCH_SCHEMA_VERSION } from "./bench-results.ts";
import type { KernelRow } from "./kernels-bench.ts";
import { shapeText } from "./recurrent-ops.ts";
import type { StepRow } from "./step-table.ts";

/** What both checkouts said in one round: milliseconds by the measurement's name. */
export interface Round {
  old: ReadonlyMap<string, number>;
  new: ReadonlyMap<string, number>;
}

/** One measurement of both checkouts over all rounds. */
export interface Comparison {
  name: string;
  /** Medians of the rounds, milliseconds. */
  oldMs: number;
  newMs: number;
  /** New median / old median. */
  ratio: number;
  /** The median of each round's new / old: what the machine's changes of speed disturb least. */
  roundRatio: number;
}

/**
 * The times in the results of `bench kernels` or `bench step`, by a name that is the same in every checkout.
 *
 * @throws Error when the results are of another command or form, were not finished, or name two rows alike
 */
export function timesOf(results: BenchResults): Map<string, number> {
  const { schemaVersion, command, status } = results;
  if (schemaVersion !== BENCH_SCHEMA_VERSION || status !== "complete") {
    throw new Error(
      `${command}: expected complete results of form ${BENCH_SCHEMA_VERSION}, got ${status} ones of form ${schemaVersion}`,
    );
  }
  const read = readers[command];
  if (!read) {
    throw new Error(
      `expected results of ${Object.keys(readers).join(" or ")}, got those of ${command}`,
    );
  }
  const times = new Map<string, number>();
  for (const [name, ms] of results.rows.flatMap((row) => read(row as never))) {
    if (times.has(name)) throw new Error(`${command}: expected one row ${name}, got two`);
    times.set(name, ms);
  }
  return times;
}

const readers: Readonly<Record<string, (row: never) => [name: string, ms: number][]>> = {
  "bench kernels": ({ op, shape, pass, threads, medianMs }: KernelRow) => [
    [`${op} ${shapeText(shape)} ${pass}, ${threads} thread${threads === 1 ? "" : "s"}`, medianMs],
  ],
  "bench step": ({ model, fused }: StepRow) =>
    fused
      ? [
          [`${model} train`, fused.trainMs],
          [`${model} predict`, fused.predictMs],
          ...(fused.fitMs === null ? [] : [[`${model} fit`, fused.fitMs] as [string, number]]),
        ]
      : [],
};

/**
 * Pairs the measurements of all rounds by name, in the order of the first.
 *
 * @throws Error when a measurement is missing on a side: then two different things were measured
 */
export function compareRounds(rounds: readonly Round[]): Comparison[] {
  const names = [...(rounds[0]?.old.keys() ?? [])];
  for (const { old, new: now } of rounds) {
    for (const [side, other, which] of [
      [names, old, "the old checkout"],
      [names, now, "the new checkout"],
      [now.keys(), old, "the old checkout"],
    ] as const) {
      const missing = [...side].find((name) => !other.has(name));
      if (missing !== undefined) throw new Error(`expected ${missing} from ${which}, got none`);
    }
  }
  return names.map((name) => {
    const olds = rounds.map(({ old }) => old.get(name) as number);
    const news = rounds.map((round) => round.new.get(name) as number);
    const [oldMs, newMs] = [median(olds), median(news)];
    return {
      name,
      oldMs,
      newMs,
      ratio: newMs / oldMs,
      roundRatio: median(news.map((ms, i) => ms / (olds[i] as number))),
    };
  });
}

/** Which comes first in a round: in turn, so that a machine that warms up favours neither. */
export function orderOf(round: number): readonly ["old", "new"] | readonly ["new", "old"] {
  return round % 2 === 0 ? ["old", "new"] : ["new", "old"];
}

/** A bundle of one import by both checkouts' `size-limit --json`, bytes; null where one has none. */
export interface SizeComparison {
  name: string;
  oldBytes: number | null;
  newBytes: number | null;
}

/** Pairs bundles by name and by their turn among those of that name: two entries may have one. */
export function compareSizes(
  old: readonly { name: string; size: number }[],
  now: readonly { name: string; size: number }[],
): SizeComparison[] {
  const [olds, news] = [sizesByKey(old), sizesByKey(now)];
  return [...new Set([...olds.keys(), ...news.keys()])].map((name) => ({
    name,
    oldBytes: olds.get(name) ?? null,
    newBytes: news.get(name) ?? null,
  }));
}

function sizesByKey(bundles: readonly { name: string; size: number }[]): Map<string, number> {
  const sizes = new Map<string, number>();
  for (const { name, size } of bundles) {
    let key = name;
    for (let turn = 2; sizes.has(key); turn++) key = `${name} #${turn}`;
    sizes.set(key, size);
  }
  return sizes;
}
