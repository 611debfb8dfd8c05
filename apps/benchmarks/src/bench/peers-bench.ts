import { setTimeout } from "node:timers/promises";
import { getThreads } from "@rnnkit/fused-rnn";
import * as tf from "@tensorflow/tfjs-core";
import { median } from "../statistics.ts";
import { type Column, tableHead, tableRow } from "../text-table.ts";
import { UsageError } from "../usage-error.ts";
import type { Bench } from "./bench-session.ts";
import { type Peer, type PeerSystem, startPeer } from "./peer.ts";
import { rounds } from "./rounds.ts";
import { type StepTimes, timeInARow } from "./step-bench.ts";
import { seededExamples, type TutorialModel, tutorialModels } from "./tutorial-models.ts";

/** The models that the peers know. */
export const peerModels: readonly string[] = [
  "imdb_lstm",
  "imdb_gru",
  "imdb_simple_rnn",
  "imdb_bidirectional_lstm",
  "stock_forecaster",
];

export interface PeersOptions {
  /** A Python that has the systems. */
  python: string;
  systems: PeerSystem[];
  /** Names of `peerModels`. */
  models: string[];
  /** Rounds for each model. */
  rounds: number;
  seed: number;
}

/** One model in one system, ours among them; milliseconds, medians. */
export interface PeerRow {
  model: string;
  system: string;
  rounds: number;
  trainMs: number;
  predictMs: number;
  /** Its time / ours, in the same rounds. */
  ratio: { train: number; predict: number };
}

/** What takes its turn in a round. */
interface Contestant {
  name: string;
  time(model: TutorialModel, steps: number): Promise<StepTimes>;
}

const STEPS_PER_ROUND = 10;
// OpenMP's threads spin for 200 ms after their last work, on a core that the next in turn needs.
const REST_MS = 250;
// Until then compilers are still at work, JAX's for seconds.
const WARM_UPS = 4;

const columns: Column[] = [
  { title: "model", width: 23, left: true },
  { title: "system", width: 28, left: true },
  { title: "train ms", width: 8 },
  { title: "/ ours", width: 6 },
  { title: "predict ms", width: 10 },
  { title: "/ ours", width: 6 },
  { title: "rounds", width: 6 },
];

/** `bench peers`: the tutorial's models here, in Keras and in PyTorch, one after the other in each round. */
export async function benchPeers(options: PeersOptions, bench: Bench<PeerRow>): Promise<void> {
  const { python, systems, models, seed } = options;
  const peers: [string, Peer][] = [];
  const own = ourselves(seed);
  try {
    for (const system of systems) {
      for (const threads of system === "pytorch" ? threadCounts() : [1]) {
        const peer = await startPeer(python, system, threads).catch((error: Error) => {
          bench.line(bench.colors.yellow(`left out  ${error.message}`));
        });
        const on = system === "pytorch" ? `, ${threadsText(threads)}` : "";
        if (peer) peers.push([`${peer.version}${on}`, peer]);
      }
    }
    if (peers.length === 0) {
      throw new UsageError(
        `--python: expected a Python with one of ${systems.join(", ")}, got ${python}`,
      );
    }
    const others = peers.map(
      ([name, peer]): Contestant => ({ name, time: ({ name: model }, n) => peer.time(model, n) }),
    );
    bench.line();
    bench.line(
      bench.colors.dim("  batch 32, milliseconds, medians; PyTorch flushes denormal numbers to 0"),
    );
    bench.line();
    bench.line(tableHead(columns));
    for (const model of tutorialModels(seed).filter(({ name }) => models.includes(name))) {
      const measured = await compare([own, ...others], model, options.rounds, bench);
      if (measured.length === 0) return;
      for (const row of measured) {
        bench.record(row);
        bench.line(rowText(row));
      }
    }
  } finally {
    own.dispose();
    for (const [, peer] of peers) peer.close();
  }
}

/** All on one model in turn; the first is what the others are compared with. */
async function compare(
  contestants: readonly Contestant[],
  model: TutorialModel,
  least: number,
  bench: Bench<PeerRow>,
): Promise<PeerRow[]> {
  const measured = await rounds(
    async () => {
      const times: StepTimes[] = [];
      for (const { time } of contestants) {
        await setTimeout(REST_MS);
        times.push(await time(model, STEPS_PER_ROUND));
      }
      return times;
    },
    { warmUp: WARM_UPS, least, seconds: 0, signal: bench.signal },
  );
  if (measured.length === 0) return [];
  const medians = contestants.map(({ name: system }, i) => {
    const of = (what: keyof StepTimes) =>
      median(measured.flatMap((round) => round[i]?.[what] ?? []));
    return { system, trainMs: of("train"), predictMs: of("predict") };
  });
  const [ours] = medians as [(typeof medians)[number]];
  return medians.map((row) => ({
    ...{ model: model.name, rounds: measured.length, ...row },
    ratio: { train: row.trainMs / ours.trainMs, predict: row.predictMs / ours.predictMs },
  }));
}

/** This package's own models, built at their first mention. */
function ourselves(seed: number): Contestant & { dispose(): void } {
  const built = new Map<
    string,
    { run: (steps: number) => ReturnType<typeof timeInARow>; dispose(): void }
  >();
  const build = (model: TutorialModel) => {
    const made = model.fused();
    const batch = seededExamples(model, model.batchSize, seed);
    const dispose = () => {
      made.dispose();
      tf.dispose([batch]);
    };
    return { run: (steps: number) => timeInARow(made, batch, steps), dispose };
  };
  return {
    name: `rnnkit, ${threadsText(getThreads())}`,
    async time(model, steps) {
      const known = built.get(model.name) ?? build(model);
      built.set(model.name, known);
      return known.run(steps);
    },
    dispose() {
      for (const { dispose } of built.values()) dispose();
    },
  };
}

const threadsText = (count: number) => `${count} thread${count === 1 ? "" : "s"}`;
const threadCounts = (): number[] => [...new Set([1, getThreads()])];

function rowText({ model, system, trainMs, predictMs, ratio, rounds: n }: PeerRow): string {
  const ms = (x: number) => x.toPrecision(3);
  const times = (x: number) => `${x.toPrecision(2)}x`;
  return tableRow(columns, [
    ...[model, system, ms(trainMs), times(ratio.train), ms(predictMs), times(ratio.predict)],
    String(n),
  ]);
}
