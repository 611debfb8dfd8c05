// How long a step takes on each of several backends, in turn: what else the machine does meets all of them alike.
import { type Steps, settle } from "./probe.ts";

/** A step on a backend, and how long it took. */
export interface Timed {
  /** Makes the backend tfjs's current one. */
  enter(): Promise<unknown>;
  readonly steps: Steps;
  /** Milliseconds of the fastest step of warming up. */
  fastest: number;
  /** Milliseconds a step, of each sample. */
  samples: number[];
  /** What it threw; it is then not timed any further. */
  fault?: unknown;
}

// In milliseconds. A backend has the budget twice: to warm up, and to be timed.
const budget = 300;
const slice = 60;
const sample = 20;
const mostSteps = 16;
/** How many times slower than the fastest a backend is that is not timed any further. */
const hopeless = 10;

/**
 * Runs the step until it gets no faster: the first runs compile what the later ones use. Of a backend that is hopeless
 * beside **best**, the fastest so far, one is enough.
 */
export async function warmUp(timed: Timed, best: number): Promise<void> {
  const end = performance.now() + budget;
  for (let runs = 1, isFaster = true; runs <= 2 || isFaster; runs++) {
    const took = await timeOf(timed.steps, 1);
    isFaster = took < 0.9 * timed.fastest;
    timed.fastest = Math.min(timed.fastest, took);
    const isHopeless = took > Math.max(budget, hopeless * best);
    if (performance.now() > end && (runs > 1 || isHopeless)) return;
  }
}

/** Takes samples of all that are warm, a slice of time each in turn, until each has had its budget. */
export async function timeInTurn(warm: readonly Timed[]): Promise<void> {
  const best = Math.min(...warm.map(({ fastest }) => fastest));
  for (let had = 0; had < budget; had += slice) {
    for (const timed of warm) {
      const isHopeless = timed.fastest > hopeless * best;
      if (isHopeless && timed.samples.length === 0) timed.samples.push(timed.fastest);
      if (isHopeless || timed.fault || spent(timed) > budget) continue;
      try {
        await timed.enter();
        const end = performance.now() + slice;
        do timed.samples.push(await timeOf(timed.steps, stepsOf(timed)));
        while (performance.now() < end);
      } catch (error) {
        timed.fault = error ?? "threw nothing";
      }
    }
  }
}

function spent(timed: Timed): number {
  return timed.samples.reduce((sum, each) => sum + each, 0) * stepsOf(timed);
}

// As many steps as fill a sample go to a GPU before their end is waited for, as they do in training.
function stepsOf({ fastest }: Timed): number {
  return Math.min(mostSteps, Math.max(1, Math.round(sample / fastest)));
}

async function timeOf({ step }: Steps, count: number): Promise<number> {
  const begin = performance.now();
  for (let i = 1; i <= count; i++) await settle(step(), i === count);
  return (performance.now() - begin) / count;
}

/** The middle one; of an even number, the mean of the two. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
