import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, openSync, readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import type { BenchResults } from "../bench/bench-results.ts";
import type { KernelRow } from "../bench/kernels-bench.ts";
import type { Results, SentimentRun } from "../results.ts";

const dist = fileURLToPath(new URL("../../dist", import.meta.url));

/** Runs node; sends **by** when it has printed a match of **when**, and again of **andWhen**. */
function interrupted(
  args: string[],
  when: RegExp,
  andWhen?: RegExp,
  by: NodeJS.Signals = "SIGINT",
) {
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
  let out = "";
  let err = "";
  const moments = andWhen ? [when, andWhen] : [when];
  child.stdout.on("data", (chunk) => {
    out += chunk;
    if (!moments[0]?.test(out)) return;
    moments.shift();
    child.kill(by);
  });
  child.stderr.on("data", (chunk) => {
    err += chunk;
  });
  return new Promise<{ code: number | null; signal: string | null; out: string; err: string }>(
    (resolve) => child.on("close", (code, signal) => resolve({ code, signal, out, err })),
  );
}

test("one Ctrl-C, which npm forwards a second time, ends the training after its batch, keeps what was measured and exits 130", async () => {
  const folder = mkdtempSync(join(tmpdir(), "rnnkit-interrupted-"));
  const line = `forecast --series sunspots --timesteps 6 --epochs 100000 --out ${folder}`;
  const { code, out, err } = await interrupted(
    [join(dist, "cli.js"), ...line.split(" ")],
    /epoch +2\//,
    /stopping after this batch/,
  );
  expect(err).toBe("");
  expect(code).toBe(130);
  expect(out).toContain("stopping after this batch");
  // A pipe is no terminal: no colour, no bar.
  expect(out).not.toContain("\u001b");
  expect(readdirSync(folder).sort()).toEqual(["forecast-sunspots.html", "forecast-sunspots.json"]);
  const results: Results = JSON.parse(readFileSync(join(folder, "forecast-sunspots.json"), "utf8"));
  const [run] = results.runs;
  expect([results.status, run.status]).toEqual(["interrupted", "interrupted"]);
  expect(run.epochs.length).toBeGreaterThanOrEqual(2);
  expect(run.epochs[0].loss).toBeGreaterThan(0);
  const html = readFileSync(join(folder, "forecast-sunspots.html"), "utf8");
  expect(html).toContain("Interrupted: this report holds");
});

test("Ctrl-C in the second of two cells keeps the first whole", async () => {
  const folder = mkdtempSync(join(tmpdir(), "rnnkit-interrupted-"));
  const line = `sentiment --cells simple_rnn,gru --limit 10 --maxlen 4 --epochs 60 --out ${folder}`;
  const { code } = await interrupted(
    [join(dist, "cli.js"), ...line.split(" ")],
    /gru[\s\S]*epoch 1\//,
  );
  expect(code).toBe(130);
  const results: Results = JSON.parse(
    readFileSync(join(folder, "sentiment-synthetic.json"), "utf8"),
  );
  const [first, second] = results.runs as SentimentRun[];
  expect([first.status, first.epochs.length]).toEqual(["complete", 60]);
  expect(first.test?.accuracy).toBeGreaterThanOrEqual(0);
  expect([second.status, second.test]).toEqual(["interrupted", null]);
  expect(second.epochs.length).toBeLessThan(60);
});

test("Ctrl-C in one listing of the tutorial keeps those before it and begins none after it", async () => {
  const folder = mkdtempSync(join(tmpdir(), "rnnkit-interrupted-"));
  const { code, out } = await interrupted(
    [join(dist, "cli.js"), "all", "--out", folder],
    /Part III, full[\s\S]*epoch +1\//,
  );
  expect(code).toBe(130);
  expect(out).not.toMatch(/Sunspots|sentiment:/);
  const { runs }: Results = JSON.parse(readFileSync(join(folder, "all.json"), "utf8"));
  expect(runs.map(({ listing, status }) => [listing, status])).toEqual([
    ["I", "complete"],
    ["III short", "complete"],
    ["III full", "interrupted"],
  ]);
});

