// Selection by measurement: every candidate that can be had does the same step, and the fastest is taken.
import * as tf from "@tensorflow/tfjs-core";
import type { BackendCandidate, Measured } from "./backend-candidate.ts";
import { type BackendEntry, backendEntry } from "./backend-name.ts";
import { putAside, quietly, tryCandidate, withinLimit } from "./candidate.ts";
import { firstLine } from "./load-error.ts";
import type { Plan } from "./options.ts";
import { isOwn, type Probe, type Steps } from "./probe.ts";
import { recurrentSteps } from "./recurrent-step.ts";
import { median, type Timed, timeInTurn, warmUp } from "./timer.ts";

/** All candidates: those that were measured, the fastest first, and the others. */
export interface Measurement {
  readonly measured: readonly Measured[];
  readonly refused: readonly BackendCandidate[];
}

interface Runner extends Timed {
  readonly entry: BackendEntry;
  /** Whether it ran before; then it stays. */
  readonly wasRunning: boolean;
}

/**
 * Times **probe** on every candidate of the plan. The fastest is tfjs's current backend afterwards; others that were
 * started for this are stopped.
 */
export async function measureCandidates(plan: Plan, probe: Probe): Promise<Measurement> {
  const refused: BackendCandidate[] = [];
  const runners: Runner[] = [];
  for (const name of plan.order) {
    const entry = backendEntry(name);
    const wasRunning = tf.engine().registry[entry.tfBackend] !== undefined;
    const verdict = await tryCandidate(entry, plan);
    const best = Math.min(...runners.map(({ fastest }) => fastest));
    const runner = verdict.taken
      ? await quietly(() => warmRunner(entry, wasRunning, probe, best))
      : verdict.reason;
    if (typeof runner !== "string") runners.push(runner);
    else refused.push({ name, outcome: "refused", reason: runner });
  }
  await quietly(() => timeInTurn(runners));

  const rank = (runner: Runner) => ({ runner, ms: median(runner.samples) });
  const ranked = runners
    .filter(({ fault }) => fault === undefined)
    .map(rank)
    .sort((a, b) => a.ms - b.ms);
  const fastest = ranked[0]?.runner;
  for (const runner of runners) {
    if (runner.fault !== undefined)
      refused.push({ name: runner.entry.name, outcome: "refused", reason: failed(runner.fault) });
    await end(runner.steps);
    if (!runner.wasRunning && runner.entry.tfBackend !== fastest?.entry.tfBackend)
      putAside(runner.entry);
  }
  await fastest?.enter();
  const measured = ranked.map(({ runner, ms }) => {
    return { name: runner.entry.name, ms, probe: runner.steps.kind };
  });
  return { measured, refused };
}

/** The candidate, which is tfjs's current backend, ready to be timed; or why it is refused, and then stopped. */
async function warmRunner(
  entry: BackendEntry,
  wasRunning: boolean,
  probe: Probe,
  best: number,
): Promise<Runner | string> {
  let steps: Steps | undefined;
  try {
    steps = await stepsOf(probe);
    const enter = () => tf.setBackend(entry.tfBackend);
    const runner = { entry, wasRunning, enter, steps, fastest: Infinity, samples: [] };
    await withinLimit(warmUp(runner, best));
    return runner;
  } catch (error) {
    if (steps) await end(steps);
    if (!wasRunning) putAside(entry);
    return failed(error);
  }
}

async function stepsOf(probe: Probe): Promise<Steps> {
  if (!isOwn(probe)) return recurrentSteps(probe);
  await probe.prepare?.();
  return { kind: "own", step: () => probe.run(), end: () => {} };
}

// On a device that is lost nothing can be freed, and nothing has to be.
async function end(steps: Steps): Promise<void> {
  try {
    steps.end();
  } catch {}
}

function failed(error: unknown): string {
  return `failed in the probe: ${firstLine(error ?? "threw nothing")}`;
}
