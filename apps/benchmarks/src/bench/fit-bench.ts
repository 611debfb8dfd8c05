import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { tableHead } from "../terminal/text-table.ts";
import { UsageError } from "../terminal/usage-error.ts";
import type { Bench } from "./bench-session.ts";
import {
  type FitRow,
  type FitTimes,
  fitColumns,
  fitLine,
  fitRows,
  scriptColumns,
  scriptLine,
} from "./fit-table.ts";
import { epochAgreement } from "./model-agreement.ts";
import { writeModelFolder } from "./model-folder.ts";
import { type FitSystem, type Peer, startOurselves, startPeer } from "./peer.ts";
import { ratioWords } from "./ratio.ts";
import { type TutorialModel, tutorialModels } from "./tutorial-models.ts";
import { kerasScript, ownScript, type ScriptRow, timeScripts } from "./whole-scripts.ts";

export interface FitOptions {
  /** A Python that has the systems. */
  python: string;
  systems: FitSystem[];
  /** Names of `tutorialModels`. */
  models: string[];
  /** Epochs of a `fit`. */
  epochs: number;
  /** Steps of an epoch. */
  steps: number;
  /** `fit`s of each model, each in processes of its own. */
  repeats: number;
  /** Whole scripts of each model and system; 0 is none. */
  scripts: number;
  seed: number;
}

const BATCH = 32;
// Threads may wait awake for more work, on a core that the next in turn needs.
const REST_MS = 50;

/** `bench fit`: what users call and what they wait for, `fit` beside Keras's, and whole scripts. */
export async function benchFit(
  options: FitOptions,
  bench: Bench<FitRow | ScriptRow>,
): Promise<void> {
  const { models, seed, steps: batches, epochs, scripts } = options;
  const folder = mkdtempSync(join(tmpdir(), "rnnkit-fit-"));
  const folderOf = ({ name }: TutorialModel) => join(folder, name);
  const names = new Map<FitSystem, string>();
  const fitted: TutorialModel[] = [];
  let ours = "";
  try {
    for (const line of headLines(options)) bench.line(bench.colors.dim(`  ${line}`));
    bench.line();
    bench.line(tableHead(fitColumns(epochs)));
    for (const model of tutorialModels(seed).filter(({ name }) => models.includes(name))) {
      await writeModelFolder(folderOf(model), model, { batches, batchSize: BATCH, seed });
      const fits: FitTimes[][] = [];
      for (let k = 0; k < options.repeats && !bench.signal.aborted; k++) {
        const times = await fitInTurn(folderOf(model), model, { ...options, names }, bench);
        if (times) fits.push(times);
      }
      if (fits.length === 0) break;
      const rows = fitRows(model.name, fits);
      ours = (rows[0] as FitRow).system;
      fitted.push(model);
      for (const row of rows) {
        bench.record(row);
        bench.line(fitLine(row));
      }
    }
    if (scripts === 0 || bench.signal.aborted) return;
    bench.line();
    bench.line(bench.colors.bold("Whole scripts"));
    const what = `import, build, compile, fit of ${epochs} epochs, predict; from start to end of a process, seconds`;
    bench.line(bench.colors.dim(`  ${what}`));
    bench.line();
    bench.line(tableHead(scriptColumns));
    for (const model of fitted) {
      const of = [...names].map(([system, name]) =>
        kerasScript({ python: options.python, system, name }, folderOf(model), epochs),
      );
      const all = [ownScript(ours, folderOf(model), epochs), ...of];
      for (const row of await timeScripts(model.name, all, scripts, bench.signal)) {
        bench.record(row);
        bench.line(scriptLine(row));
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const headLines = ({ epochs, steps }: FitOptions): string[] => [
  "",
  `fit of ${epochs} epochs, ${steps} steps of ${BATCH} examples each, shuffled, verbose 0; milliseconds`,
  "each system in a fresh process for each model, epoch by epoch in turn; no warm-up for any side: first is the",
  "first epoch, from the call of fit on, with all that compiles there; steady: of the second half of the epochs,",
  "the median; ours / theirs below 1: ours is the faster",
  `steady's ratio is the ${ratioWords}`,
  "printed only where predictions from equal weights agree; loss off: how far the loss of an epoch in order is from",
  "ours, as a share of it (not with dropout)",
];

/** One `fit` of each system, in turn epoch by epoch; ours is the first. Null when it was interrupted. */
async function fitInTurn(
  folder: string,
  model: TutorialModel,
  { python, systems, epochs, names }: FitOptions & { names: Map<FitSystem, string> },
  bench: Bench<FitRow | ScriptRow>,
): Promise<FitTimes[] | null> {
  const peers: Peer[] = [];
  try {
    peers.push(await startOurselves());
    const isFirst = names.size === 0;
    for (const system of isFirst ? systems : names.keys()) {
      const peer = await startPeer(python, system, 1).catch((error: Error) => {
        if (!isFirst) throw error;
        bench.line(bench.colors.yellow(`left out  ${error.message}`));
      });
      if (!peer) continue;
      names.set(system, peer.name);
      peers.push(peer);
    }
    if (peers.length === 1) {
      throw new UsageError(
        `--python: expected a Python with one of ${systems.join(", ")}, got ${python}`,
      );
    }
    for (const peer of peers) await peer.ask({ do: "open", folder });
    const times = peers.map(
      ({ name: system }): FitTimes => ({ system, epochs: [], endMs: 0, lossError: null }),
    );
    for (let epoch = 0; epoch <= epochs; epoch++) {
      for (const [k, peer] of peers.entries()) {
        await setTimeout(REST_MS);
        const question = epoch === 0 ? { do: "fit", epochs } : { do: "go" };
        const { ms } = await peer.ask<{ ms: number }>(question);
        const its = times[k] as FitTimes;
        if (epoch < epochs) its.epochs.push(ms);
        else its.endMs = ms;
      }
      if (bench.signal.aborted) return null;
    }
    const { wrong, lossErrors } = await epochAgreement(model, peers, folder);
    if (wrong) throw new Error(`bench fit: ${wrong}`);
    return times.map((its, k) => ({ ...its, lossError: lossErrors[k] ?? null }));
  } finally {
    for (const peer of peers) peer.close();
  }
}
