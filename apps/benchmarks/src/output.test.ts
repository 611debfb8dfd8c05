import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { expect, test } from "vitest";
import { openOutputFile, openOutputFolder } from "./output.ts";
import { writeResults } from "./result-files.ts";
import { sampleResults } from "./sample-results.ts";
import { UsageError } from "./terminal/usage-error.ts";

const folder = mkdtempSync(join(tmpdir(), "rnnkit-output-"));

test("the folder is made, with those above it, and left empty", () => {
  const deep = openOutputFolder(join(folder, "a", "b"));
  expect(readdirSync(deep)).toEqual([]);
});

test("a file, or a folder under a file, is refused", () => {
  const file = join(folder, "file");
  writeFileSync(file, "kept");
  for (const out of [file, join(file, "below")]) {
    expect(() => openOutputFolder(out)).toThrow(UsageError);
    expect(() => openOutputFolder(out)).toThrow(/--out: expected a folder.*it is not a folder/);
  }
  expect(readFileSync(file, "utf8")).toBe("kept");
});

test("a folder without the right to write is refused", () => {
  // The superuser may write everywhere but to what no one can.
  const locked = process.getuid?.() === 0 ? "/proc/self" : join(folder, "locked");
  if (!existsSync(locked)) {
    mkdirSync(locked);
    chmodSync(locked, 0o500);
  }
  expect(() => openOutputFolder(locked)).toThrow(/--out: expected a folder to write to/);
});

test("both files are written whole, the report from the JSON, and nothing else stays", () => {
  const out = openOutputFolder(join(folder, "written"));
  const { json, html } = writeResults(out, "all", sampleResults());
  expect(JSON.parse(readFileSync(json, "utf8"))).toEqual(sampleResults());
  expect(readFileSync(html, "utf8")).toContain("<!doctype html>");
  expect(readdirSync(out).sort()).toEqual(["all.html", "all.json"]);
});

test("a file is tried where it will be, and left out of its folder", () => {
  const path = join(folder, "results.json");
  expect(openOutputFile(path, "--json")).toBe(path);
  writeFileSync(path, "kept");
  openOutputFile(path, "--json");
  expect(readFileSync(path, "utf8")).toBe("kept");
  for (const [wrong, reason] of [
    [folder, "it is a folder"],
    [`${path}/`, "it is a folder"],
    [join(path, "below"), "its folder: it is not a folder (ENOTDIR)"],
    [join(folder, "none", "x"), "its folder: no such folder (ENOENT)"],
  ]) {
    expect(() => openOutputFile(wrong, "--json")).toThrow(UsageError);
    expect(() => openOutputFile(wrong, "--json")).toThrow(reason);
  }
});

test("a write that fails leaves no half and no temporary file, and names what it is of", () => {
  const out = openOutputFolder(join(folder, "blocked"));
  mkdirSync(join(out, "all.json", "in the way"), { recursive: true });
  expect(() => writeResults(out, "all", sampleResults())).toThrow(
    /expected to write .*all\.json, got it is a folder \(EISDIR\)/,
  );
  expect(readdirSync(out)).toEqual(["all.json"]);
});
