import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { getThreads } from "@rnnkit/fused-rnn";
import { median } from "../statistics.ts";
import { tableHead } from "../terminal/text-table.ts";
import { UsageError } from "../terminal/usage-error.ts";
import type { Bench } from "./bench-session.ts";
import { disagreement } from "./model-agreement.ts";
import { type FolderModel, writeModelFolder } from "./model-folder.ts";
import {
  choosesThreads,
  type Peer,
  type PeerDevice,
  type PeerSystem,
  startOurselves,
  startPeer,
} from "./peer.ts";
import {
  bestColumns,
  bestLine,
  type PeerRow,
  peerColumns,
  peerLine,
  type SystemTimes,
} from "./peers-table.ts";
import { ratioOf, ratioWords } from "./ratio.ts";
import { rounds } from "./rounds.ts";
import { type StepTimes, sumOf } from "./step-bench.ts";
import { type TutorialModel, tutorialModels } from "./tutorial-models.ts";
import { warmUp, warmUpRule } from "./warm-up.ts";

export interface PeersOptions {
  /** A Python that has the systems. */
  python: string;
  systems: PeerSystem[];
  /** Names of `tutorialModels`. */
  models: string[];
  /** Rounds for each model. */
  rounds: number;
  /** Examples of a training step and of a prediction. */
  batch: number;
  /** On the GPU: WebGPU here, cuDNN by PyTorch and JAX there. */
  gpu?: boolean;
  /** With **gpu**: where the others compute; *cpu* is for trying it out. Default *gpu*. */
  device?: PeerDevice;
  seed: number;
}

const STEPS_PER_ROUND = 10;
// OpenMP's threads spin for 200 ms after their last work, on a core that the next in turn needs.
const REST_MS = 250;

/** `bench peers`: the tutorial's models here and in other systems, one after the other in each round. */
export async function benchPeers(options: PeersOptions, bench: Bench<PeerRow>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "rnnkit-peers-"));
  const peers: Peer[] = [];
  try {
    await startAll(options, peers, bench);
    for (const line of headLines(options)) bench.line(bench.colors.dim(`  ${line}`));
    bench.line();
    bench.line(tableHead(peerColumns));
    const compared: PeerRow[] = [];
    const chosen = tutorialModels(options.seed).filter(({ name }) => options.models.includes(name));
    for (const model of chosen) {
      const measured = await compare(join(folder, model.name), peers, model, options, bench);
      if (measured.length === 0) break;
      for (const row of measured) {
        bench.record(row);
        bench.line(peerLine(row));
      }
      compared.push(measured[0] as PeerRow);
    }
    if (compared.length === 0) return;
    bench.line();
    bench.line(bench.colors.bold("Ours / the best of the others"));
    bench.line(bench.colors.dim(`  ${ratioWords}; below 1 ours is the faster`));
    bench.line();
    bench.line(tableHead(bestColumns));
    for (const row of compared) bench.line(bestLine(row));
  } finally {
    for (const peer of peers) peer.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

const headLines = ({ batch }: PeersOptions): string[] => [
  "",
  `batch ${batch}, milliseconds, medians; train: trainOnBatch, predict: predictOnBatch, output read`,
  "each system in a process of its own, from the same weights and examples; predictions and first losses agree",
  "PyTorch and ONNX Runtime flush denormal numbers to 0; ONNX Runtime runs the file that keras-files exports",
  warmUpRule,
];

/** Ourselves first, then those of **systems** that start. */
async function startAll(
  { python, systems }: PeersOptions,
  peers: Peer[],
  bench: Bench<PeerRow>,
): Promise<void> {
  peers.push(await startOurselves());
  const counts = [...new Set([1, getThreads()])];
  for (const system of systems) {
    for (const threads of choosesThreads(system) ? [1] : counts) {
      const peer = await startPeer(python, system, threads).catch((error: Error) => {
        bench.line(bench.colors.yellow(`left out  ${error.message}`));
      });
      if (peer) peers.push(peer);
    }
  }
  if (peers.length > 1) return;
  throw new UsageError(
    `--python: expected a Python with one of ${systems.join(", ")}, got ${python}`,
  );
}

/** A model as peers are compared on it. */
export type PeerModel = FolderModel & Pick<TutorialModel, "dropout">;

/** All that know the model on it in turn; the first is what the others are compared with, to what they are allowed. */
export async function compare(
  folder: string,
  peers: readonly Peer[],
  model: PeerModel,
  { rounds: least, batch, seed }: Pick<PeersOptions, "rounds" | "batch" | "seed">,
  bench: Bench<PeerRow>,
  allowedOf?: (peer: Peer) => number,
): Promise<PeerRow[]> {
  await writeModelFolder(folder, model, { batches: 1, batchSize: batch, seed });
  const contestants: Peer[] = [];
  for (const peer of peers) {
    const { refused } = await peer.ask<{ refused?: string }>({ do: "open", folder });
    if (refused) bench.line(bench.colors.dim(`  ${model.name}: without ${peer.name}: ${refused}`));
    else contestants.push(peer);
  }
  const wrong = await disagreement(model, contestants, allowedOf);
  if (wrong) throw new Error(`bench peers: ${wrong}`);
  const steps = (peer: Peer) => peer.ask<StepTimes>({ do: "steps", steps: STEPS_PER_ROUND });
  for (const peer of contestants) {
    await setTimeout(REST_MS);
    await warmUp(async () => sumOf(await steps(peer)), bench.signal);
  }
  const measured = await rounds(
    async () => {
      const times: StepTimes[] = [];
      for (const peer of contestants) {
        await setTimeout(REST_MS);
        times.push(await steps(peer));
      }
      return times;
    },
    { warmUp: 0, least, seconds: 0, signal: bench.signal },
  );
  if (measured.length === 0) return [];
  return peerRows(
    model.name,
    contestants.map(({ name: system }, i) => ({
      system,
      train: measured.map((round) => median((round[i] as StepTimes).train)),
      predict: measured.map((round) => median((round[i] as StepTimes).predict)),
    })),
  );
}

/** The row of each system: of **times** the first is ours, and each round's medians stand beside each other. */
export function peerRows(model: string, times: readonly SystemTimes[]): PeerRow[] {
  const [ours, ...others] = times as [SystemTimes, ...SystemTimes[]];
  const middle = (side: SystemTimes, what: "train" | "predict") => {
    const ms = median(side[what]);
    return Number.isNaN(ms) ? null : ms;
  };
  const beside = (side: SystemTimes, what: "train" | "predict") => {
    const ms = middle(side, what);
    return ms && ms / median(ours[what]);
  };
  const best = (what: "train" | "predict") => {
    const [first] = others
      .filter((side) => middle(side, what) !== null)
      .sort((a, b) => median(a[what]) - median(b[what]));
    if (!first) return null;
    const { system } = first;
    return { system, ms: median(first[what]), ratio: ratioOf(ours[what], first[what]) };
  };
  return times.map((side) => ({
    ...{ model, system: side.system, rounds: side.predict.length },
    ...{ trainMs: middle(side, "train"), predictMs: middle(side, "predict") },
    ratio: { train: beside(side, "train"), predict: beside(side, "predict") },
    best: side === ours ? { train: best("train"), predict: best("predict") } : null,
  }));
}
