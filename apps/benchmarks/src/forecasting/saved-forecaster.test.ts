import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, expect, test } from "vitest";
import { runCommandLine } from "../commands/command-line.ts";
import type { ForecastRun, Results } from "../results.ts";
import { memoryTerminal } from "../terminal/memory-terminal.ts";

const folder = mkdtempSync(join(tmpdir(), "rnnkit-saved-"));
const csv = join(folder, "wave.csv");
const days = Array.from({ length: 80 }, (_, t) => new Date(Date.UTC(2021, 0, 4 + t)));
const weekdays = days.filter((day) => day.getUTCDay() % 6 !== 0);
writeFileSync(
  csv,
  `Date,Price\n${weekdays.map((day, t) => `${day.toISOString().slice(0, 10)},"$1,${150 + Math.round(20 * Math.sin(t / 2))}.00"`).join("\n")}\n`,
);

async function run(line: string) {
  const terminal = memoryTerminal();
  const code = await runCommandLine([...line.split(" "), "--out", folder], terminal);
  return { code, ...terminal.text };
}

async function trained(options: string): Promise<ForecastRun> {
  const line = `forecast --csv ${csv} --timesteps 5 --units 3 --epochs 2 ${options}`;
  const { code, err } = await run(line);
  expect([code, err]).toEqual([0, ""]);
  const results: Results = JSON.parse(readFileSync(join(folder, "forecast-csv.json"), "utf8"));
  return results.runs[0] as ForecastRun;
}

function predicted() {
  return JSON.parse(readFileSync(join(folder, "predict.json"), "utf8")) as {
    strategy: string;
    at: string[];
    values: number[];
  };
}

const kinds: [string, string][] = [
  ["model.keras", "recursive"],
  ["model.h5", "recursive"],
  ["folder", "recursive"],
  ["direct.keras", "direct"],
];

test.each(kinds)("%s predicts what the training said was ahead (%s)", async (name, strategy) => {
  const path = join(folder, name);
  const { ahead } = await trained(`--ahead 4 --strategy ${strategy} --save ${path}`);
  expect(ahead?.strategy).toBe(strategy);
  // The last day is Wednesday, 24 March; the series has no weekends.
  expect(ahead?.at).toEqual(["2021-03-25", "2021-03-26", "2021-03-29", "2021-03-30"]);
  const { code, out, err } = await run(`predict --model ${path} --csv ${csv} --ahead 4`);
  expect([code, err]).toEqual([0, ""]);
  const { at, values } = predicted();
  expect(at).toEqual(ahead?.at);
  expect(values).toBeAllclose(ahead!.values, { rtol: 1e-6 });
  expect(out).toContain(`4 ahead, ${strategy}, from the last 5 values`);
  expect(out).toContain("$ and thousands commas read as numbers");
  const html = readFileSync(join(folder, "forecast-csv.html"), "utf8");
  expect(html).toContain(`Beyond the end of the data, ${strategy}: `);
  expect(html).toContain("<td>2021-03-30</td>");
});

test("an .onnx file is written with its settings, and predict says to take another", async () => {
  const path = join(folder, "model.onnx");
  await trained(`--save ${path}`);
  expect(readFileSync(path).length).toBeGreaterThan(500);
  expect(existsSync(`${path}.json`)).toBe(true);
  const { code, err } = await run(`predict --model ${path} --csv ${csv}`);
  expect([code, err]).toEqual([
    2,
    expect.stringMatching(/expected \.keras, \.h5 or a folder, got \.onnx/),
  ]);
});

let saved = "";
beforeAll(async () => {
  saved = join(folder, "base.keras");
  await trained(`--save ${saved}`);
});

test("a model without its settings is refused unless its scale is given", async () => {
  const settings = `${saved}.json`;
  const text = readFileSync(settings, "utf8");
  const { code: whole } = await run(`predict --model ${saved} --csv ${csv}`);
  const before = predicted().values;
  rmSync(settings);
  const { code, err } = await run(`predict --model ${saved} --csv ${csv}`);
  expect([whole, code]).toEqual([0, 2]);
  expect(err).toMatch(/base\.keras\.json, got none: say --range <min,max>/);
  await run(`predict --model ${saved} --csv ${csv} --range 1130,1170`);
  expect(predicted().values).toBeAllclose(before, { rtol: 1e-6 });
  writeFileSync(settings, text.replace('"timesteps": 5', '"timesteps": 6'));
  const other = await run(`predict --model ${saved} --csv ${csv}`);
  expect(other.err).toMatch(/to be of this model, whose windows have 5 values, got 6/);
  writeFileSync(settings, "{}");
  expect((await run(`predict --model ${saved} --csv ${csv}`)).err).toMatch(
    /settings in .*another kind/,
  );
  writeFileSync(settings, text);
});

