import { randomUUID } from "node:crypto";
import { mkdtemp, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { cacheCases } from "./cache-conformance.fixture.ts";
import { DatasetError } from "./dataset-error.ts";
import { folderCache } from "./folder-cache.ts";
import { memoryCache } from "./memory-cache.ts";

const folders: string[] = [];
afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true }))));

async function temporary(): Promise<string> {
  folders.push(await mkdtemp(join(tmpdir(), "rnnkit-cache-")));
  return folders.at(-1)!;
}

for (const [fact, run] of Object.entries(cacheCases)) {
  test(`folder: ${fact}`, async () => run(folderCache(join(await temporary(), "not", "yet"))));
  test(`memory: ${fact}`, async () => run(memoryCache()));
}

test("a folder holds only whole files once all writers are done", async () => {
  const folder = await temporary();
  const cache = folderCache(folder);
  const writes = Array.from({ length: 20 }, (_, i) => cache.write("x", new Uint8Array(i + 1)));
  await Promise.all(writes);
  expect(await readdir(folder)).toEqual(["x"]);
});

test("what a killed process left is swept after an hour, not before, and nothing of others", async () => {
  const folder = await temporary();
  const [old, fresh] = [`x.${randomUUID()}.partial`, `x.${randomUUID()}.partial`];
  const foreign = "thesis.partial";
  for (const name of [old, fresh, foreign]) await writeFile(join(folder, name), "half");
  const longAgo = Date.now() / 1000 - 3700;
  for (const name of [old, foreign]) await utimes(join(folder, name), longAgo, longAgo);
  await folderCache(folder).write("x", Uint8Array.of(1));
  expect((await readdir(folder)).sort()).toEqual([foreign, "x", fresh].sort());
});

test("a folder that cannot be made, and a key that is a folder, are storage errors", async () => {
  const folder = await temporary();
  await writeFile(join(folder, "file"), "");
  const cache = folderCache(join(folder, "file"));
  for (const attempt of [cache.prepare(), cache.write("x", Uint8Array.of(1))]) {
    const error = await attempt.catch((e) => e);
    expect(error).toBeInstanceOf(DatasetError);
    expect(error.code).toBe("storage");
    expect(error.message).toContain("pass another cacheDir");
  }
});
