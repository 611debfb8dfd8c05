import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { expect, test } from "vitest";
import { runCommandLine } from "../commands/command-line.ts";
import { memoryTerminal } from "../terminal/memory-terminal.ts";
import { hold } from "./hold.ts";

const folder = mkdtempSync(join(tmpdir(), "rnnkit-hold-"));
const path = join(folder, "compare-sine.json");
const lock = `${path}.lock`;

test("a second compare of one file is refused in one line, and leaves the first's lock", async () => {
  const letGo = hold(path);
  const terminal = memoryTerminal();
  expect(await runCommandLine(["compare", "--out", folder], terminal)).toBe(2);
  expect(terminal.text.err).toMatch(
    /^rnnkit-benchmarks: --out: expected a compare-sine\.json that no other compare writes, got one that process \d+ of [^\n]+\n$/,
  );
  expect(terminal.text.err).toContain(`process ${process.pid} of ${hostname()} writes`);
  expect([existsSync(path), existsSync(lock)]).toEqual([false, true]);
  letGo();
  expect(existsSync(lock)).toBe(false);
});

test("the lock of a process that is gone, or had this one's number, is taken over; another machine's is not", () => {
  const { pid: gone } = spawnSync(process.execPath, ["--version"]);
  for (const pid of [gone, process.pid]) {
    writeFileSync(lock, `${pid} ${hostname()}\n`);
    hold(path)();
    expect(existsSync(lock)).toBe(false);
  }
  for (const theirs of [`${gone} elsewhere\n`, `${process.ppid} ${hostname()}\n`, ""]) {
    writeFileSync(lock, theirs);
    expect(() => hold(path)).toThrow(/writes: wait for it, .*delete .*\.lock/);
  }
});
