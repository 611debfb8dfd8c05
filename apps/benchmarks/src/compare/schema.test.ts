import { expect, test } from "vitest";
import { stringifyJson } from "../results.ts";
import { faultOf, readComparison } from "./read-comparison.ts";
import { sampleComparison } from "./sample-comparison.ts";
import type { Comparison } from "./schema.ts";

const text = (change: (comparison: Comparison) => void = () => {}) => {
  const comparison = sampleComparison();
  change(comparison);
  return stringifyJson(comparison);
};

test("what is written in the types' form passes the JSON Schema, and is read as it was", () => {
  expect(faultOf(sampleComparison())).toBeNull();
  expect(readComparison(text(), "a.json")).toEqual(sampleComparison());
});

test.each<[string, (comparison: Comparison) => void, RegExp]>([
  ["another version", (c) => Object.assign(c, { schemaVersion: 2 }), /expected version 1.*got 2/],
  ["another form", (c) => Object.assign(c, { format: "x" }), /got JSON of another form/],
  [
    "another command's results",
    (c) => Object.assign(c, { format: undefined, command: "bench step" }),
    /got results of bench step/,
  ],
  [
    "an unknown cell",
    (c) => Object.assign(c.runs[0]!, { cell: "lsmt" }),
    /\/runs\/0\/cell must be equal to one of/,
  ],
  ["a missing list", (c) => Reflect.deleteProperty(c, "heats"), /must have required property/],
  [
    "a measured lane without times",
    (c) => Object.assign(c.heats[0]!.lanes[0]!, { train: null }),
    /\/heats\/0\/lanes\/0\/train must be object/,
  ],
  [
    "a measured lane that was not checked",
    (c) => Object.assign(c.heats[0]!.lanes[0]!, { check: null }),
    /\/heats\/0\/lanes\/0\/check must be object/,
  ],
  [
    "a refusal without a reason",
    (c) => Object.assign(c.runs.at(-1)!, { outcome: "wrong", reason: null }),
    /reason must be string/,
  ],
  // The right form, and yet no comparison: two files put together by hand.
  [
    "a result twice",
    (c) => c.runs.push(c.runs[0]!),
    /two results of single\/lstm\/fused\/wasm\/1\/seed-1/,
  ],
  ["a heat twice", (c) => c.heats.push(c.heats[0]!), /two results of single\/lstm/],
  [
    "a result of a cell that was not asked for",
    (c) =>
      c.runs.push({
        ...c.runs[0]!,
        cell: "simple_rnn",
        key: "single/simple_rnn/fused/wasm/1/seed-1",
      }),
    /a result of single\/simple_rnn\/fused\/wasm\/1\/seed-1, which its axes do not span/,
  ],
  [
    "a result by another name",
    (c) => Object.assign(c.runs[0]!, { seed: 2 }),
    /a result called .*seed-1, of single\/lstm\/fused\/wasm\/1 and seed 2/,
  ],
  [
    "a result of a machine that is not there",
    (c) => Object.assign(c.runs[0]!, { machine: "ffffffff" }),
    /no machine ffffffff, of single/,
  ],
  [
    "lanes of different rounds in one heat",
    (c) => c.heats[0]!.lanes[0]!.train!.samplesMs.push(1),
    /lanes of 6 and 5 rounds in single\/lstm/,
  ],
  [
    "a lane that was not asked for",
    (c) => Object.assign(c.heats[0]!.lanes[0]!, { threads: 8, key: "single/lstm/fused/wasm/8" }),
    /a lane single\/lstm\/fused\/wasm\/8 in single\/lstm/,
  ],
])("%s is refused with the place of it", (_, change, message) => {
  expect(() => readComparison(text(change), "a.json")).toThrow(message);
});

test("a file that is cut off is refused by its name", () => {
  expect(() => readComparison(text().slice(0, 500), "a.json")).toThrow(/^a\.json: .*no JSON/);
});
