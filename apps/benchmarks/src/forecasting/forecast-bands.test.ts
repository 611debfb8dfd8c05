import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { runCommandLine } from "../commands/command-line.ts";
import type { ForecastRun } from "../results.ts";
import { memoryTerminal } from "../terminal/memory-terminal.ts";

const folder = mkdtempSync(join(tmpdir(), "rnnkit-bands-"));

async function run(line: string) {
  const terminal = memoryTerminal();
  const code = await runCommandLine([...line.split(" "), "--out", folder], terminal);
  return { code, ...terminal.text };
}

async function forecast(options: string): Promise<ForecastRun & { out: string }> {
  const { code, out, err } = await run(`forecast --backend wasm ${options}`);
  expect([code, err]).toEqual([0, ""]);
  const name = options.includes("--csv") ? "csv" : "temperature";
  const text = readFileSync(join(folder, `forecast-${name}.json`), "utf8");
  return { ...JSON.parse(text).runs[0], out };
}

function csvOf(name: string, columns: Record<string, number[]>): string {
  const path = join(folder, `${name}.csv`);
  const names = Object.keys(columns);
  const rows = columns[names[0]!]!.map((_, t) => names.map((each) => columns[each]![t]).join(","));
  writeFileSync(path, `${names.join(",")}\n${rows.join("\n")}\n`);
  return path;
}

/** Numbers of a normal distribution, the same in every run. */
function normals(count: number): number[] {
  let state = 7;
  const uniform = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state + 0.5) / 2 ** 32;
  };
  return Array.from(
    { length: count },
    () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform()),
  );
}

const noise = normals(501);
// What the feature says today is the target's tomorrow.
const told = csvOf("told", { y: noise.slice(0, 500), hint: noise.slice(1), other: normals(500) });
const small = "--timesteps 2 --units 6 --batch-size 32 --learning-rate 0.02";

test("a feature that carries the next value makes the error near zero: several columns are really seen", async () => {
  const base = `--csv ${told} --column y ${small} --epochs 25`;
  const alone = await forecast(base);
  const both = await forecast(`${base} --features hint,other`);
  expect(alone.rmse!.test).toBeGreaterThan(0.9 * alone.deviation.test);
  expect(both.rmse!.test).toBeLessThan(0.2 * both.deviation.test);
  expect([both.data.features, both.out]).toEqual([
    ["hint", "other"],
    expect.stringContaining("with the past of hint, other"),
  ]);
  // Nothing repeats itself in noise.
  expect([both.season, both.horizon!.all.seasonal]).toEqual([null, null]);
});

test("quantile bands hold about as much of noise as they should, at every step ahead", async () => {
  const run = await forecast(
    `--csv ${told} --column y ${small} --epochs 12 --bands quantile --ahead 3`,
  );
  expect(run.ahead!.strategy).toBe("direct");
  expect([run.model.loss, run.model.layers.at(-1)]).toEqual(["pinballLoss", "Dense(9)"]);
  const { steps, all } = run.horizon!;
  expect(steps.map(({ count }) => count)).toEqual([100, 99, 98]);
  // Of 100 values 80 ± 4, and the model's own error; a standard normal's band is 2.56 wide.
  for (const { coverage, width } of [...steps, all]) {
    expect(Math.abs(coverage! - 0.8)).toBeLessThan(0.12);
    expect(Math.abs(width! - 2.56)).toBeLessThan(0.6);
  }
  const { lower, predicted, upper, actual } = run.test;
  expect(predicted!.every((value, i) => lower![i]! <= value && value <= upper![i]!)).toBe(true);
  const within = actual.filter((value, i) => lower![i]! <= value && value <= upper![i]!);
  expect(steps[0]!.coverage).toBe(within.length / 100);
  expect(run.out).toContain("the bands should hold 80.0 %");
});

test("dropout bands repeat by the seed, hold their forecast, and another seed draws others", async () => {
  const base = `--csv ${told} --column y --features hint --timesteps 2 --units 4 --epochs 1 --batch-size 64 --bands dropout --samples 20 --ahead 2`;
  const [first, again, other] = [
    await forecast(base),
    await forecast(base),
    await forecast(`${base} --seed 43`),
  ];
  const ends = ({ test: { lower, upper }, ahead }: ForecastRun) => [lower, upper, ahead];
  expect(ends(again!)).toEqual(ends(first!));
  expect(ends(other!)).not.toEqual(ends(first!));
  expect(first!.model.layers).toEqual(["LSTM(4)", "Dropout(0.2)", "Dense(2)"]);
  expect(first!.bands).toEqual({
    method: "dropout",
    levels: [0.1, 0.9],
    nominal: 0.8,
    samples: 20,
  });
  expect(first!.horizon!.all.width).toBeGreaterThan(0);
});

