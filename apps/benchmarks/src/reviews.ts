import { existsSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { loadData, RaggedArray, syntheticReviews } from "@rnnkit/datasets-imdb";
import { padSequences } from "@rnnkit/preprocess";
import type { SentimentRun } from "./results.ts";
import type { Session } from "./session.ts";
import { type Examples, sliceRows } from "./training.ts";
import { UsageError } from "./usage-error.ts";

/** Reviews as the classifiers take them: padded word ids [n, maxLen] and labels [n, 1]. */
export interface PreparedReviews {
  data: SentimentRun["data"];
  train: Examples;
  validation: Examples;
  test: Examples;
}

export interface ReviewOptions {
  limit: number;
  maxlen: number;
  vocab: number;
  seed: number;
}

/** Where the reviews come from: generated, downloaded (or cached), or the file at **path**. */
export type ReviewSource = { kind: "synthetic" } | { kind: "imdb"; path?: string };

interface LabelledReviews {
  x: RaggedArray;
  y: Int32Array;
}

// The last fifth of the training reviews is for validation, as Keras's validation_split does it.
const VALIDATION_SHARE = 0.2;

// Generated reviews need this many words to say all that their label depends on.
const SHORTEST_SYNTHETIC = 48;

/**
 * The source that the options name.
 *
 * @throws UsageError when both are given, or the file is not there
 */
export function reviewSource(options: { imdb?: boolean; imdbPath?: string }): ReviewSource {
  const { imdb, imdbPath } = options;
  if (imdb && imdbPath !== undefined) {
    throw new UsageError("--imdb, --imdb-path: expected one of them, got both");
  }
  if (imdbPath === undefined) return { kind: imdb ? "imdb" : "synthetic" };
  const path = resolve(imdbPath);
  if (!existsSync(path) || !statSync(path).isFile()) {
    throw new UsageError(`--imdb-path: expected imdb.npz, got ${path}, which is not a file`);
  }
  return { kind: "imdb", path };
}

/** Loads or generates the reviews, takes the first **limit** of each set and pads them. */
export async function prepareReviews(
  source: ReviewSource,
  options: ReviewOptions,
  session: Pick<Session, "progress" | "signal">,
): Promise<PreparedReviews> {
  const { limit, maxlen, vocab, seed } = options;
  if (source.kind === "synthetic") {
    // One draw cut in two: both sets speak the same language.
    const longest = Math.max(maxlen, SHORTEST_SYNTHETIC);
    const shortest = Math.max(Math.round(0.6 * maxlen), SHORTEST_SYNTHETIC);
    const { x, y } = syntheticReviews({ count: 2 * limit, seed, length: [shortest, longest] });
    return arrange(
      reviewsFrom({ x, y }, 0, limit),
      reviewsFrom({ x, y }, limit, 2 * limit),
      { name: "synthetic", title: "synthetic reviews", synthetic: true, vocabSize: largest(x) + 1 },
      maxlen,
    );
  }
  const { train, test } = await loadImdb(source.path, vocab, session);
  return arrange(
    reviewsFrom(train, 0, limit),
    reviewsFrom(test, 0, limit),
    { name: "imdb", title: "IMDB reviews", synthetic: false, vocabSize: vocab },
    maxlen,
  );
}

async function loadImdb(
  path: string | undefined,
  numWords: number,
  { progress, signal }: Pick<Session, "progress" | "signal">,
) {
  let started = false;
  try {
    return await loadData({
      numWords,
      path,
      signal,
      onProgress: ({ loaded, total }) => {
        const megabytes = (bytes: number) => Math.round(bytes / 1e5) / 10;
        if (!started) progress.start("downloading imdb.npz", total ?? 17_464_789);
        started = true;
        progress.step(loaded, `${megabytes(loaded)} MB`);
      },
    });
  } finally {
    progress.stop();
  }
}

function arrange(
  train: LabelledReviews,
  test: LabelledReviews,
  about: Pick<SentimentRun["data"], "name" | "title" | "synthetic" | "vocabSize">,
  maxLen: number,
): PreparedReviews {
  const reviews = train.y.length;
  const kept = reviews - Math.floor(reviews * VALIDATION_SHARE);
  const all = toExamples(train, maxLen);
  const part = (start: number, end: number): Examples => ({
    x: sliceRows(all.x, start, end),
    y: sliceRows(all.y, start, end),
  });
  return {
    data: {
      ...about,
      maxLen,
      trainReviews: kept,
      validationReviews: reviews - kept,
      testReviews: test.y.length,
    },
    train: part(0, kept),
    validation: part(kept, reviews),
    test: toExamples(test, maxLen),
  };
}

function toExamples({ x, y }: LabelledReviews, maxLen: number): Examples {
  return { x: padSequences(x, { maxLen }), y: { data: y, shape: [y.length, 1] } };
}

function reviewsFrom({ x, y }: LabelledReviews, start: number, end: number): LabelledReviews {
  const [from = 0, to = from] = [x.offsets[start], x.offsets[Math.min(end, x.length)]];
  const offsets = x.offsets.slice(start, end + 1).map((offset) => offset - from);
  return { x: new RaggedArray(x.values.subarray(from, to), offsets), y: y.subarray(start, end) };
}

function largest({ values }: RaggedArray): number {
  return values.reduce((most, id) => Math.max(most, id), 0);
}
