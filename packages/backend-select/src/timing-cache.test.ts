import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import type { Measured } from "./backend-candidate.ts";
import { readTimes, type TimingStorage, timingKey, writeTimes } from "./timing-cache.ts";

const folder = mkdtempSync(join(tmpdir(), "rnnkit-times-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const measured: Measured[] = [
  { name: "wasm", ms: 1.25, probe: "fused" },
  { name: "cpu", ms: 3, probe: "fused" },
];
const times = { at: "2026-01-02T03:04:05.678Z", measured };

// As a page's localStorage has it, and as something behind a network would.
function storage(items = new Map<string, string>()): TimingStorage {
  return {
    getItem: (key) => items.get(key) ?? null,
    setItem: async (key, text) => {
      items.set(key, text);
    },
  };
}

test.each([
  ["this process", true],
  ["a file", join(folder, "times.json")],
  ["a storage", storage()],
] as const)("%s gives back what it was given, each under its key", async (_, cache) => {
  expect(await readTimes(cache, "a")).toBeUndefined();
  expect(await writeTimes(cache, "a", times)).toBeUndefined();
  const others = { ...times, measured: measured.slice(1) };
  expect(await writeTimes(cache, "b", others)).toBeUndefined();
  expect(await readTimes(cache, "a")).toEqual(times);
  expect(await readTimes(cache, "b")).toEqual(others);
  expect(await readTimes(cache, "c")).toBeUndefined();
});

test("a file is whole JSON, with nothing beside it", async () => {
  const path = join(folder, "whole.json");
  await writeTimes(path, "a", times);
  expect(Object.keys(JSON.parse(readFileSync(path, "utf8")))).toEqual(["a"]);
  expect(readdirSync(folder).filter((name) => name.endsWith(".part"))).toEqual([]);
});

test.each([
  "",
  "{",
  "[]",
  "null",
  '{"at":1,"measured":[]}',
  '{"at":"x"}',
  '{"at":"x","measured":{}}',
  '{"at":"x","measured":[null]}',
  '{"at":"x","measured":[{"name":"webgl","ms":1}]}',
  '{"at":"x","measured":[{"name":"cpu","ms":"1"}]}',
])("%j is no times", async (text) => {
  expect(await readTimes(storage(new Map([["a", text]])), "a")).toBeUndefined();
});

test("a file that is not JSON is left as it is, and the reason given", async () => {
  const path = join(folder, "broken.json");
  writeFileSync(path, "{");
  expect(await readTimes(path, "a")).toBeUndefined();
  expect(await writeTimes(path, "a", times)).toMatch(/JSON/);
  expect(readFileSync(path, "utf8")).toBe("{");
});

test("a storage that is closed has no times, and one that is full says so", async () => {
  const closed: TimingStorage = {
    getItem: () => Promise.reject(new Error("locked")),
    setItem: () => {
      throw new Error("full");
    },
  };
  expect(await readTimes(closed, "a")).toBeUndefined();
  expect(await writeTimes(closed, "a", times)).toBe("full");
});

test("times hold for one step, one set of candidates, one runtime", () => {
  const key = timingKey("step", ["wasm", "cpu"], false);
  expect(key).toBe(timingKey("step", ["cpu", "wasm"], false));
  expect(key).toContain(`Node ${process.versions.node}`);
  for (const other of [
    timingKey("other", ["wasm", "cpu"], false),
    timingKey("step", ["wasm"], false),
    timingKey("step", ["wasm", "cpu"], true),
  ])
    expect(other).not.toBe(key);
});
