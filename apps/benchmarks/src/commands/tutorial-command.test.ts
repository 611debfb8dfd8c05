import { existsSync, mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import type { ClassicRun, ForecastRun, Results, Run, SentimentRun } from "../results.ts";
import { cellNames } from "../reviews/sentiment.ts";
import { memoryTerminal } from "../terminal/memory-terminal.ts";
import { runCommandLine } from "./command-line.ts";

/** What a command line prints and records; no run where it wrote no file. */
async function tutorial(args: string): Promise<{ out: string; runs: Run[]; files: string[] }> {
  const folder = mkdtempSync(join(tmpdir(), "rnnkit-tutorial-"));
  const terminal = memoryTerminal();
  const code = await runCommandLine(["tutorial", ...args.split(" "), "--out", folder], terminal);
  expect(terminal.text.err).toBe("");
  expect(code).toBe(0);
  const files = readdirSync(folder).sort();
  const json = files.find((file) => file.endsWith(".json"));
  const text = json && readFileSync(join(folder, json), "utf8");
  return { out: terminal.text.out, runs: text ? (JSON.parse(text) as Results).runs : [], files };
}

test("part I prints the shape of the states, and then the network learns what needs memory", async () => {
  const { out, runs, files } = await tutorial("--part 1");
  expect(files).toEqual(["tutorial-part-1.html", "tutorial-part-1.json"]);
  expect(out).toMatch(/^Shape of the hidden states: \(5, 4, 1\)$/m);
  const run = runs[0] as ClassicRun;
  expect([run.listing, run.statesShape]).toEqual(["I", [5, 4, 1]]);
  // 3·4 + 4·4 + 4·2 weights and 4 + 2 biases.
  expect(run.model.parameters).toBe(42);
  // Half of what is asked stands in the step before: without memory the loss stays at 0.4.
  expect(run.loss.before).toBeGreaterThan(0.7);
  expect(run.loss.after).toBeLessThan(0.05);
  expect(run.loss.unseen).toBeLessThan(0.05);
  expect(out).toMatch(/before training {2}loss 0\.\d+\n/);
  expect(out).toMatch(/after training {3}loss 0\.0\d+, .* never saw 0\.0\d+/);
});

test("part II prints five summaries and writes no file", async () => {
  const { out, files } = await tutorial("--part 2");
  expect(files).toEqual([]);
  const totals = [...out.matchAll(/^Total params: (\d+)$/gm)].map((match) => Number(match[1]));
  expect(totals).toEqual([
    // SimpleRNN 64, SimpleRNN 32, Dense 1
    4480 + 3104 + 33,
    // LSTM 64, GRU 32, Dense 1
    17_920 + 9408 + 33,
    // the same in both directions
    2 * 17_920 + 31_104 + 65,
    // LSTM 64, LSTM 32, GRU 16, Dense 1
    17_920 + 12_416 + 2400 + 17,
    // Embedding 64, LSTM 64, Dense 10
    640_000 + 33_024 + 650,
  ]);
});

test("part III has the tutorial's two models, series, windows and prints", async () => {
  const { out, runs } = await tutorial("--part 3 --epochs 1");
  const [short, full] = runs as ForecastRun[];
  expect([short.listing, full.listing]).toEqual(["III short", "III full"]);
  for (const { data, options } of [short, full]) {
    expect(data.points).toBe(1000);
    expect(options).toMatchObject({ timesteps: 20, units: 50, batchSize: 32, learningRate: 0.001 });
  }
  expect(short.model.layers).toEqual(["LSTM(50)", "Dense(1)"]);
  expect([short.train.actual.length, short.test.actual.length]).toEqual([784, 196]);
  expect([short.test.at[0], short.test.at.at(-1)]).toEqual([804, 999]);
  expect(short.epochs[0].validationLoss).toBeNull();
  // Uniform numbers deviate by 1/√12.
  expect(short.deviation.train).toBeAllclose(Math.sqrt(1 / 12), { rtol: 0.05 });
  expect(out).toMatch(/own deviation +0\.\d+ +0\.\d+\n/);
  expect(out).toContain("Random numbers cannot be forecast.");

  expect(full.model.layers).toEqual([
    "LSTM(50)",
    "Dropout(0.2)",
    "LSTM(50)",
    "Dropout(0.2)",
    "Dense(1)",
  ]);
  expect([full.train.actual.length, full.test.actual.length]).toEqual([780, 180]);
  expect([full.train.at[0], full.test.at[0], full.test.at.at(-1)]).toEqual([20, 820, 999]);
  expect(full.epochs[0].validationLoss).toBeGreaterThan(0);
  const { train, test: judged } = full.rmse!;
  expect(out).toContain(`\nTrain RMSE: ${train.toFixed(3)}\nTest RMSE: ${judged.toFixed(3)}\n`);
});

test("the series of part III are one turn with noise of 0.1, and numbers from 0 to 1", async () => {
  const { runs } = await tutorial("--part 3 --epochs 1 --seed 7");
  const [short, full] = runs as ForecastRun[];
  const values = [...short.train.actual, ...short.test.actual];
  expect([Math.min(...values) >= 0, Math.max(...values) < 1]).toEqual([true, true]);
  const noise = [full.train, full.test].flatMap(({ at, actual }) =>
    actual.map((value, i) => value - Math.sin((2 * Math.PI * Number(at[i])) / 999)),
  );
  const deviation = Math.sqrt(noise.reduce((sum, x) => sum + x * x, 0) / noise.length);
  expect(deviation).toBeAllclose(0.1, { rtol: 0.1 });
});

test("part IV runs smaller on generated reviews, says so, and prints accuracies of four digits", async () => {
  const { out, runs } = await tutorial("--part 4 --epochs 1 --limit 20");
  const [short, ...full] = runs as SentimentRun[];
  expect([short.listing, short.cell]).toEqual(["IV short", "bidirectional_lstm"]);
  expect(short.model.layers[0]).toMatch(/^Embedding\(64\)$/);
  expect(short.model.layers[1]).toMatch(/LSTM\(64\)/);
  expect(short.model.optimizer).toBe("Adam");
  expect(full.map(({ cell }) => cell)).toEqual(cellNames);
  for (const { listing, model, data, cell, test: judged } of full) {
    expect([listing, data.synthetic, data.testReviews]).toEqual(["IV full", true, 20]);
    expect([model.layers[0], model.optimizer]).toEqual(["Embedding(32)", "RMSProp"]);
    expect(out).toContain(`\n${cell} test accuracy: ${judged!.accuracy.toFixed(4)}\n`);
  }
  expect(out.match(/Here on generated reviews, and smaller/g)?.length).toBe(2);
  expect(out).toContain("The Python stops there; here the test reviews are judged as well.");
});

test("a listing alone is run alone", async () => {
  const { runs, files } = await tutorial("--part 4,3 --listing short --epochs 1 --limit 10");
  expect(runs.map(({ listing }) => listing)).toEqual(["III short", "IV short"]);
  expect(files).toEqual(["tutorial-part-3-4-short.html", "tutorial-part-3-4-short.json"]);
});

const root = fileURLToPath(new URL("../../../..", import.meta.url));
const imdb = join(process.env.RNNKIT_DATA ?? join(root, "..", "shared", "data"), "imdb.npz");
const hasImdb = process.env.RNNKIT_DATA !== "" && existsSync(imdb);
const whenImdb = hasImdb ? "" : " (skipped: no imdb.npz)";

test.skipIf(!hasImdb)(`part IV on real reviews has the tutorial's sizes${whenImdb}`, async () => {
  const { out, runs } = await tutorial(`--part 4 --imdb-path ${imdb} --limit 40 --epochs 1`);
  const [short, ...full] = runs as SentimentRun[];
  const options = { batchSize: 32, learningRate: 0.001 };
  expect(short.options).toMatchObject({ ...options, optimizer: "adam", embeddingDim: 64 });
  expect([short.data.maxLen, short.data.vocabSize]).toEqual([200, 10_000]);
  for (const run of full) {
    expect(run.options).toMatchObject({ ...options, optimizer: "rmsprop", embeddingDim: 32 });
    expect([run.data.maxLen, run.data.vocabSize]).toEqual([500, 10_000]);
    expect([run.data.trainReviews, run.data.validationReviews]).toEqual([32, 8]);
  }
  expect(out).not.toContain("generated");
});
