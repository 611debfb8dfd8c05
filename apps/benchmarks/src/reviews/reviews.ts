import { existsSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { DatasetError, getWordIndex, loadData, type WordIndex } from "@rnnkit/datasets-imdb";
import type { Session } from "../session.ts";
import { UsageError } from "../terminal/usage-error.ts";
import {
  arrangedReviews,
  firstReviews,
  generatedReviews,
  type PreparedReviews,
  type ReviewOptions,
} from "./prepared-reviews.ts";

/** Where the reviews come from: generated, downloaded (or cached), or the file at **path**. */
export type ReviewSource = { kind: "synthetic" } | { kind: "imdb"; path?: string };

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
  const { limit, maxlen, vocab } = options;
  if (source.kind === "synthetic") {
    return generatedReviews(options);
  }
  const { train, test } = await loadImdb(source.path, vocab, session);
  return arrangedReviews(
    firstReviews(train, limit),
    firstReviews(test, limit),
    { name: "imdb", title: "IMDB reviews", synthetic: false, vocabSize: vocab },
    maxlen,
    await wordsOf(source.path, session.signal),
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

/**
 * The words of IMDB's ids: beside the file that was named, or from where its reviews came. They are for reading what
 * went wrong; a run goes without them.
 */
async function wordsOf(path: string | undefined, signal: AbortSignal): Promise<WordIndex | null> {
  const beside = path === undefined ? undefined : join(dirname(path), "imdb_word_index.json");
  if (beside !== undefined && !existsSync(beside)) return null;
  try {
    return await getWordIndex({ path: beside, signal });
  } catch (error) {
    if (error instanceof DatasetError) return null;
    throw error;
  }
}
