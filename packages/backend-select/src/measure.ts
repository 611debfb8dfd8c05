// Selection by measurement: every candidate that can be had does the same step, and the fastest is taken.
import * as tf from "@tensorflow/tfjs-core";
import type { BackendCandidate, Measured } from "./backend-candidate.ts";
import { type BackendEntry, backendEntry } from "./backend-name.ts";
import { type Factory, quietly, stop, tryCandidate, withinLimit } from "./candidate.ts";
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
  readonly before: Before;
}

/** A backend's place in tfjs's registry before it was tried. */
interface Before {
  readonly factory: Factory | null;
  /** Who ran stays. */
  readonly isRunning: boolean;
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
    const before: Before = {
      factory: tf.findBackendFactory(entry.tfBackend),
      isRunning: tf.engine().registry[entry.tfBackend] !== undefined,
    };
    const verdict = await tryCandidate(entry, plan);
    const best = Math.min(...runners.map(({ fastest }) => fastest));
    const runner = verdict.taken
      ? await quietly(() => warmRunner(entry, before, probe, best))
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
    end(runner);
    if (runner.entry.tfBackend !== fastest?.entry.tfBackend) leave(runner.entry, runner.before);
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
  before: Before,
  probe: Probe,
  best: number,
): Promise<Runner | string> {
  let steps: Steps | undefined;
  try {
    steps = await stepsOf(probe);
    const enter = () => tf.setBackend(entry.tfBackend);
    const runner = { entry, before, enter, steps, fastest: Infinity, samples: [] };
    await withinLimit(warmUp(runner, best));
    return runner;
  } catch (error) {
    if (steps) end({ steps });
    leave(entry, before);
    return failed(error);
  }
}

async function stepsOf(probe: Probe): Promise<Steps> {
  if (!isOwn(probe)) return recurrentSteps(probe);
  await probe.prepare?.();
  return { kind: "own", step: () => probe.run(), end: () => {} };
}

// On a device that is lost nothing can be freed, and nothing has to be.
function end({ steps }: Pick<Runner, "steps">): void {
  try {
    steps.end();
  } catch {}
}

function leave(entry: BackendEntry, { factory, isRunning }: Before): void {
  if (!isRunning) stop(entry, factory);
}

function failed(error: unknown): string {
  return `failed in the probe: ${firstLine(error ?? "threw nothing")}`;
}
