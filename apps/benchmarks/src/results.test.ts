import { expect, test } from "vitest";
import { secondsPerEpoch, stringifyJson } from "./results.ts";
import { sampleResults, sampleSentiment } from "./sample-results.ts";

test("the text parses back to the same results, hostile strings included", () => {
  const results = sampleResults();
  results.command = 'a "b"\n[1,\n2] \\ \u2028';
  results.environment.packages = {};
  expect(JSON.parse(stringifyJson(results))).toEqual(results);
});

test("a series stands on one line", () => {
  expect(stringifyJson(sampleResults())).toContain('\n        "actual": [16, 23, 36],\n');
});

test("a number that JSON cannot hold becomes null, never a broken file", () => {
  const results = { ...sampleResults(), seconds: Number.NaN };
  expect(JSON.parse(stringifyJson(results)).seconds).toBeNull();
});

test("an epoch's time is the median of those that ran to their end", () => {
  const epoch = (seconds: number, steps = 5) => ({
    ...sampleSentiment("lstm").epochs[0],
    seconds,
    steps,
  });
  expect(secondsPerEpoch([epoch(9), epoch(2), epoch(3), epoch(0.1, 1)])).toBe(3);
  expect(secondsPerEpoch([epoch(0.1, 1)])).toBe(0.1);
});
