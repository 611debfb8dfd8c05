import type { NdArray } from "@rnnkit/preprocess";
import { expect, test } from "vitest";
import { forecastWindows } from "./bands.ts";
import type { ForecasterLayout } from "./layout.ts";
import { type PredictWindows, rollout } from "./rollout.ts";

const layout = (given: Partial<ForecasterLayout>): ForecasterLayout => ({
  timesteps: 3,
  features: 1,
  steps: 1,
  columns: 1,
  levels: [],
  ...given,
});

/** What **say** makes of each window's rows, the earliest first. */
const saying =
  (say: (window: number[][]) => number[]): PredictWindows =>
  async ({ data, shape }) => {
    const [count = 0, timesteps = 0, features = 0] = shape;
    const at = (i: number, t: number) =>
      Array.from({ length: features }, (_, j) => data[(i * timesteps + t) * features + j]!);
    return Array.from({ length: count }, (_, i) =>
      say(Array.from({ length: timesteps }, (_, t) => at(i, t))),
    ).flat();
  };
const windows = (shape: number[], ...data: number[]): NdArray => ({
  data: Float32Array.from(data),
  shape,
});

test("a recursive forecast sees what it said, the oldest values fall out of the window", async () => {
  const sum = saying((window) => [window.reduce((total, [x]) => total + x!, 0)]);
  const said = await rollout(layout({}), windows([2, 3, 1], 1, 2, 3, 0, 0, 1), 4, sum);
  expect([...said!]).toEqual([6, 11, 20, 37, 1, 2, 4, 7]);
});

test("of several columns each goes on by its own forecast, and the first one is the answer", async () => {
  // Fibonacci's rule in the first column, doubling in the second.
  const rule = saying((window) => {
    const [[a, b] = [], [c, d] = []] = window.slice(-2);
    return [a! + c! + d!, 2 * d! + 0 * b!];
  });
  const seen = windows([1, 3, 2], 9, 9, 1, 9, 1, 1);
  const said = await rollout(layout({ features: 2, columns: 2 }), seen, 3, rule);
  // 1+1+1, then 1+3+2, then 3+6+4.
  expect([...said!]).toEqual([3, 6, 13]);
});

test("steps said at once go on too, more than a window holds as well, and what is too much is cut off", async () => {
  const next = saying((window) => [1, 2, 3, 4, 5].map((step) => window.at(-1)![0]! + step));
  const said = await rollout(layout({ steps: 5 }), windows([1, 3, 1], 1, 2, 3), 12, next);
  expect([...said!]).toEqual(Array.from({ length: 12 }, (_, h) => 4 + h));
});

test("a model of one column among several, or of quantiles, says no more steps than it has", async () => {
  const never = saying(() => []);
  for (const less of [{ features: 2 }, { levels: [0.1, 0.5, 0.9] }]) {
    await expect(rollout(layout(less), windows([1, 3, 1], 1, 2, 3), 2, never)).rejects.toThrow(
      "rollout: expected a model of all",
    );
  }
});

test("quantiles out of order are put in order: a band holds its own middle", async () => {
  const crossed = saying(() => [5, 1, 3, 2, 2, 9]);
  const levels = [0.1, 0.5, 0.9];
  const said = await forecastWindows(
    layout({ steps: 2, levels }),
    windows([1, 3, 1], 0, 0, 0),
    2,
    crossed,
  );
  expect([said!.lower, said!.point, said!.upper].map((ends) => [...ends!])).toEqual([
    [1, 2],
    [3, 2],
    [5, 9],
  ]);
});

test("sampled bands are the quantiles of each window's own samples, whose paths do not mix", async () => {
  let drawn = 0;
  // Adds 1, 2, ... 101 in turn to the last value: of window and sample the same at every step.
  const seen: number[] = [];
  const predict: PredictWindows = async ({ data, shape }) => {
    const count = shape[0]!;
    if (seen.length === 0) seen.push(...Array.from({ length: count }, () => ++drawn % 101));
    return Array.from({ length: count }, (_, i) => data[3 * i + 2]! + seen[i]!);
  };
  const point = saying((window) => [window.at(-1)![0]!]);
  const said = await forecastWindows(
    layout({}),
    windows([2, 3, 1], 0, 0, 0, 0, 0, 1000),
    2,
    point,
    { predict, samples: 101 },
  );
  expect([...said!.point]).toEqual([0, 0, 1000, 1000]);
  // 0 to 100 once, then twice: quantiles 10 and 90, then 20 and 180.
  expect([...said!.lower!]).toEqual([10, 20, 1010, 1020]);
  expect([...said!.upper!]).toEqual([90, 180, 1090, 1180]);
});
