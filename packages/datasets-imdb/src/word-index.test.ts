import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { DatasetError, getWordIndex } from "./index.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "rnnkit-words-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function read(text: string | Uint8Array, sha256: string | null = null) {
  const path = join(folder, "words.json");
  await writeFile(path, text);
  return getWordIndex({ path, sha256 });
}

test("a word index is a Map, whatever the words are", async () => {
  const words = await read('{"the": 1, "__proto__": 2, "constructor": 3, "10": 4}');
  expect(words.get("__proto__")).toBe(2);
  expect(words.get("constructor")).toBe(3);
  expect(words.get("toString")).toBeUndefined();
  expect([...words.values()].sort()).toEqual([1, 2, 3, 4]);
});

test.each<[string | Uint8Array, string]>([
  ['{"the": 1', "expected JSON"],
  ["[1, 2]", "got [1, 2]"],
  ["null", "got null"],
  ['{"the": 0}', 'rank of 1 or more for "the", got 0'],
  ['{"the": 1.5}', "got 1.5"],
  ['{"the": "1"}', 'got "1"'],
  [Uint8Array.of(0x22, 0xff, 0x22), "expected JSON"],
])("%j is no word index", async (text, message) => {
  const error = await read(text).catch((e) => e);
  expect(error).toBeInstanceOf(DatasetError);
  expect(error.code).toBe("format");
  expect(error.message).toContain(message);
});

test("another file in the word index's place is an error", async () => {
  const error = await read('{"the": 1}', "0".repeat(64)).catch((e) => e);
  expect(error.code).toBe("hash");
  await expect(getWordIndex({ numWords: 3 } as object)).rejects.toThrow("got numWords");
});
