import { testOptions } from "@rnnkit/test-kit/options";
import { expect, test } from "vitest";
import { DatasetError } from "./dataset-error.ts";
import * as browser from "./index.browser.ts";
import * as imdb from "./index.ts";

const { decodeReview, encodeReview, getWordIndex, loadData, RaggedArray, reviewDecoder } = imdb;
const words = new Map([["the", 1]]);
const source = [
  ...["path", "file", "url", "sha256", "cacheDir", "onProgress", "signal", "stallTimeout"],
];
const text = ["indexFrom", "startChar", "oovChar", "startToken", "oovToken"];
const own = ["numWords", "skipTop", "maxLen", "seed", "startChar", "oovChar", "indexFrom"];

for (const api of [imdb, browser]) {
  testOptions(api, {
    loadData: { who: "loadData", names: [...own, ...source], call: api.loadData },
    getWordIndex: { who: "getWordIndex", names: source, call: api.getWordIndex },
    decodeReview: {
      who: "decodeReview",
      names: [...text, "padChar"],
      call: (options) => api.decodeReview([1], words, options),
    },
    reviewDecoder: {
      who: "decodeReview",
      names: [...text, "padChar"],
      call: (options) => api.reviewDecoder(words, options),
    },
    encodeReview: {
      who: "encodeReview",
      names: [...text, "numWords", "skipTop"],
      call: (options) => api.encodeReview("the", words, options),
    },
    syntheticReviews: {
      who: "syntheticReviews",
      names: ["count", "seed", "length"],
      call: api.syntheticReviews,
    },
    RaggedArray: null,
    DatasetError: null,
  });
}

test("a refusal is the package's own error", async () => {
  for (const refused of [loadData(10_000 as never), getWordIndex({ numWords: 1 } as never)]) {
    const error = await refused.catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(DatasetError);
    expect((error as DatasetError).code).toBe("option");
  }
  await expect(loadData(10_000 as never)).rejects.toThrow(
    "loadData: expected an object of options such as { numWords: 10000 }, got 10000",
  );
});

test("what stands in the place of a word index, of ids or of numbers is refused by name", () => {
  const wanted = "expected a Map of words and ranks, as getWordIndex gives, got";
  for (const [value, got] of [
    [undefined, "undefined"],
    [{ padChar: 0 }, "an object"],
    [[["the", 1]], '[["the", 1]]'],
  ]) {
    expect(() => decodeReview([1], value as never)).toThrow(`decodeReview: ${wanted} ${got}`);
    expect(() => reviewDecoder(value as never)).toThrow(`decodeReview: ${wanted} ${got}`);
    expect(() => encodeReview("the", value as never)).toThrow(`encodeReview: ${wanted} ${got}`);
  }
  expect(() => decodeReview(5 as never, words)).toThrow("expected a list of ids, got 5");
  expect(() => new RaggedArray([1] as never, Int32Array.of(0, 1))).toThrow(
    "RaggedArray: expected values as an Int32Array, got [1]",
  );
  expect(() => new RaggedArray(Int32Array.of(1), undefined as never)).toThrow(
    "RaggedArray: expected offsets as an Int32Array, got undefined",
  );
});
