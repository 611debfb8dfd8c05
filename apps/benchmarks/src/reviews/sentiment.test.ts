import { existsSync, mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { runCommandLine } from "../commands/command-line.ts";
import type { Results, SentimentRun } from "../results.ts";
import { memoryTerminal } from "../terminal/memory-terminal.ts";
import { bestValidation, cellNames, imdbDefaults } from "./sentiment.ts";

const folder = mkdtempSync(join(tmpdir(), "rnnkit-sentiment-"));

async function resultsOf(args: string, name: string) {
  const terminal = memoryTerminal();
  const code = await runCommandLine([...args.split(" "), "--out", folder], terminal);
  expect(terminal.text.err).toBe("");
  expect(code).toBe(0);
  const results: Results = JSON.parse(readFileSync(join(folder, `${name}.json`), "utf8"));
  return { out: terminal.text.out, runs: results.runs as SentimentRun[] };
}

function expectWhole(count: number): void {
  expect(count).toBeAllclose(Math.round(count), { atol: 1e-4 });
}

test("the four cells train on the same generated reviews, which are always called synthetic", async () => {
  const { out, runs } = await resultsOf(
    "sentiment --cells all --limit 50 --epochs 2 --maxlen 12 --batch-size 25",
    "sentiment-synthetic",
  );
  expect(runs.map((run) => run.cell)).toEqual(cellNames);
  for (const { data, epochs, test: judged } of runs) {
    expect([data.trainReviews, data.validationReviews, data.testReviews]).toEqual([40, 10, 50]);
    expect([data.synthetic, data.maxLen]).toEqual([true, 12]);
    expect(epochs.length).toBe(2);
    for (const epoch of epochs) {
      expect(epoch.steps).toBe(2);
      // Of 40 and of 10 reviews, a whole number is right.
      expectWhole(epoch.accuracy! * 40);
      expectWhole(epoch.validationAccuracy! * 10);
      expect(epoch.validationLoss).toBeGreaterThan(0);
    }
    expect(epochs[1].loss).toBeLessThan(epochs[0].loss);
    expectWhole(judged!.accuracy * 50);
    const { positiveAsPositive, positiveAsNegative, negativeAsPositive, negativeAsNegative } =
      judged!.confusion;
    expect(positiveAsPositive + negativeAsNegative).toBe(Math.round(judged!.accuracy * 50));
    const wrong = positiveAsNegative + negativeAsPositive;
    expect(positiveAsPositive + negativeAsNegative + wrong).toBe(50);
    expect(judged!.mostWrong.length).toBe(Math.min(5, wrong));
    for (const { text } of judged!.mostWrong) expect(text).toMatch(/^([a-z]+ ){11}[a-z]+$/);
  }
  for (const { cell, test: judged } of runs) {
    expect(out).toContain(`\n${cell} test accuracy: ${judged!.accuracy.toFixed(4)}\n`);
  }
  expect(out).toMatch(/on 50 synthetic reviews, loss \d/);
  expect(out).toMatch(/train accuracy +validation +best \(epoch\) +test +an epoch +training\n/);
  const percent = String.raw`\d+\.\d %`;
  const row = `  gru( +${percent}){3} \\([12]\\) +${percent}( +[\\d.]+ s){2}\n`;
  expect(out).toMatch(new RegExp(row));
  expect(readFileSync(join(folder, "sentiment-synthetic.html"), "utf8")).toContain(
    "Synthetic reviews",
  );
});

const root = fileURLToPath(new URL("../../../..", import.meta.url));
const imdb = join(process.env.RNNKIT_DATA ?? join(root, "..", "shared", "data"), "imdb.npz");
const hasImdb = process.env.RNNKIT_DATA !== "" && existsSync(imdb);
const whenImdb = hasImdb ? "" : " (skipped: no imdb.npz)";

test.skipIf(!hasImdb)(`real reviews train from a file${whenImdb}`, async () => {
  const { out, runs } = await resultsOf(
    `sentiment --imdb-path ${imdb} --cells gru --limit 40 --epochs 1 --maxlen 8 --vocab 500`,
    "sentiment-imdb",
  );
  expect(runs[0].data).toEqual({
    name: "imdb",
    title: "IMDB reviews",
    synthetic: false,
    trainReviews: 32,
    validationReviews: 8,
    testReviews: 40,
    vocabSize: 500,
    maxLen: 8,
  });
  expect(out).toMatch(/gru test accuracy: [01]\.\d{4}\n {2}on 40 real reviews/);
});

test("real reviews are, unless told otherwise, the tutorial's run", () => {
  expect(imdbDefaults).toMatchObject({ vocab: 10_000, maxlen: 500, batchSize: 32, epochs: 10 });
  expect(imdbDefaults).toMatchObject({ embeddingDim: 32, units: 32, optimizer: "rmsprop" });
  expect(imdbDefaults).toMatchObject({ limit: 25_000, learningRate: 0.001, cells: cellNames });
});

test("the best epoch is the first of the highest validation accuracy; one that was cut short counts not", () => {
  const epochs = [0.5, 0.75, 0.75, null].map((validationAccuracy, i) => ({
    epoch: i + 1,
    steps: 2,
    plannedSteps: 2,
    seconds: 1,
    loss: 0.5,
    accuracy: 0.9,
    validationLoss: 0.5,
    validationAccuracy,
  }));
  expect(bestValidation(epochs)).toBe("75.0 % (2)");
  expect(bestValidation(epochs.slice(3))).toBe("–");
  expect(bestValidation([])).toBe("–");
});
