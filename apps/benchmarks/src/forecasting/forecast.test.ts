import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { runCommandLine } from "../commands/command-line.ts";
import type { ForecastRun, Results } from "../results.ts";
import { memoryTerminal } from "../terminal/memory-terminal.ts";

const folder = mkdtempSync(join(tmpdir(), "rnnkit-forecast-"));

function rmse(actual: number[], predicted: number[]): number {
  const squares = actual.map((value, i) => (value - predicted[i]) ** 2);
  return Math.sqrt(squares.reduce((a, b) => a + b) / squares.length);
}

test("a small series is really learnt, and every figure follows from the numbers written", async () => {
  const csv = join(folder, "wave.csv");
  const wave = Array.from({ length: 120 }, (_, t) => 50 + 20 * Math.sin(t / 2));
  writeFileSync(
    csv,
    `t,"the <b>wave</b>"\n${wave.map((value, t) => `${t},${value}`).join("\n")}\n`,
  );
  const terminal = memoryTerminal();
  const args =
    "forecast --timesteps 8 --units 8 --epochs 12 --batch-size 16 --learning-rate 0.02 --backend wasm";
  const code = await runCommandLine(
    [...args.split(" "), "--csv", csv, "--column", "the <b>wave</b>", "--out", folder],
    terminal,
  );
  expect(terminal.text.err).toBe("");
  expect(code).toBe(0);

  const results: Results = JSON.parse(readFileSync(join(folder, "forecast-csv.json"), "utf8"));
  expect([results.schemaVersion, results.status, results.error]).toEqual([4, "complete", null]);
  expect(results.environment.backend.name).toBe("wasm");
  const run = results.runs[0] as ForecastRun;
  expect(run.epochs.length).toBe(12);
  expect(run.epochs[11].loss).toBeLessThan(run.epochs[0].loss / 4);

  // 96 of 120 points train; the first target has eight values before it.
  expect([run.train.actual.length, run.test.actual.length]).toEqual([88, 24]);
  expect([...run.train.actual, ...run.test.actual]).toBeAllclose(wave.slice(8));
  expect([...run.train.lastValue, ...run.test.lastValue]).toBeAllclose(wave.slice(7, -1));
  for (const part of ["train", "test"] as const) {
    const { actual, predicted, lastValue } = run[part];
    expect(run.rmse![part]).toBeAllclose(rmse(actual, predicted!), { rtol: 1e-6 });
    expect(run.baselineRmse[part]).toBeAllclose(rmse(actual, lastValue), { rtol: 1e-12 });
  }
  expect(run.rmse!.test).toBeLessThan(run.baselineRmse.test);

  const { out } = terminal.text;
  expect(out).toMatch(/epoch 12\/12 {2}loss [\d.e-]+/);
  expect(out).toMatch(/RMSE +train +test/);
  expect(out).toMatch(/last value +\d/);
  expect(out).toMatch(/below the last-value baseline/);
  expect(out).toMatch(/report {3}.*forecast-csv\.html/);
  const html = readFileSync(join(folder, "forecast-csv.html"), "utf8");
  expect(html).toContain("the &lt;b&gt;wave&lt;/b&gt; of wave.csv");
  expect(html).not.toContain("<b>");
});

test("the lstm model of two layers trains too", async () => {
  const terminal = memoryTerminal();
  const args = `forecast --model lstm --timesteps 4 --units 4 --epochs 1 --batch-size 64 --out ${folder}`;
  expect(await runCommandLine(args.split(" "), terminal)).toBe(0);
  expect(terminal.text.out).toContain("forecast: Sine with noise (synthetic)");
  const results: Results = JSON.parse(readFileSync(join(folder, "forecast-sine.json"), "utf8"));
  expect(results.runs[0].model.layers).toEqual([
    "LSTM(4)",
    expect.stringMatching(/Dropout\(0\.2\)/),
    "LSTM(4)",
    expect.stringMatching(/Dropout\(0\.2\)/),
    "Dense(1)",
  ]);
});

test("a model that diverges is a failure that says what to do, its epochs kept", async () => {
  const terminal = memoryTerminal();
  const args = `forecast --model lstm --timesteps 60 --units 16 --epochs 3 --batch-size 64 --learning-rate 1 --out ${folder}`;
  expect(await runCommandLine(args.split(" "), terminal)).toBe(1);
  expect(terminal.text.err).toMatch(/diverged, try a smaller --learning-rate\n$/);
  const results: Results = JSON.parse(readFileSync(join(folder, "forecast-sine.json"), "utf8"));
  expect([results.status, results.runs[0].epochs.length]).toEqual(["failed", 3]);
});

const edges: [string, (t: number) => number][] = [
  ["zero", () => 0],
  ["constant", () => 1234.5],
  ["constant at the start", (t) => (t < 110 ? 5 : 6)],
  ["up to 1e300", (t) => 1e300 * Math.sin(t)],
  ["down to 1e-14", (t) => 1e-14 * Math.sin(t)],
  ["small steps far from 0", (t) => 1e9 + 0.01 * Math.sin(t)],
];