test("the weather's columns are forecast together, recursively, walk forward, beside last year's", async () => {
  const run = await forecast(
    "--series temperature --features temp_min,precipitation --timesteps 3 --units 3 --epochs 1 --batch-size 128 --learning-rate 0.02 --ahead 4 --walk-forward 2",
  );
  expect(run.season).toEqual({ length: 365, source: "dates" });
  expect(run.model.layers.at(-1)).toBe("Dense(3)");
  const { steps, all } = run.horizon!;
  expect(steps.map(({ count }) => count)).toEqual([293, 292, 291, 290]);
  expect(steps[0]!.model.rmse).toBeAllclose(run.rmse!.test, { rtol: 1e-12 });
  expect(steps[0]!.lastValue.rmse).toBeAllclose(run.baselineRmse.test, { rtol: 1e-12 });
  expect(steps[3]!.lastValue.rmse).toBeGreaterThan(steps[0]!.lastValue.rmse);
  expect(all.seasonal!.rmse).toBeGreaterThan(0);
  expect(run.test.seasonal!.length).toBe(293);
  expect(run.walkForward!.folds.map(({ trainPoints }) => trainPoints)).toEqual([487, 974]);
  expect(run.walkForward!.together!.all.count).toBe(2 * (4 * 487 - 6));
  for (const line of [/season: 365 points \(by the dates/, /fold 2\/2 {2}974 points/, /all folds/])
    expect(run.out).toMatch(line);
});

test("a model of several columns is saved with them, and predicts what the training said, also in another order of columns", async () => {
  const options = "--timesteps 3 --units 3 --epochs 1 --batch-size 64 --ahead 3";
  const turned = csvOf("turned", {
    other: normals(500),
    hint: noise.slice(1),
    y: noise.slice(0, 500),
  });
  for (const how of ["recursive", "direct", "quantile", "dropout"]) {
    const path = join(folder, `${how}.keras`);
    const isBanded = how === "quantile" || how === "dropout";
    const asked = isBanded ? `--bands ${how}` : `--strategy ${how}`;
    const { ahead } = await forecast(
      `--csv ${told} --column y --features hint ${options} ${asked} --save ${path}`,
    );
    const { code, err, out } = await run(`predict --model ${path} --csv ${turned} --ahead 3`);
    expect([code, err]).toEqual([0, ""]);
    expect(out).toContain("with the past of hint");
    const said = JSON.parse(readFileSync(join(folder, "predict.json"), "utf8"));
    expect(said.values).toBeAllclose(ahead!.values, { rtol: 1e-6 });
    if (how === "quantile") expect(said.upper).toBeAllclose(ahead!.upper!, { rtol: 1e-6 });
    // Masks are drawn anew: other samples of the same quantiles.
    const widths = [said, ahead].map(({ lower, upper }) => upper?.[0] - lower?.[0]);
    if (how === "dropout") expect(widths[0]! / widths[1]!).toBeAllclose(1, { atol: 0.6 });
  }
  const further: [string, RegExp][] = [
    ["direct", /at most the 3 that the model says at once, got 4: it says y alone, .* needs hint/],
    ["quantile", /got 4: it says quantiles, of which no next window can be made/],
  ];
  for (const [how, message] of further) {
    const path = join(folder, `${how}.keras`);
    const { code, err } = await run(`predict --model ${path} --csv ${told} --ahead 4`);
    expect([code, err]).toEqual([2, expect.stringMatching(message)]);
  }
  const path = join(folder, "direct.keras");
  const lacking = csvOf("lacking", { y: noise, x: noise });
  const without = await run(`predict --model ${path} --csv ${lacking}`);
  expect(without.err).toMatch(/--features: expected one of "y", "x", got "hint"/);
  const ranged = () => run(`predict --model ${path} --csv ${told} --column y --range 0,1`);
  expect((await ranged()).err).toMatch(/--range: expected a model without settings, got one with/);
  rmSync(`${path}.json`);
  expect((await ranged()).err).toMatch(/expected a model of windows \[null, timesteps, 1\]/);
});

test("what cannot be forecast is refused before any work", async () => {
  const cases: [string, RegExp][] = [
    [
      `--csv ${told} --column y --features none`,
      /--features: expected one of "y", "hint", "other"/,
    ],
    [`--csv ${told} --column y --features y`, /expected columns beside "y", each once, got "y"/],
    [`--csv ${told} --column y --features hint,hint`, /each once, got "hint"/],
    ["--features a", /--features: expected none, as the sine has one column/],
    ["--series sunspots --features moon", /--features: expected one of "YEAR", "SUNACTIVITY"/],
    ["--walk-forward 3 --season 200", /at most the 125 points that the first fold/],
    ["--samples 20", /--samples: expected --bands dropout with it/],
    ["--bands dropout --dropout 0", /expected a --dropout above 0 to leave on, got 0/],
    [
      "--bands quantile --ahead 3 --strategy recursive",
      /expected --strategy direct, got recursive/,
    ],
    ["--season 401", /at most the 400 points of the training part, got 401/],
    ["--walk-forward 40", /at least 23 points to train on in the first fold/],
    ["--walk-forward 1", /expected a whole number, 2 to 1000/],
  ];
  for (const [options, message] of cases) {
    const { code, err } = await run(`forecast ${options}`);
    expect(err).toMatch(message);
    expect(code).toBe(2);
  }
});
