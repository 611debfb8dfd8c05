import { setImmediate } from "node:timers/promises";

export interface RoundsOptions {
  /** Rounds that are run first and thrown away: compilers, caches and threads get ready. */
  warmUp: number;
  /** At least this many are kept, however long they take. */
  least: number;
  /** No more are begun after so many seconds, warm-up not counted. */
  seconds: number;
  /** Ends the measurement after the round in which it is aborted. */
  signal: AbortSignal;
}

/**
 * Runs **round** again and again and keeps what it returns. Everything that is to be compared is
 * timed inside one round, one after the other, so that a machine that changes its speed changes it
 * for all. Aborted, it returns the rounds that there are.
 */
export async function rounds<T>(
  round: () => T | Promise<T>,
  { warmUp, least, seconds, signal }: RoundsOptions,
): Promise<T[]> {
  const kept: T[] = [];
  for (let i = 0; i < warmUp && !signal.aborted; i++) {
    await round();
    await setImmediate();
  }
  const startedAt = performance.now();
  while (!signal.aborted) {
    if (kept.length >= least && performance.now() - startedAt >= 1000 * seconds) break;
    kept.push(await round());
    // Lets timers and signals in.
    await setImmediate();
  }
  return kept;
}

/** Milliseconds that **work** takes. */
export function timed(work: () => void): number {
  const startedAt = performance.now();
  work();
  return performance.now() - startedAt;
}

/** Milliseconds until **work** has resolved. */
export async function timedAsync(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}