test("settings of version 1, which know one column and no bands, still open; later ones are refused", async () => {
  const settings = `${saved}.json`;
  const text = readFileSync(settings, "utf8");
  await run(`predict --model ${saved} --csv ${csv} --ahead 3`);
  const before = predicted().values;
  const { timesteps, outputs, scaler, columns } = JSON.parse(text);
  const first = {
    kind: "rnnkit forecaster",
    version: 1,
    timesteps,
    outputs,
    column: "Close",
    scaler,
  };
  writeFileSync(settings, JSON.stringify(first));
  const { code, err, out } = await run(`predict --model ${saved} --csv ${csv} --ahead 3`);
  expect([code, err]).toEqual([0, ""]);
  expect(predicted().values).toEqual(before);
  expect([columns, out]).toEqual([
    ["Price"],
    expect.stringContaining("the model was trained on Close"),
  ]);
  writeFileSync(settings, text.replace('"version": 2', '"version": 3'));
  const later = await run(`predict --model ${saved} --csv ${csv}`);
  expect(later.err).toMatch(/version 3, of a later program; say --range/);
  writeFileSync(settings, text);
});

test("predict takes the column that the model learnt, by its name among others, unless told another", async () => {
  const several = join(folder, "several.csv");
  const rows = readFileSync(csv, "utf8").trim().split("\n");
  writeFileSync(
    several,
    `${rows.map((row, t) => `${row},${t === 0 ? "Volume" : 1000 + t}`).join("\n")}\n`,
  );
  await run(`predict --model ${saved} --csv ${csv} --ahead 2`);
  const alone = predicted().values;
  const { code, err } = await run(`predict --model ${saved} --csv ${several} --ahead 2`);
  expect([code, err]).toEqual([0, ""]);
  expect(predicted().values).toEqual(alone);
  const other = await run(`predict --model ${saved} --csv ${several} --column Volume`);
  expect(other.out).toContain("the model was trained on Price");
});

test("a model of an embedded series finds its column in that series' file", async () => {
  const path = join(folder, "sunspots.keras");
  const line = `forecast --series sunspots --timesteps 4 --units 2 --epochs 1 --save ${path}`;
  expect((await run(line)).code).toBe(0);
  const file = fileURLToPath(new URL("../../data/sunspots-yearly.csv", import.meta.url));
  const { code, out } = await run(`predict --model ${path} --csv ${file}`);
  expect([code, out]).toEqual([
    0,
    expect.stringMatching(/ahead.*from the last 4 values\n {2}2009 /),
  ]);
  expect(out).not.toContain("was trained on");
});

test("what cannot be done is refused before any work", async () => {
  const cases: [string, RegExp][] = [
    [
      `forecast --csv ${csv} --save model.pb`,
      /--save: expected a path that ends in \.keras, \.h5, \.onnx, or a folder/,
    ],
    [
      `forecast --csv ${csv} --save ${folder}/none/model.keras`,
      /--save: expected a file that can be written, got .*its folder: no such folder/,
    ],
    [`forecast --csv ${csv} --strategy direct`, /--strategy: expected --ahead <n> with it/],
    [
      `forecast --csv ${csv} --ahead 50 --strategy direct`,
      /at least 90 points for --timesteps 22 and --ahead 50, got 58/,
    ],
    [`predict --csv ${csv}`, /required option '--model <path>' not specified/],
    [
      `predict --model ${folder}/absent.keras --csv ${csv}`,
      /--model: expected a model that exists/,
    ],
    [
      `predict --model ${saved} --csv ${csv} --range 5,1`,
      /expected two numbers, the smaller first/,
    ],
    [`predict --model ${saved} --csv ${csv} --range ,5`, /expected two numbers, the smaller first/],
  ];
  for (const [line, message] of cases) {
    const { code, err } = await run(line);
    expect(err).toMatch(message);
    expect(code).toBe(2);
  }
});
