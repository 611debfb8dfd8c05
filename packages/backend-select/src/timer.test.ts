import fc from "fast-check";
import { expect, test } from "vitest";
import type { Steps } from "./probe.ts";
import { median, type Timed, timeInTurn, warmUp } from "./timer.ts";

test("half of the values are at most the median, and half at least", () => {
  fc.assert(
    fc.property(fc.array(fc.float({ noNaN: true }), { minLength: 1 }), (values) => {
      const middle = median(values);
      const half = values.length / 2;
      expect(values.filter((value) => value <= middle).length).toBeGreaterThanOrEqual(half);
      expect(values.filter((value) => value >= middle).length).toBeGreaterThanOrEqual(half);
    }),
  );
  expect(median([3, 1, 2])).toBe(2);
  expect(median([4, 1, 2, 3])).toBe(2.5);
});

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

function timed(step: Steps["step"], entered: string[] = [], name = ""): Timed {
  const steps: Steps = { kind: "own", step, end: () => {} };
  const enter = async () => entered.push(name);
  return { steps, enter, fastest: Infinity, samples: [] };
}

test("warming up goes on while the steps get faster", async () => {
  const times = [40, 30, 20, 10, 10, 10];
  let runs = 0;
  const runner = timed(() => wait(times[runs++] ?? 10));
  await warmUp(runner, Infinity);
  expect(runs).toBeGreaterThanOrEqual(5);
  expect(runner.fastest).toBeLessThan(20);
});

test("backends are timed in turn, and one that is hopeless not at all", async () => {
  const entered: string[] = [];
  let slowRuns = 0;
  const a = timed(() => wait(5), entered, "a");
  const b = timed(() => wait(8), entered, "b");
  const slow = timed(() => slowRuns++, entered, "slow");
  Object.assign(a, { fastest: 5 });
  Object.assign(b, { fastest: 8 });
  Object.assign(slow, { fastest: 500 });
  await timeInTurn([a, slow, b]);
  expect(entered.slice(0, 4)).toEqual(["a", "b", "a", "b"]);
  expect([slowRuns, slow.samples]).toEqual([0, [500]]);
  expect(median(a.samples)).toBeLessThan(median(b.samples));
});

test("one that throws is timed no further, and the others are", async () => {
  let runs = 0;
  const bad = timed(() => {
    if (++runs > 2) throw undefined;
  });
  const good = timed(() => wait(2));
  bad.fastest = 1;
  good.fastest = 2;
  await timeInTurn([bad, good]);
  expect(bad.fault).toBe("threw nothing");
  expect(runs).toBe(3);
  expect(good.fault).toBeUndefined();
  expect(good.samples.length).toBeGreaterThan(1);
});