test("Ctrl-C in a bench keeps the rows that were printed, and what the last one has by then", async () => {
  const json = join(mkdtempSync(join(tmpdir(), "rnnkit-interrupted-")), "kernels.json");
  const threads = [1, 2, 3, 4, 5, 6, 7, 8];
  const line = `--shape 4x10x2x8 --filter lstm --seconds 1 --threads ${threads} --json ${json}`;
  const { code, out, err } = await interrupted(
    [join(dist, "cli.js"), "bench", "kernels", ...line.split(" ")],
    /train +1 /,
  );
  expect([code, err]).toEqual([130, ""]);
  expect(out).toContain("stopping after this measurement");
  const { status, rows } = JSON.parse(readFileSync(json, "utf8")) as BenchResults<KernelRow>;
  expect(status).toBe("interrupted");
  expect(rows.length).toBeGreaterThanOrEqual(4);
  expect(rows.length).toBeLessThan(4 * threads.length);
  expect(out.match(/^ {2}lstm .*×/gm)?.length).toBe(rows.length);
});

test("SIGTERM, as batch systems send it, keeps what was measured as Ctrl-C does, and exits 143", async () => {
  const folder = mkdtempSync(join(tmpdir(), "rnnkit-interrupted-"));
  const line = `forecast --series sunspots --timesteps 6 --epochs 100000 --out ${folder}`;
  const { code, signal } = await interrupted(
    [join(dist, "cli.js"), ...line.split(" ")],
    /epoch +2\//,
    undefined,
    "SIGTERM",
  );
  expect([code, signal]).toEqual([143, null]);
  const results: Results = JSON.parse(readFileSync(join(folder, "forecast-sunspots.json"), "utf8"));
  expect(results.status).toBe("interrupted");
  expect(results.runs[0].epochs.length).toBeGreaterThanOrEqual(2);
});

test("a reader that goes away is as Ctrl-C: what was measured is written, nothing is a stack trace", async () => {
  const folder = mkdtempSync(join(tmpdir(), "rnnkit-interrupted-"));
  const line = `forecast --series sunspots --timesteps 6 --epochs 100000 --out ${folder}`;
  const child = spawn(process.execPath, [join(dist, "cli.js"), ...line.split(" ")], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [out, err] = ["", ""];
  child.stdout.on("data", (chunk) => {
    out += chunk;
    if (/epoch +2\//.test(out)) child.stdout.destroy();
  });
  child.stderr.on("data", (chunk) => {
    err += chunk;
  });
  const code = await new Promise((resolve) => child.on("close", resolve));
  expect(code).toBe(130);
  expect(err).not.toMatch(/EPIPE|\.js:\d/);
  const results: Results = JSON.parse(readFileSync(join(folder, "forecast-sunspots.json"), "utf8"));
  expect(results.status).toBe("interrupted");
  expect(results.runs[0].epochs.length).toBeGreaterThanOrEqual(2);
});

// A device that is always full, where there is one.
test.skipIf(!existsSync("/dev/full"))("a stdout that takes no more is one line and exit 1", () => {
  const full = openSync("/dev/full", "w");
  const { status, stderr } = spawnSync(process.execPath, [join(dist, "cli.js"), "--help"], {
    stdio: ["ignore", full, "pipe"],
  });
  expect([status, String(stderr)]).toEqual([
    1,
    "rnnkit-benchmarks: expected to write to stdout, got no space left on the disk (ENOSPC)\n",
  ]);
});

test("the second Ctrl-C ends the process at once, even in a loop that lets nothing else run", async () => {
  const program = `
    import { listenForInterruption } from ${JSON.stringify(join(dist, "terminal/interruption.js"))};
    setInterval(() => {}, 1000);
    listenForInterruption(() => {
      setTimeout(() => {
        console.log("busy");
        for (;;);
      }, 400);
    });
    console.log("ready");`;
  const { code, signal } = await interrupted(
    ["--input-type=module", "--eval", program],
    /ready/,
    /busy/,
  );
  expect([code, signal]).toEqual([null, "SIGINT"]);
});
