import { expect, test } from "vitest";
import { isSteady, warmUp } from "./warm-up.ts";

const never = new AbortController().signal;

/** How many rounds a side gets whose rounds take **times**, in turn. */
const roundsOf = async (times: (round: number) => number) => {
  let round = 0;
  return (await warmUp(() => times(round++), never)).length;
};

test("a side that is as fast from its first round on gets five", async () => {
  expect(await roundsOf(() => 10)).toBe(5);
});

test("a side whose first rounds compile is steady once three rounds bring nothing more", async () => {
  // The best before the last three is the third round's from the sixth on.
  expect(await roundsOf((round) => [2000, 40, 10][round] ?? 10)).toBe(6);
});

test("a side that becomes faster without end gets twenty", async () => {
  expect(await roundsOf((round) => 100 * 0.9 ** round)).toBe(20);
});

test("none is begun after twenty seconds, however few there were", () => {
  expect(isSteady([19_999])).toBe(false);
  expect(isSteady([20_000])).toBe(true);
});

test("noise of less than three percent is not a side that becomes faster", () => {
  expect(isSteady([100, 100, 98, 98, 98])).toBe(true);
  expect(isSteady([100, 100, 98, 96, 98])).toBe(false);
});

test("aborted, it ends after its round", async () => {
  const controller = new AbortController();
  const times = await warmUp(() => {
    controller.abort();
    return 1;
  }, controller.signal);
  expect(times).toEqual([1]);
});
