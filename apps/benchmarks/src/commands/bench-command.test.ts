import { existsSync, mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { getThreads } from "@rnnkit/fused-rnn";
import { expect, test } from "vitest";
import type { BenchResults } from "../bench/bench-results.ts";
import type { FitRow } from "../bench/fit-table.ts";
import type { KernelRow } from "../bench/kernels-bench.ts";
import type { PageRow } from "../bench/page-bench.ts";
import type { PeerRow } from "../bench/peers-table.ts";
import type { StepRow } from "../bench/step-table.ts";
import type { StreamRow } from "../bench/stream-bench.ts";
import type { ScriptRow } from "../bench/whole-scripts.ts";
import { memoryTerminal } from "../terminal/memory-terminal.ts";
import { runCommandLine } from "./command-line.ts";

const folder = mkdtempSync(join(tmpdir(), "rnnkit-bench-"));

async function bench<Row>(line: string): Promise<{ out: string; results: BenchResults<Row> }> {
  const json = join(folder, "results.json");
  const terminal = memoryTerminal();
  const args = ["bench", ...line.split(" "), "--json", json];
  expect([await runCommandLine(args, terminal), terminal.text.err]).toEqual([0, ""]);
  // Written under another name and renamed: nothing else is left.
  expect(readdirSync(folder)).toEqual(["results.json"]);
  return { out: terminal.text.out, results: JSON.parse(readFileSync(json, "utf8")) };
}

const bad: [string, RegExp][] = [
  [
    "",
    /bench: expected a command \(kernels, step, stock, scaling, timeline, stream, peers, fit, gpu, progress, page, start, checkouts\), got none/,
  ],
  ["speed", /bench: expected a command .*, got speed/],
  ["kernels --filter tiny", /--filter: expected words of simple_rnn, .*, got "tiny"/],
  ["kernels --threads 0", /--threads.*expected a whole number, 1 to 256/],
  ["kernels --threads 1,x", /--threads.*expected a whole number, 1 to 256/],
  ["kernels --shape 32x500", /--shape.*expected four whole numbers/],
  ["kernels --seconds 0", /--seconds.*expected a number above 0/],
  ["step --padding 1", /--padding.*expected a number from 0 to below 1/],
  ["step --models lstm", /--models.*expected all or some of imdb_lstm,/],
  ["step --repeats 0", /--repeats.*expected a whole number, from 1 on/],
  ["stock --no-stock", /unknown option '--no-stock'/],
  ["scaling --op rnn", /--op.*expected one of simple_rnn, lstm/],
  ["stream --steps none", /--steps.*expected a whole number/],
  ["stream extra", /too many arguments/],
  [`stream --json ${folder}/absent/x.json`, /--json: expected a file that can be written, got/],
  ["peers --systems jax", /--systems.*expected all or some of keras-jax,/],
  ["peers --models lstm", /--models.*expected all or some of imdb_lstm,/],
  ["peers --batch 0", /--batch.*expected a whole number, from 1 on/],
  ["fit --systems pytorch", /--systems.*expected all or some of keras-jax,keras-tensorflow/],
  ["fit --epochs 1", /--epochs.*expected a whole number, from 2 on/],
  ["peers --device cpu", /--device: expected --gpu beside it, got cpu alone/],
  ["peers --gpu --device tpu", /--device.*expected one of gpu, cpu/],
  ["gpu --quik", /unknown option '--quik'.*Did you mean --quick\?/],
  ["gpu --cells rnn", /--cells.*expected all or some of lstm,gru/],
  ["gpu --models lstm", /--models.*expected all or some of imdb_lstm,/],
  ["gpu --shape 32x500", /--shape.*expected four whole numbers/],
  ["gpu extra", /too many arguments/],
  ["page --chromium /absent", /--chromium: expected a Chromium, got nothing at \/absent/],
  ["page --model rnn", /--model.*expected one of imdb_lstm,/],
  [`stream --json ${folder}`, /--json: .*: it is a folder/],
];

test.each(bad)(
  "`bench %s` is one clear line and exit 2, before any work",
  async (line, message) => {
    const terminal = memoryTerminal();
    const args = ["bench", ...line.split(" ").filter(Boolean)];
    expect(await runCommandLine(args, terminal)).toBe(2);
    expect(terminal.text.out).toBe("");
    expect(terminal.text.err).toMatch(/^rnnkit-benchmarks: [^\n]+\n$/);
    expect(terminal.text.err).toMatch(message);
  },
);

test("kernels are checked, then timed, at each number of threads; the number is then as before", async () => {
  const threads = getThreads();
  const { out, results } = await bench<KernelRow>(
    "kernels --filter lstm --shape 4x6x3x8 --threads 1,2 --seconds 0.001",
  );
  expect(getThreads()).toBe(threads);
  expect(out.indexOf("All kernels agree. Timing.")).toBeGreaterThan(0);
  expect(out.indexOf("median ms")).toBeGreaterThan(out.indexOf("All kernels agree. Timing."));
  expect(results.rows.map((row) => [row.op, row.pass, row.threads])).toEqual(
    [1, 2].flatMap((count) =>
      ["inference", "forward", "backward", "train"].map((pass) => ["lstm", pass, count]),
    ),
  );
  for (const row of results.rows) {
    expect(row.rounds).toBeGreaterThanOrEqual(5);
    expect(row.p95Ms).toBeGreaterThanOrEqual(row.medianMs);
    expect(row.gflops).toBeAllclose((1000 * row.gflop) / row.medianMs, { rtol: 1e-9 });
  }
  const { schemaVersion, command, status, environment, options } = results;
  expect([schemaVersion, command, status]).toEqual([1, "bench kernels", "complete"]);
  expect(environment).toMatchObject({
    backend: { name: "wasm" },
    simd: { simd128: true },
    threads,
  });
  expect(environment.peakGflops.simd128).toBeGreaterThan(0);
  expect(options).toMatchObject({ filter: "lstm", threads: [1, 2], seed: 42 });
});

test("a model is timed fused and stock, and the ratio is printed beside its goal", async () => {
  const line = "step --models stock_forecaster --repeats 2 --seconds 0.001 --threads 1";
  const { out, results } = await bench<StepRow>(line);
  const [row] = results.rows;
  expect(row.rounds).toBeGreaterThanOrEqual(2);
  expect(row.ratio!.train).toBeAllclose(row.stock!.trainMs / row.fused!.trainMs, { rtol: 1e-9 });
  expect(row.fused!.fitMs).toBeGreaterThan(0);
  expect(row.stockOperations).toBeGreaterThan(20 * 50); // of 20 time steps
  expect(row.goals.trainRatio).toBe(10);
  expect(results.environment.threads).toBe(1);
  expect(out).toMatch(/stock_forecaster .*x +≥10x .*x +≥20x/);
  expect(out).toMatch(/stock_forecaster +train .*≤ 1\.2 +2\.30 +2\.00 +0\.900/);
});

test("either side can be timed alone", async () => {
  const some = "--models simple_rnn_model --repeats 1 --seconds 0.001";
  const stock = (await bench<StepRow>(`stock ${some}`)).results.rows[0];
  expect([stock.fused, stock.ratio, stock.stock!.trainMs > 0]).toEqual([null, null, true]);
  const fused = (await bench<StepRow>(`step --no-stock ${some}`)).results.rows[0];
  expect([fused.stock, fused.ratio, fused.fused!.trainMs > 0]).toEqual([null, null, true]);
  expect(fused.stockOperations).toBeNull();
});

test("streaming is timed for every operation, with its worst percent", async () => {
  const { results } = await bench<StreamRow>("stream --units 4 --inputs 2 --steps 150");
  expect(results.rows.map(({ op }) => op)).toEqual([
    "simple_rnn",
    "lstm",
    "gru",
    "gru_reset_before",
  ]);
  for (const { steps, opMicroseconds: op, wholeMicroseconds: whole } of results.rows) {
    expect(steps).toBe(200);
    expect(op.p99).toBeGreaterThanOrEqual(op.p50);
    expect(whole.p50).toBeGreaterThan(op.p50);
  }
  expect(existsSync(join(folder, "results.json"))).toBe(true);
});

const chromium = process.env.RNNKIT_CHROMIUM ?? "/usr/bin/chromium";

test.skipIf(!existsSync(chromium))(
  "a page and its worker take their turns, isolated and not, tfjs on shared memory or not",
  async () => {
    const line = `page --model stock_forecaster --rounds 1 --threads 1 --chromium ${chromium}`;
    const { out, results } = await bench<PageRow>(line);
    const places = results.rows.map(({ place, isolated, sharedMemory }) => [
      ...[place, isolated, sharedMemory],
    ]);
    expect(places).toEqual([
      ["page", false, false],
      ["worker", false, false],
      ["page", true, false],
      ["page", true, true],
      ["worker", true, false],
      ["worker", true, true],
    ]);
    for (const row of results.rows) {
      expect(Math.min(row.trainMs, row.predictMs)).toBeGreaterThan(0);
      expect([row.threads, row.rounds]).toEqual([1, 1]);
      if (!row.sharedMemory) expect([row.trainRatio, row.predictRatio]).toEqual([1, 1]);
    }
    expect(out).toMatch(/worker, isolated +\d+ threads?, shared memory +1 thread /);
  },
  120_000,
);

const python = process.env.RNNKIT_KERAS_PYTHON;

test.skipIf(!python)(
  "Keras takes its turn beside us, and the ratio is of the same rounds",
  async () => {
    const some = "--systems keras-jax --models stock_forecaster --rounds 1";
    const { out, results } = await bench<PeerRow>(`peers ${some} --python ${python}`);
    const [ours, keras] = results.rows;
    expect([ours!.model, keras!.model]).toEqual(["stock_forecaster", "stock_forecaster"]);
    expect(ours!.system).toMatch(/^rnnkit, \d+ threads?$/);
    expect(keras!.system).toBe("Keras 3.15.1 on jax");
    expect(ours!.ratio).toEqual({ train: 1, predict: 1 });
    expect(keras!.ratio.train).toBeAllclose(keras!.trainMs! / ours!.trainMs!, { rtol: 1e-9 });
    expect(out).toMatch(/stock_forecaster +Keras 3\.15\.1 on jax .*x .*x/);
  },
  300_000,
);

test.skipIf(!python)(
  "fit stands beside Keras's fit, and a whole script beside a whole script",
  async () => {
    const some = "--systems keras-jax --models stock_forecaster --epochs 3 --steps 2 --scripts 1";
    const { out, results } = await bench<FitRow & ScriptRow>(`fit ${some} --python ${python}`);
    const [ours, keras, script, kerasScript] = results.rows;
    expect(results.rows.map(({ system }) => system)).toEqual([
      ...[ours!.system, "Keras 3.15.1 on jax", ours!.system, "Keras 3.15.1 on jax"],
    ]);
    expect([ours!.epochs, ours!.fits, ours!.ratio]).toEqual([3, 1, null]);
    expect(keras!.ratio!.first.median).toBeAllclose(ours!.firstMs / keras!.firstMs, { rtol: 1e-9 });
    expect(keras!.wholeMs).toBeGreaterThan(keras!.firstMs + keras!.steadyMs);
    expect([script!.turns, script!.scriptRatio]).toEqual([1, null]);
    expect(kerasScript!.scriptRatio!.median).toBeAllclose(
      script!.scriptMs / kerasScript!.scriptMs,
      { rtol: 1e-9 },
    );
    expect(out.indexOf("Whole scripts")).toBeGreaterThan(out.indexOf("ours / theirs: first"));
  },
  300_000,
);

test.each(["peers", "fit"])(
  "%s: a Python without any of the systems is refused, with what it said of each",
  async (name) => {
    const terminal = memoryTerminal();
    const args = ["bench", name, "--python", join(folder, "absent"), "--systems", "keras-jax"];
    expect(await runCommandLine(args, terminal)).toBe(2);
    expect(terminal.text.out).toMatch(
      /left out +keras-jax: expected it in .*absent, got: .*ENOENT/,
    );
    expect(terminal.text.err).toMatch(
      /--python: expected a Python with one of keras-jax, got .*absent/,
    );
  },
);

test.skipIf(!python)(
  "peers --gpu: a Python without a GPU is said, each system with its reason, and nothing fails",
  async () => {
    const terminal = memoryTerminal();
    const args = ["bench", "peers", "--gpu", "--python", python!];
    const code = await runCommandLine(args, terminal);
    if (terminal.text.err.includes("no GPU adapter")) return;
    expect([code, terminal.text.err]).toEqual([0, ""]);
    if (!terminal.text.out.includes("no GPU: PyTorch")) return;
    expect(terminal.text.out).toMatch(/left out +pytorch-tf32: .*no GPU: PyTorch .* finds no CUDA/);
    expect(terminal.text.out).toMatch(/no peer on a GPU in .*: nothing to compare with/);
  },
);

test("help names each bench", async () => {
  const terminal = memoryTerminal();
  expect(await runCommandLine(["bench", "kernels", "--help"], terminal)).toBe(0);
  expect(terminal.text.out).toMatch(/--shape <BxTxIxH>/);
});
