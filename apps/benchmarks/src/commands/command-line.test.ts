import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { memoryTerminal } from "../terminal/memory-terminal.ts";
import { runCommandLine } from "./command-line.ts";

const folder = mkdtempSync(join(tmpdir(), "rnnkit-command-line-"));
const file = join(folder, "numbers.csv");
writeFileSync(file, "a,b\n1,2\n2,x\n");

const bad: [string, RegExp][] = [
  [
    "",
    /expected a command \(all, tutorial, forecast, predict, sentiment, compare, worker, report, bench\), got none/,
  ],
  ["train", /expected a command .*, got train/],
  ["--wat", /unknown option '--wat'/],
  ["forecast --ephocs 3", /unknown option '--ephocs' \(Did you mean --epochs\?\)/],
  ["forecast --epochs 0", /--epochs.*expected a whole number, from 1 on/],
  ["forecast --epochs 1.5", /--epochs.*expected a whole number/],
  ["forecast --epochs", /--epochs <n>' argument missing/],
  ["forecast --epochs -3", /--epochs.*expected a whole number/],
  ["forecast --learning-rate 0", /--learning-rate.*expected a number above 0/],
  ["forecast --learning-rate two", /--learning-rate.*expected a number above 0/],
  ["forecast --seed 4294967296", /--seed.*expected a whole number, 0 to 2147483647/],
  ["forecast --series moon", /--series.*expected one of sine, sunspots/],
  ["forecast --model gru", /--model.*expected one of stock, lstm/],
  ["forecast --backend webgl", /--backend.*expected one of tfjs-node-gpu, webgpu/],
  ["forecast extra", /too many arguments/],
  ["forecast --column a", /--column: expected --csv/],
  ["forecast --decimal ,", /--decimal: expected --csv/],
  [`forecast --csv ${file}`, /--column: expected one of "a", "b", got none/],
  [`forecast --csv ${file} --column c`, /--column: expected one of "a", "b", got "c"/],
  [`forecast --csv ${file} --column b`, /expected a number in row 3, got "x"/],
  [`forecast --csv ${file} --column a`, /expected at least 29 points/],
  [`forecast --csv ${file} --column a --series sine`, /expected one of them, got both/],
  [`forecast --csv ${folder}/absent.csv --column a`, /cannot read .*absent\.csv/],
  ["forecast --timesteps 500", /expected at least 627 points for --timesteps 500, got 500/],
  [`forecast --out ${file}`, /--out: expected a folder to write to.*it is not a folder/],
  ["sentiment --cells lstm,rnn", /--cells.*expected all or some of simple_rnn,lstm,gru/],
  ["sentiment --limit 5", /--limit.*10 to 25000/],
  ["sentiment --maxlen 2", /--maxlen.*4 to 2494/],
  ["sentiment --vocab 0", /--vocab.*10 to 100000/],
  ["sentiment --imdb --imdb-path x", /--imdb, --imdb-path: expected one of them, got both/],
  [`sentiment --imdb-path ${folder}`, /--imdb-path: expected imdb\.npz/],
  ["tutorial --part 5", /--part.*expected all or some of 1,2,3,4/],
  ["tutorial --listing long", /--listing.*expected one of short, full/],
  ["tutorial --part 1,2 --listing full", /--listing: expected part 3 or 4 with it, got --part 1,2/],
  ["tutorial --part 3 --imdb", /--imdb: expected part 4 with it, got --part 3/],
  [`tutorial --part 1 --imdb-path ${file}`, /--imdb-path: expected part 4 with it/],
  ["tutorial --part 3 --limit 20", /--limit: expected part 4 with it/],
  ["tutorial --part 2 --epochs 3", /--epochs: expected part 1 or 3 or 4 with it/],
  ["tutorial --imdb --imdb-path x", /--imdb, --imdb-path: expected one of them, got both/],
  ["compare --cells lsmt", /--cells.*expected all or some of .*; did you mean lstm\?/],
  ["compare --models singel", /--models.*; did you mean single\?/],
  ["compare --backends wasn,cpu", /--backends.*; did you mean wasm\?/],
  ["compare --implementations stok", /--implementations.*; did you mean stock\?/],
  ["compare --task sunspot", /--task.*expected one of sine, .*; did you mean sunspots\?/],
  ["compare --seeds 1,x", /--seeds.*expected a whole number/],
  ["compare --task csv", /--task csv: expected --csv <file> with it/],
  ["compare --column a", /--column: expected a task that has it, got --task sine/],
  ["compare --task reviews --timesteps 5", /--timesteps: expected a task that has it/],
  ["compare --implementations stock --threads 4", /--threads: expected fused layers on a backend/],
  ["compare --backends webgpu --threads 4", /--threads: .* got fused,stock on webgpu/],
  ["compare --fresh --retry", /--fresh, --retry: expected one of them, got both/],
  ["compare --maxlen 5", /--maxlen: expected a task that has it, got --task sine/],
  ["compare --task imdb --imdb-path x", /--imdb-path: expected imdb\.npz/],
  ["compare --timesteps 500", /expected at least 627 points for --timesteps 500/],
  [`compare --out ${file}`, /--out: expected a folder to write to/],
  ["worker", /required option '--queue <url>' not specified/],
  ["worker --queue redis://x --lease 0", /--lease.*expected a number from 1 to 3600/],
  ["report", /missing required argument 'files'/],
  [
    `report ${file}`,
    /numbers\.csv: expected a comparison as compare writes it, got what is no JSON/,
  ],
  [`report ${folder}/absent.json`, /report: expected a file, got ENOENT/],
  [`all --out ${file}/below`, /--out: expected a folder/],
  ["all --epochs 3", /unknown option '--epochs'/],
  // The nearest of what there is, whatever it is: a command, with its options; a choice; a model; a file.
  ["forcast --csv a.csv", /expected a command \(.*got forcast; did you mean forecast\?/],
  ["bench stpe --models all", /bench: expected a command .*got stpe; did you mean step\?/],
  ["forecast --series sunspot", /--series.*; did you mean sunspots\?/],
  ["forecast --bands quantiles", /--bands.*; did you mean quantile\?/],
  ["bench timeline --model imdb_lsmt", /--model.*; did you mean imdb_lstm\?/],
  [
    "bench checkouts . . --models imdb_lsmt",
    /--models.*expected all or some of .*; did you mean imdb_lstm\?/,
  ],
  [`forecast --csv ${folder}/numbres.csv`, /no such file; did you mean numbers\.csv\?/],
  [`forecast --csv ${folder}`, /cannot read .*: it is a folder/],
  // Nothing that was typed is passed over.
  ["forecast --epochs 2 --epochs 3", /--epochs: expected once, got twice/],
  ["compare --cells lstm --cells gru", /--cells: expected once, got twice/],
  ["compare --fresh --fresh", /--fresh: expected once, got twice/],
  ["bench step --no-stock --no-stock", /--no-stock: expected once, got twice/],
  ["forecast --out=", /--out: expected a value, got an empty one/],
  ["forecast --csv=", /--csv: expected a value, got an empty one/],
  ["compare --queue=", /--queue: expected a value, got an empty one/],
  ["sentiment --vocab 500", /--vocab: expected --imdb or --imdb-path with it, got generated/],
  [
    "bench checkouts . . --benches step --filter lstm",
    /--filter: expected --benches kernels with it/,
  ],
  [
    "bench checkouts . . --benches kernels --models all",
    /--models: expected --benches step with it/,
  ],
  [
    "bench checkouts . . --no-sizes --size-limit 5",
    /--size-limit: expected the bundles' sizes with/,
  ],
  ["forecast --learning-rate 0x1", /--learning-rate.*expected a number above 0/],
  // Where files go is tried before what would fill them.
  [
    `forecast --save ${folder}/none/x.keras`,
    /--save: expected a file that can be written.*no such/,
  ],
  [`forecast --save ${file}/x.keras`, /--save: .*its folder: it is not a folder/],
  [`forecast --save ${file}/x`, /--save: .*its folder: it is not a folder/],
  [`forecast --save ${folder}/x.keras/`, /--save: .*it is a folder/],
  [`forecast --save ${folder}/.keras`, /--save: expected a path that ends in/],
  [`bench scaling --json ${folder}/x --report ${folder}/x`, /expected two files, got .*x for both/],
  [`bench kernels --json ${folder}`, /--json: expected a file that can be written.*it is a folder/],
];

test.each(bad)("`%s` is one clear line and exit 2, before any work", async (line, message) => {
  const terminal = memoryTerminal();
  expect(await runCommandLine(line.split(" ").filter(Boolean), terminal)).toBe(2);
  expect(terminal.text.out).toBe("");
  expect(terminal.text.err).toMatch(/^rnnkit-benchmarks: [^\n]+\n$/);
  expect(terminal.text.err).toMatch(message);
});

test("what may be repeated is told apart from what may not", async () => {
  const terminal = memoryTerminal();
  const line = "bench kernels --shape 4x10x2x8 --shape 4x10x2x9 --filter nothing";
  expect(await runCommandLine(line.split(" "), terminal)).toBe(2);
  expect(terminal.text.err).toMatch(/--filter: expected words of .*4×10×2×8, 4×10×2×9/);
});

test.each([
  ["help forecast", "forecast --help"],
  ["bench help step", "bench step --help"],
  ["help", "--help"],
])("`%s` is `%s`", async (line, same) => {
  const [one, other] = [memoryTerminal(), memoryTerminal()];
  expect(await runCommandLine(line.split(" "), one)).toBe(0);
  expect(await runCommandLine(same.split(" "), other)).toBe(0);
  expect(one.text).toEqual(other.text);
  expect(one.text.out).toMatch(/^Usage: /);
});

test("help and version are answers, not errors", async () => {
  const help = memoryTerminal();
  expect(await runCommandLine(["sentiment", "--help"], help)).toBe(0);
  expect(help.text.out).toMatch(/--imdb-path <file>/);
  const version = memoryTerminal();
  expect(await runCommandLine(["--version"], version)).toBe(0);
  expect(version.text.out).toMatch(/^\d+\.\d+\.\d+\n$/);
  expect([help.text.err, version.text.err]).toEqual(["", ""]);
});

test("what fails at work is one line and exit 1, and the next command works", async () => {
  const broken = join(folder, "imdb.npz");
  writeFileSync(broken, "not a zip");
  const terminal = memoryTerminal();
  const line = `sentiment --imdb-path ${broken} --out ${folder}/out`;
  expect(await runCommandLine(line.split(" "), terminal)).toBe(1);
  expect(terminal.text.err).toMatch(/^rnnkit-benchmarks: loadData: [^\n]+\n$/);
  const next = memoryTerminal();
  const works = `forecast --timesteps 2 --units 2 --epochs 1 --batch-size 256 --out ${folder}/out`;
  expect(await runCommandLine(works.split(" "), next)).toBe(0);
});
