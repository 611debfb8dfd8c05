import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { runCommandLine } from "../commands/command-line.ts";
import { memoryTerminal } from "../terminal/memory-terminal.ts";
import { createProgress } from "../terminal/progress.ts";
import type { JobResult } from "./perform-job.ts";
import { jobsOf } from "./plan.ts";
import { faultOf, readComparison } from "./read-comparison.ts";
import { type ComparisonFile, comparisonName, openComparison, save } from "./record.ts";
import { rowsOf } from "./rows.ts";
import { sampleComparison } from "./sample-comparison.ts";
import type { Comparison } from "./schema.ts";
import { resultsInto } from "./sweep.ts";

const cli = fileURLToPath(new URL("../../dist/cli.js", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "rnnkit-compare-"));
const line = `compare --cells lstm --implementations fused --backends wasm --threads 1 --epochs 2 --rounds 2 --out ${folder}`;

/** Runs a command; **when** its output matches, **then** is done with the process. */
async function run(more: string, when?: RegExp, then?: (child: ChildProcess) => void) {
  const args = [cli, ...line.split(" "), ...more.split(" ").filter(Boolean)];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
  let out = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk) => {
      out += chunk;
      if (!when?.test(out)) return;
      when = undefined;
      then?.(child);
    });
  }
  const [code, signal] = await once(child, "close");
  return { code, signal, out };
}

const written = (): Comparison =>
  JSON.parse(readFileSync(join(folder, "compare-sine.json"), "utf8"));
const results = ({ heats, runs }: Comparison) =>
  new Map([...heats, ...runs].map((result) => [result.key, result]));

test("killed and interrupted, the same command does only the rest, and every number once", async () => {
  const killed = await run("--seeds 1,2,3", /^ +2\/4 /m, (child) => child.kill("SIGKILL"));
  expect(killed.signal).toBe("SIGKILL");
  const first = written();
  expect([first.status, faultOf(first)]).toEqual(["interrupted", null]);
  const before = results(first);
  expect(before.size).toBeGreaterThanOrEqual(2);

  const left = 4 - before.size;
  const stopped = await run("--seeds 1,2,3", /^ +1\/\d /m, (child) => child.kill("SIGINT"));
  expect(stopped.out).toContain(`${before.size} of 4 jobs are done, ${left} to do`);
  // The last job may end before the signal comes.
  expect([0, 130]).toContain(stopped.code);

  const done = await run("--seeds 1,2,3");
  expect(done.code).toBe(0);
  const last = written();
  const after = results(last);
  expect([last.status, faultOf(last), after.size]).toEqual(["complete", null, 4]);
  expect(last.heats.length + last.runs.length).toBe(4);
  for (const [key, result] of before) expect(after.get(key)).toEqual(result);
  expect(done.out).toMatch(/lstm +fused wasm +1 .* RMSE [\d.]+ ± [\d.]+/);
}, 120_000);

test("numbers of another code or of other settings do not go into the same file", async () => {
  // These tests run the source, the commands above what is built of it.
  const terminal = memoryTerminal();
  expect(await runCommandLine(line.split(" "), terminal)).toBe(2);
  expect(terminal.text.err).toMatch(/has a comparison of another code \(.*or --fresh/);

  const subject = sampleComparison();
  const elsewhere = mkdtempSync(join(tmpdir(), "rnnkit-compare-"));
  save(openComparison(elsewhere, subject, false));
  const settings = { ...subject.settings, units: 8 };
  expect(() => openComparison(elsewhere, { ...subject, settings }, false)).toThrow(
    /has a comparison of units 32, where 8 is asked for/,
  );
  const task = { ...subject.task, digest: "c".repeat(64) };
  expect(() => openComparison(elsewhere, { ...subject, task }, false)).toThrow(/other examples of/);
  expect(openComparison(elsewhere, { ...subject, task }, true).found).toBe(0);
  const more = { ...subject, axes: { ...subject.axes, seeds: [3] } };
  expect(openComparison(elsewhere, more, false).comparison.axes.seeds).toEqual([1, 2, 3]);
});

test("a file that grew unevenly is complete when all that was asked for is there; what a killed write left goes", () => {
  const { code, task, settings, axes, heats, runs, machines } = sampleComparison();
  const grown = mkdtempSync(join(tmpdir(), "rnnkit-compare-"));
  const one = { ...axes, implementations: ["fused" as const], backends: ["wasm"], threads: [1] };
  const status = ["lstm", "gru"].flatMap((cell, i) => {
    const asked = { ...one, cells: [cell as "lstm"], seeds: [i + 1] };
    const file = openComparison(grown, { code, task, settings, axes: asked }, false);
    writeFileSync(`${file.path}.tmp`, '{"format"');
    save(file);
    const begun = file.comparison.status;
    const heat = heats.find((heat) => heat.cell === cell)!;
    const lanes = heat.lanes.slice(0, 1);
    file.add({ kind: "heat", heat: { ...heat, lanes }, machine: machines[0]! });
    const run = runs.find(({ key }) => key === `single/${cell}/fused/wasm/1/seed-${i + 1}`)!;
    file.add({ kind: "run", run, machine: machines[0]! });
    return [begun, file.comparison.status];
  });
  expect(status).toEqual(["interrupted", "complete", "interrupted", "complete"]);
  const name = comparisonName(task.name);
  expect(readdirSync(grown)).toEqual([name]);
  const comparison = readComparison(readFileSync(join(grown, name), "utf8"), name);
  expect(comparison.asked?.map(({ cells, seeds }) => [...cells, ...seeds])).toEqual([
    ["lstm", 1],
    ["gru", 2],
  ]);
  expect(rowsOf(comparison).map(({ key }) => key)).toEqual([
    ...["single/lstm/fused/wasm/1", "single/gru/fused/wasm/1"],
  ]);
});

test("a result that comes twice counts once", () => {
  const [job] = jobsOf(sampleComparison().axes);
  const added: JobResult[] = [];
  const file = { comparison: sampleComparison(), add: (result: JobResult) => added.push(result) };
  const terminal = memoryTerminal();
  const { take } = resultsInto(file as unknown as ComparisonFile, [job!], createProgress(terminal));
  const { heats, machines } = sampleComparison();
  for (const heat of [heats[0]!, heats[0]!]) take({ kind: "heat", heat, machine: machines[0]! });
  expect(added.length).toBe(1);
  expect(terminal.text.out).toContain("  1/1  timed single/lstm");
});
