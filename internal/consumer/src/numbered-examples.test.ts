// Each numbered example has learnt something: it beats the answer that costs nothing, by a margin.
import { readdirSync, readFileSync } from "node:fs";
import { beforeAll, expect, test } from "vitest";
import { copyBeside, examples, numbersIn, runExample } from "./run-example.ts";

beforeAll(() => copyBeside("data"));

test("01: prices from a CSV, a quarter better than today's price, and the same in every run", async () => {
  const out = await runExample("01-prices-from-csv.js");
  const [model, today] = numbersIn(out, /model: (\S+)\nRMSE of today's price: (\S+)/);
  expect(model).toBeLessThan(0.75 * today!);
  expect(await runExample("01-prices-from-csv.js")).toBe(out);
});

test("02: ten steps ahead, either way, err by little more than the noise", async () => {
  const out = await runExample("02-several-steps-ahead.js");
  for (const ahead of [1, 5, 10]) {
    const line = new RegExp(
      `^${ahead} ahead, RMSE: direct (\\S+), recursive (\\S+), last value (\\S+)`,
      "m",
    );
    const [direct, recursive, last] = numbersIn(out, line);
    expect(direct).toBeLessThan(0.13);
    expect(recursive).toBeLessThan(0.16);
    expect(last).toBeGreaterThan(0.2);
  }
});

test("03: walking forward, the model beats last year in every stretch", async () => {
  const out = await runExample("03-walk-forward.js");
  const lines = out.trim().split("\n");
  expect(lines.length).toBe(5);
  for (const line of lines) {
    const [model, season, last] = numbersIn(line, /model (\S+), last year (\S+), last value (\S+)/);
    expect(model).toBeLessThan(line.startsWith("mean") ? 0.92 * season! : season!);
    expect(model).toBeLessThan(0.75 * last!);
  }
});

test("04: under a mask the padding changes nothing, without one it does", async () => {
  const out = await runExample("04-lengths-and-masks.js");
  const [masked, apart] = numbersIn(
    out,
    /^with a mask: accuracy (\S+), alone and padded at most (\S+)/,
  );
  const [moved] = numbersIn(out, /without a mask: .* at most (\S+)/);
  const [naive] = numbersIn(out, /more frequent answer: (\S+)/);
  expect(masked).toBeGreaterThan(naive! + 0.3);
  expect(apart).toBe(0);
  expect(moved).toBeGreaterThan(0.1);
});

test("05: a stream step by step has the numbers of the whole", async () => {
  const out = await runExample("05-streaming.js");
  const [apart] = numbersIn(out, /as a whole, at most apart: (\S+)/);
  const [model, last] = numbersIn(out, /next value: (\S+), last value (\S+),/);
  expect(apart).toBeLessThan(1e-6);
  expect(model).toBeLessThan(0.6 * last!);
});

test("06: a Keras file goes on training where it stopped", async () => {
  const out = await runExample("06-keras-file.js");
  expect(out).toContain("predictions at most apart: 0\nlosses at most apart: 0\n");
  const [loss, naive] = numbersIn(out, /loss: (\S+), of the mean: (\S+)/);
  expect(loss).toBeLessThan(0.05 * naive!);
});

test("07: every backend with its reason, the measured ones with a time, and one set of numbers", async () => {
  const out = await runExample("07-backends.js");
  expect(out).toMatch(/^wasm (taken|not tried): .+$/m);
  expect(out).toMatch(/^cpu not tried: .+$/m);
  expect(out).toMatch(/^wasm: \d+\.\d\d ms a step$/m);
  expect(out).toMatch(/^fastest here: \w+$/m);
  const [first, last] = numbersIn(out, /losses on wasm: (\S+) .* (\S+)$/m);
  expect(last).toBeLessThan(0.1 * first!);
  const [apart] = numbersIn(out, /on cpu, at most apart: (\S+)/);
  expect(apart).toBeLessThan(1e-5);
});

test("08: attention over the fused LSTM finds the marked step", async () => {
  const out = await runExample("08-own-layer-attention.js");
  const [error, naive] = numbersIn(out, /mean squared error: (\S+), of saying 0: (\S+)/);
  const [attention] = numbersIn(out, /at the marked step: (\S+) of 1/);
  expect(error).toBeLessThan(0.05 * naive!);
  expect(attention).toBeGreaterThan(0.4);
});

test("09: a cell of one's own learns the rates that the data hide", async () => {
  const out = await runExample("09-own-cell.js");
  const [before, after] = numbersIn(out, /loss before: (\S+), after: (\S+)/);
  expect(after).toBeLessThan(0.01 * before!);
  const [fast, slow] = numbersIn(out, /rates found: (\S+) and (\S+),/);
  expect(Math.abs(fast! - 0.5)).toBeLessThan(0.02);
  expect(Math.abs(slow! - 0.9)).toBeLessThan(0.02);
});

test("10: characters of an unread sonnet, half a bit better than by their frequency", async () => {
  const out = await runExample("10-text-by-characters.js");
  const [model, naive] = numbersIn(out, /bits a character: (\S+), by frequency alone: (\S+)/);
  expect(model).toBeLessThan(naive! - 0.5);
  const written = [...out.matchAll(/^temperature \S+: (".+")$/gm)].map((match) =>
    JSON.parse(match[1]!),
  );
  expect(written.map((text: string) => [text.length, text.slice(0, 8)])).toEqual([
    [160, "shall i "],
    [160, "shall i "],
  ]);
  // Cold text repeats itself: it has fewer words of its own.
  const [cold, warm] = written.map(
    (text: string) => new Set(text.split(/\s/)).size / text.split(/\s/).length,
  );
  expect(cold).toBeLessThan(warm!);
});

test("11: entities by their neighbours, far better than by each word's usual tag", async () => {
  const out = await runExample("11-named-entities.js");
  const [model, naive] = numbersIn(out, /F1 of entities: (\S+), of each word's usual tag: (\S+)/);
  expect(model).toBeGreaterThan(naive! + 0.2);
  const [accuracy] = numbersIn(out, /padding left out: (\S+)/);
  expect(accuracy).toBeGreaterThan(0.95);
});

test("12: digits never seen come back in the opposite order", async () => {
  const out = await runExample("12-sequence-to-sequence.js");
  const [right, naive] = numbersIn(out, /wholly right of 200 never seen: (\S+), unchanged: (\S+)/);
  expect(right).toBeGreaterThan(0.9);
  expect(naive).toBeLessThan(0.05);
});

test("no numbered example goes without a run", () => {
  const source = readFileSync(new URL(import.meta.url), "utf8");
  const numbered = readdirSync(examples).filter((file) => /^\d\d-.*\.js$/.test(file));
  expect(numbered.filter((file) => !source.includes(`"${file}"`))).toEqual([]);
  expect(numbered.length).toBe(12);
});
