import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { tinyImdb } from "../../../packages/datasets-imdb/src/tiny-imdb.fixture.ts";
import { root } from "./packages.ts";
import { project, runExample } from "./run-example.ts";

const folder = join(root, "examples", "tutorial");
const imdb = join(project, "imdb.npz");

const printed = (listing: string, smaller?: Record<string, string>) =>
  runExample(join("tutorial", listing), smaller);

/** How many lines the listing has drawn, and how many of them are dashed. */
function drawn(page: string): { lines: number; dashed: number } {
  const html = readFileSync(join(project, "tutorial", page), "utf8");
  const lines = html.match(/<g [^>]*aria-label="line"[^>]*>/g) ?? [];
  return {
    lines: lines.length,
    dashed: lines.filter((line) => line.includes("stroke-dasharray")).length,
  };
}

function totals(summaries: string): number[] {
  return [...summaries.matchAll(/^Total params: (\d+)$/gm)].map((match) => Number(match[1]));
}

test("part I: the states' shape, and a loss that falls", async () => {
  const out = await printed("1-simple-rnn.js");
  expect(out).toContain("Shape of the hidden states: [ 5, 4, 1 ]\n");
  const losses = [...out.matchAll(/ loss (\S+)$/gm)].map((match) => Number(match[1]));
  expect(losses.length).toBe(5);
  expect(losses.at(-1)).toBeLessThan(1e-6 * (losses[0] as number));
});

test("part II: each model has Keras's number of weights", async () => {
  expect(totals(await printed("2-simple-rnn.js"))).toEqual([4480 + 65]);
  expect(totals(await printed("2-lstm-gru.js"))).toEqual([17_920 + 9408 + 33]);
  expect(totals(await printed("2-bidirectional.js"))).toEqual([2 * 17_920 + 129]);
  expect(totals(await printed("2-builders.js"))).toEqual([7617, 27_361, 67_009, 32_753, 673_674]);
});

test("part III, short: random numbers are predicted as well as they can be, roughly", async () => {
  const out = await printed("3-stock-prices.js", {
    "length: 1000": "length: 200",
    "seqLength = 20": "seqLength = 4",
    "epochs: 50": "epochs: 5",
  });
  const rmse = Number(out.match(/^RMSE: (\S+)\n$/)?.[1]);
  expect(rmse).toBeGreaterThan(0.2);
  expect(rmse).toBeLessThan(0.5);
});

test("part III, full: both errors to three digits, and a plot of two lines", async () => {
  const out = await printed("3-time-series.js", {
    "nSteps = 1000": "nSteps = 100",
    "nTimesteps = 20": "nTimesteps = 5",
    "epochs: 50": "epochs: 2",
  });
  expect(out).toMatch(
    /^1 \{"val_loss":.*\n2 \{"val_loss":.*\nTrain RMSE: \d\.\d{3}\nTest RMSE: \d\.\d{3}\n$/,
  );
  expect(drawn("time-series.html")).toEqual({ lines: 2, dashed: 0 });
});

const tiny = {
  "vocabSize = 10000": "vocabSize = 500",
  "numWords: vocabSize": `numWords: vocabSize, path: ${JSON.stringify(imdb)}, sha256: null`,
};

test("part IV, short: the losses and accuracies of training and validation", async () => {
  writeFileSync(imdb, tinyImdb().bytes);
  const smaller = { ...tiny, "maxLength = 200": "maxLength = 6", "epochs: 5": "epochs: 2" };
  const out = await printed("4-imdb.js", smaller);
  const log = String.raw`\{"val_loss":\S+,"val_acc":\S+,"loss":\S+,"acc":\S+\}`;
  expect(out).toMatch(new RegExp(`^1 ${log}\n2 ${log}\n$`));
});

test("part IV, full: four test accuracies of four digits, four cells in two plots", async () => {
  writeFileSync(imdb, tinyImdb().bytes);
  const smaller = { ...tiny, "maxlen = 500": "maxlen = 6", "epochs: 10": "epochs: 2" };
  const out = await printed("4-imdb-four-cells.js", smaller);
  expect(out).toContain("training reviews: 12, test reviews: 12\ninput shape: [ 12, 6 ]\n");
  expect(
    [...out.matchAll(/^(\w+) test accuracy: [01]\.\d{4}$/gm)].map((match) => match[1]),
  ).toEqual(["simple_rnn", "lstm", "gru", "bidirectional_lstm"]);
  expect(drawn("imdb-four-cells.html")).toEqual({ lines: 16, dashed: 8 });
});

test("no listing goes without a run", () => {
  const source = readFileSync(new URL(import.meta.url), "utf8");
  const listings = readdirSync(folder).filter((file) => file.endsWith(".js"));
  expect(listings.filter((file) => !source.includes(`"${file}"`))).toEqual([]);
  expect(listings.length).toBe(9);
});
