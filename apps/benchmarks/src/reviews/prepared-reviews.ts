import { RaggedArray, syntheticReviews, type WordIndex } from "@rnnkit/datasets-imdb";
import { padSequences } from "@rnnkit/preprocess";
import type { SentimentRun } from "../results.ts";
import { type Examples, sliceRows } from "../training.ts";

/** Reviews as the classifiers take them: padded word ids [n, maxLen] and labels [n, 1]. */
export interface PreparedReviews {
  data: SentimentRun["data"];
  train: Examples;
  validation: Examples;
  test: Examples;
  /** The words of the ids; null where it is not there. */
  wordIndex: WordIndex | null;
}

export interface ReviewOptions {
  limit: number;
  maxlen: number;
  vocab: number;
  seed: number;
}

/** Word ids and labels, 1 for a good review. */
export interface LabelledReviews {
  x: RaggedArray;
  y: Int32Array;
}

// The last fifth of the training reviews is for validation, as Keras's validation_split does it.
const VALIDATION_SHARE = 0.2;

// Generated reviews need this many words to say all that their label depends on.
const SHORTEST_SYNTHETIC = 48;

/** Generated reviews, **limit** to train and as many to test. */
export function generatedReviews({
  limit,
  maxlen,
  seed,
}: Pick<ReviewOptions, "limit" | "maxlen" | "seed">): PreparedReviews {
  // One draw cut in two: both sets speak the same language.
  const longest = Math.max(maxlen, SHORTEST_SYNTHETIC);
  const shortest = Math.max(Math.round(0.6 * maxlen), SHORTEST_SYNTHETIC);
  const { x, y, wordIndex } = syntheticReviews({
    count: 2 * limit,
    seed,
    length: [shortest, longest],
  });
  return arrangedReviews(
    reviewsFrom({ x, y }, 0, limit),
    reviewsFrom({ x, y }, limit, 2 * limit),
    { name: "synthetic", title: "synthetic reviews", synthetic: true, vocabSize: largest(x) + 1 },
    maxlen,
    wordIndex,
  );
}

/**
 * Reviews as the classifiers take them: padded, the last fifth of the training ones for validation.
 */
export function arrangedReviews(
  train: LabelledReviews,
  test: LabelledReviews,
  about: Pick<SentimentRun["data"], "name" | "title" | "synthetic" | "vocabSize">,
  maxLen: number,
  wordIndex: WordIndex | null = null,
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
    wordIndex,
  };
}

function toExamples({ x, y }: LabelledReviews, maxLen: number): Examples {
  return { x: padSequences(x, { maxLen }), y: { data: y, shape: [y.length, 1] } };
}

/** The first **limit** reviews, or all where there are fewer. */
export const firstReviews = (reviews: LabelledReviews, limit: number): LabelledReviews =>
  reviewsFrom(reviews, 0, limit);

function reviewsFrom({ x, y }: LabelledReviews, start: number, end: number): LabelledReviews {
  const [from = 0, to = from] = [x.offsets[start], x.offsets[Math.min(end, x.length)]];
  const offsets = x.offsets.slice(start, end + 1).map((offset) => offset - from);
  return { x: new RaggedArray(x.values.subarray(from, to), offsets), y: y.subarray(start, end) };
}

function largest({ values }: RaggedArray): number {
  return values.reduce((most, id) => Math.max(most, id), 0);
}
