import { existsSync, mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { expect, test } from "vitest";
import type { Results } from "./results.ts";
import { sampleForecast } from "./sample-results.ts";
import { runSession, type Session } from "./session.ts";
import { memoryTerminal } from "./terminal/memory-terminal.ts";

function run(work: (session: Session) => Promise<void>) {
  const out = mkdtempSync(join(tmpdir(), "rnnkit-session-"));
  const terminal = memoryTerminal();
  const ended = runSession({ command: "test", name: "test", out, backend: "cpu", terminal }, work);
  const read = (): Results => JSON.parse(readFileSync(join(out, "test.json"), "utf8"));
  return { out, terminal, ended, read };
}

test("work that fails leaves what it had measured, marked failed, and its error", async () => {
  const { ended, read, terminal } = run(async ({ record }) => {
    record(sampleForecast());
    record({ ...sampleForecast(), status: "interrupted", rmse: null });
    throw new Error("out of\nmemory");
  });
  await expect(ended).rejects.toThrow("out of\nmemory");
  const { status, error, runs } = read();
  expect([status, error]).toEqual(["failed", "out of memory"]);
  expect(runs.map((each) => each.status)).toEqual(["complete", "failed"]);
  expect(terminal.text.out).toMatch(/report {3}.*test\.html/);
});

test("nothing measured, nothing written", async () => {
  const { ended, out, terminal } = run(async ({ signal }) => {
    process.emit("SIGINT");
    signal.throwIfAborted();
  });
  expect(await ended).toBe(130);
  expect(terminal.text.out).toContain("interrupted before anything was measured");
  expect(existsSync(join(out, "test.json"))).toBe(false);
});

test("the listener for Ctrl-C goes with the session", async () => {
  const before = process.listenerCount("SIGINT");
  await run(async () => {}).ended;
  expect(process.listenerCount("SIGINT")).toBe(before);
});
