import { syntheticReviews } from "@rnnkit/datasets-imdb";
import { expect, test } from "vitest";
import type { Session } from "../session.ts";
import { prepareReviews, reviewSource } from "./reviews.ts";

test("labels stay with their reviews through split and padding", async () => {
  const options = { limit: 20, maxlen: 60, vocab: 500, seed: 5 };
  const prepared = await prepareReviews({ kind: "synthetic" }, options, {} as Session);
  const { x, y } = syntheticReviews({ count: 40, seed: 5, length: [48, 60] });
  const parts = [prepared.train, prepared.validation, prepared.test];
  expect(parts.map((part) => part.x.shape)).toEqual([
    [16, 60],
    [4, 60],
    [20, 60],
  ]);
  expect(parts.flatMap((part) => [...part.y.data])).toEqual([...y]);
  const rows = parts.flatMap((part) =>
    Array.from({ length: part.x.shape[0] }, (_, i) => [...part.x.data.slice(60 * i, 60 * i + 60)]),
  );
  const padded = x.toArrays().map((ids) => [...Array(60 - ids.length).fill(0), ...ids]);
  expect(rows).toEqual(padded);
  expect(prepared.data.vocabSize).toBe(Math.max(...x.values) + 1);
});

test("one source of reviews at a time, and a file that is there", () => {
  expect(reviewSource({})).toEqual({ kind: "synthetic" });
  expect(reviewSource({ imdb: true })).toEqual({ kind: "imdb" });
  expect(() => reviewSource({ imdb: true, imdbPath: "x" })).toThrow("expected one of them");
  expect(() => reviewSource({ imdbPath: "." })).toThrow("which is not a file");
});
