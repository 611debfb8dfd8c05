import { expect, test } from "vitest";
import { stringifyJson } from "./results.ts";
import { sampleResults } from "./sample-results.ts";

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
