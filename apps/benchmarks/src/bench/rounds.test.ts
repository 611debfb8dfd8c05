import { expect, test } from "vitest";
import { rounds, timed, timedAsync } from "./rounds.ts";

const never = new AbortController().signal;

test("warm-up rounds run and are thrown away, the least number is kept however long it takes", async () => {
  let calls = 0;
  const kept = await rounds(() => ++calls, { warmUp: 3, least: 4, seconds: 0, signal: never });
  expect(kept).toEqual([4, 5, 6, 7]);
});

test("more rounds are run while there is time", async () => {
  const controller = new AbortController();
  let calls = 0;
  const kept = await rounds(
    () => {
      if (++calls === 5) controller.abort();
      return calls;
    },
    { warmUp: 0, least: 1, seconds: 1000, signal: controller.signal },
  );
  expect(kept).toEqual([1, 2, 3, 4, 5]);
});

test("aborted, the rounds that were finished are what there is", async () => {
  const controller = new AbortController();
  const plan = { warmUp: 1, least: 100, seconds: 100, signal: controller.signal };
  let calls = 0;
  const kept = await rounds(async () => {
    if (++calls === 3) controller.abort();
    return calls;
  }, plan);
  expect(kept).toEqual([2, 3]);
  expect(await rounds(() => 1, plan)).toEqual([]);
});

test("times are those of the work, awaited or not", async () => {
  const busy = (ms: number) => {
    const until = performance.now() + ms;
    while (performance.now() < until);
  };
  expect(timed(() => busy(5))).toBeGreaterThanOrEqual(5);
  expect(await timedAsync(async () => busy(5))).toBeGreaterThanOrEqual(5);
});
