import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { readFixture } from "@rnnkit/fixtures";
import { beforeAll, expect, test } from "vitest";
import {
  decodeReview,
  encodeReview,
  getWordIndex,
  type ImdbData,
  type LoadDataOptions,
  loadData,
  type RaggedArray,
  reviewDecoder,
} from "./index.ts";
import { hasRealFiles, realImdb, realReason, realWordIndex } from "./real-file.fixture.ts";

const path = realImdb;
const indexPath = realWordIndex;
const reason = realReason;
const realTest = test.skipIf(!hasRealFiles);

const sha256 = (array: Int32Array) =>
  createHash("sha256")
    .update(new Uint8Array(array.buffer, array.byteOffset, array.byteLength))
    .digest("hex");
const lengths = (x: RaggedArray) => Int32Array.from(x, (review) => review.length);

const keys: Record<string, keyof LoadDataOptions> = {
  num_words: "numWords",
  skip_top: "skipTop",
  maxlen: "maxLen",
  seed: "seed",
  start_char: "startChar",
  oov_char: "oovChar",
  index_from: "indexFrom",
};

interface GoldenSplit {
  count: number;
  first5_sequences_first12: number[][];
  last5_sequences_first12: number[][];
  labels_sum: number;
  sum_of_tokens: number;
  max_length: number;
  min_length: number;
  empty_sequences: number;
  sha256_tokens_int32le: string;
  sha256_lengths_int32le: string;
  sha256_labels_int32le: string;
}
interface GoldenCase {
  args: Record<string, number | null>;
  raises?: { type: string; message: string };
  train?: GoldenSplit;
  test?: GoldenSplit;
}

for (const golden of readFixture("imdb_load_data.json").cases as GoldenCase[]) {
  const { args, raises } = golden;
  realTest(`loadData gives Keras's bytes for ${JSON.stringify(args)}${reason}`, async () => {
    const options: LoadDataOptions = { path };
    for (const [name, value] of Object.entries(args)) {
      expect(keys).toHaveProperty(name);
      Object.assign(options, { [keys[name]!]: value });
    }
    if (raises) {
      await expect(loadData(options)).rejects.toThrow(raises.message);
      return;
    }
    const data = await loadData(options);
    for (const half of ["train", "test"] as const) {
      const { x, y } = data[half];
      const expected = golden[half]!;
      expect(x.length).toBe(expected.count);
      const rows = x.toArrays().map((row) => row.slice(0, 12));
      expect(rows.slice(0, 5)).toEqual(expected.first5_sequences_first12);
      expect(rows.slice(-5)).toEqual(expected.last5_sequences_first12);
      const sizes = lengths(x);
      expect([Math.min(...sizes), Math.max(...sizes)]).toEqual([
        expected.min_length,
        expected.max_length,
      ]);
      expect(sizes.filter((size) => size === 0).length).toBe(expected.empty_sequences);
      expect(x.values.reduce((a, b) => a + b, 0)).toBe(expected.sum_of_tokens);
      expect(y.reduce((a, b) => a + b)).toBe(expected.labels_sum);
      expect(sha256(sizes)).toBe(expected.sha256_lengths_int32le);
      expect(sha256(y)).toBe(expected.sha256_labels_int32le);
      expect(sha256(x.values)).toBe(expected.sha256_tokens_int32le);
    }
  });
}

let data: ImdbData;
let wordIndex: Map<string, number>;
beforeAll(async () => {
  if (!hasRealFiles) return;
  data = await loadData({ path });
  wordIndex = await getWordIndex({ path: indexPath });
});

realTest(`the word index is the one that Keras knows by its md5${reason}`, () => {
  const md5 = createHash("md5").update(readFileSync(indexPath)).digest("hex");
  expect(md5).toBe("bfafd718b763782e994055a2d397834f");
  expect(wordIndex.size).toBe(88_584);
  expect(wordIndex.get("the")).toBe(1);
  expect(wordIndex.get("constructor")).toBeGreaterThan(0);
  expect(wordIndex.get("toString")).toBeUndefined();
});

realTest(`the first training review reads as it does in Keras's examples${reason}`, () => {
  const opening = "[START] this film was just brilliant casting location scenery story direction";
  expect(decodeReview(data.train.x.at(0)!, wordIndex).startsWith(opening)).toBe(true);
});

realTest(`encodeReview undoes decodeReview on every word and on real reviews${reason}`, () => {
  const decode = reviewDecoder(wordIndex);
  const everyWord = Int32Array.from({ length: wordIndex.size + 1 }, (_, i) => (i ? i + 3 : 1));
  expect(encodeReview(decode(everyWord), wordIndex)).toEqual(everyWord);
  for (const { x } of [data.train, data.test])
    for (let i = 0; i < 1000; i++)
      expect(encodeReview(decode(x.at(i)!), wordIndex)).toEqual(x.at(i));
});

realTest(`encodeReview cuts as loadData does${reason}`, async () => {
  const cut = { numWords: 5000, skipTop: 20, startChar: 7, oovChar: null, indexFrom: 5 };
  const { train } = await loadData({ path, ...cut });
  const decode = reviewDecoder(wordIndex);
  for (let i = 0; i < 200; i++) {
    // The largest id is out of vocabulary in `data` but not rare enough to be here.
    const text = decode(data.train.x.at(i)!);
    expect(encodeReview(text, wordIndex, cut)).toEqual(train.x.at(i));
  }
});

realTest(
  `another seed is another order, and maxLen that keeps nothing is Keras's error${reason}`,
  async () => {
    const other = await loadData({ path, seed: 2 ** 32 - 1 });
    expect(other.train.y).not.toEqual(data.train.y);
    expect(other.train.x.values.length).toBe(data.train.x.values.length);
    await expect(loadData({ path, maxLen: 7 })).rejects.toThrow(
      "After filtering for sequences shorter than maxlen=7, no sequence was kept. Increase maxlen.",
    );
  },
);
