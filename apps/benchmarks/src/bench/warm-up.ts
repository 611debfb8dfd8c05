import { setImmediate } from "node:timers/promises";

const LEAST = 5;
const MOST = 20;
const SECONDS = 20;
const RECENT = 3;
const FASTER = 0.03;

/** The rule of `isSteady` in words, for what is printed above a table. */
export const warmUpRule: string =
  `warm-up, one rule for all sides: until the best of the last ${RECENT} rounds is not ${100 * FASTER} % faster ` +
  `than the best before, ${LEAST} to ${MOST} rounds, none begun after ${SECONDS} s`;

/**
 * Whether a side whose rounds took these **times**, in milliseconds, is as fast as it becomes: compilers have done
 * their work, memory has been taken.
 */
export function isSteady(times: readonly number[]): boolean {
  const spent = times.reduce((sum, ms) => sum + ms, 0);
  if (times.length >= MOST || spent >= 1000 * SECONDS) return true;
  if (times.length < LEAST) return false;
  const best = Math.min(...times.slice(0, -RECENT));
  return Math.min(...times.slice(-RECENT)) > (1 - FASTER) * best;
}

/** Runs **round**, which says how many milliseconds it took, until it is steady; resolves to the times. */
export async function warmUp(
  round: () => number | Promise<number>,
  signal: AbortSignal,
): Promise<number[]> {
  const times: number[] = [];
  while (!signal.aborted && !isSteady(times)) {
    times.push(await round());
    // Lets timers and signals in.
    await setImmediate();
  }
  return times;
}