test.each(edges)(
  "a series that is %s has neither NaN nor Infinity in its report",
  async (_, value) => {
    const csv = join(folder, "edge.csv");
    const values = Array.from({ length: 120 }, (_, t) => value(t));
    writeFileSync(csv, `v\n${values.join("\n")}\n`);
    const terminal = memoryTerminal();
    const args = `forecast --csv ${csv} --timesteps 4 --units 2 --epochs 2 --out ${folder}`;
    expect(await runCommandLine(args.split(" "), terminal)).toBe(0);
    const html = readFileSync(join(folder, "forecast-csv.html"), "utf8");
    const results: Results = JSON.parse(readFileSync(join(folder, "forecast-csv.json"), "utf8"));
    const run = results.runs[0] as ForecastRun;
    // However many digits they have, the training part's number and the test part's stand apart.
    expect(terminal.text.out).toMatch(/^ {2}own deviation +\S+ +\S+$/m);
    for (const text of [terminal.text.out, html])
      expect(text).not.toMatch(/NaN|Infinity|undefined/);
    // What is not finite is null in JSON; so are the bands, which nobody asked for, and where there is no season its values.
    const numbers = [run.train, run.test].flatMap(
      ({ at, actual, predicted, lastValue, seasonal }) =>
        [at, actual, predicted, lastValue, seasonal ?? []].flat(),
    );
    const { model, lastValue } = run.horizon!.all;
    const errors = [run.rmse, run.deviation, model.mae, model.rmse, lastValue.mae, lastValue.rmse];
    expect(JSON.stringify([numbers, errors])).not.toContain("null");
    expect(run.rmse!.test).toBeAllclose(
      rmse(
        run.test.actual.map((x) => x / (Math.abs(values[1]!) || 1)),
        run.test.predicted!.map((x) => x / (Math.abs(values[1]!) || 1)),
      ) * (Math.abs(values[1]!) || 1),
      { rtol: 1e-6 },
    );
  },
);

test("a value beyond float32 of the training part's scale is refused with its place", async () => {
  const csv = join(folder, "far.csv");
  const rows = Array.from({ length: 60 }, (_, t) => (t === 59 ? "1e300" : String(t % 5)));
  writeFileSync(csv, `v\n${rows.join("\n")}\n`);
  const terminal = memoryTerminal();
  expect(await runCommandLine(["forecast", "--csv", csv], terminal)).toBe(2);
  expect(terminal.text.err).toMatch(/the training part \(0 to 4\), got 1e\+300 at 59: correct it/);
});

test("a newest-first file with dates is forecast forwards, said, and its charts are labelled with dates", async () => {
  const csv = join(folder, "prices.csv");
  const days = Array.from({ length: 90 }, (_, t) => new Date(Date.UTC(2020, 0, 1 + t)));
  const rows = days.map((day, t) => `"${day.toUTCString().slice(5, 16)}","$1,${100 + t}.50"`);
  writeFileSync(csv, `Date,Price\n${rows.toReversed().join("\n")}\n`);
  const terminal = memoryTerminal();
  const args = `forecast --csv ${csv} --timesteps 4 --units 2 --epochs 1 --out ${folder}`;
  expect(await runCommandLine(args.split(" "), terminal)).toBe(0);
  const run = JSON.parse(readFileSync(join(folder, "forecast-csv.json"), "utf8"))
    .runs[0] as ForecastRun;
  expect([run.test.at[0], run.test.at.at(-1), run.test.actual.at(-1)]).toEqual([
    "2020-03-13",
    "2020-03-30",
    1189.5,
  ]);
  const html = readFileSync(join(folder, "forecast-csv.html"), "utf8");
  for (const note of [
    "$ and thousands commas read as numbers",
    "newest first in the file: put in time order",
  ]) {
    expect(terminal.text.out).toContain(`  ${note}\n`);
    expect(html).toContain(note);
  }
  expect(html).toMatch(/>Mar</);
});

test("values too near each other for the scaler are refused, of a feature too, and not learnt as one value", async () => {
  const csv = join(folder, "near.csv");
  const rows = Array.from({ length: 60 }, (_, t) => `${1e-19 * Math.sin(t)},${t}`);
  writeFileSync(csv, `charge,n\n${rows.join("\n")}\n`);
  for (const [column, feature] of [
    ["charge", "n"],
    ["n", "charge"],
  ]) {
    const terminal = memoryTerminal();
    const args = `forecast --csv ${csv} --column ${column} --features ${feature} --timesteps 4 --out ${folder}`;
    expect(await runCommandLine(args.split(" "), terminal)).toBe(2);
    expect(terminal.text.err).toMatch(
      /values of charge that differ by 2\.2\d+e-15 or more.*smaller unit/,
    );
  }
});
