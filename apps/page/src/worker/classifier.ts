import {
  arrangedReviews,
  firstReviews,
  generatedReviews,
  type PreparedReviews,
} from "@rnnkit/benchmarks/reviews/prepared-reviews";
import {
  DatasetError,
  getWordIndex,
  type ImdbData,
  loadData,
  reviewDecoder,
  syntheticReviews,
} from "@rnnkit/datasets-imdb";
import { buildSentimentClassifier } from "@rnnkit/keras-builders";
import type { LayersModel } from "@tensorflow/tfjs-layers";
import type { Settings } from "../app/settings.ts";
import type { Reading, ReviewsData } from "./messages.ts";
import { readWordByWord, stateReader, tokensOf, type WordIndex } from "./word-by-word.ts";

/** A model of padded word ids, and what it needs to read a typed text. */
export interface Classifier {
  kind: "classifier";
  model: LayersModel;
  /** The same layers, with the state that the last one reads. */
  reader: LayersModel;
  maxLen: number;
  /** Ids of this and above are none. */
  vocabSize: number;
  /** Null where it is not known which word an id is. */
  words: WordIndex | null;
}

// The tutorial's vocabulary.
const IMDB_WORDS = 10_000;

/** The reviews that a visitor has chosen, and the words of their ids; of IMDB's ids those below **most**. */
export async function chosenReviews(
  { task, reviews: limit, window: maxlen, seed }: Settings,
  imdb: File | null,
  most = IMDB_WORDS,
): Promise<{ prepared: PreparedReviews; words: WordIndex | null; notes: string[] }> {
  if (task === "reviews") {
    const prepared = generatedReviews({ limit, maxlen, seed });
    return { prepared, words: syntheticReviews({ count: 2 }).wordIndex, notes: [] };
  }
  if (!imdb) throw new Error("expected an imdb.npz, got none");
  const { data, isKeras } = await readImdb(imdb, most);
  const prepared = arrangedReviews(
    firstReviews(data.train, limit),
    firstReviews(data.test, limit),
    { name: "imdb", title: "IMDB reviews", synthetic: false, vocabSize: most },
    maxlen,
  );
  return { prepared, words: null, notes: isKeras ? [] : [imdb.name] };
}

/** Keras's own file, known by its hash, or any other of its form. */
async function readImdb(
  file: File,
  numWords: number,
): Promise<{ data: ImdbData; isKeras: boolean }> {
  try {
    return { data: await loadData({ file, numWords }), isKeras: true };
  } catch (error) {
    if (!(error instanceof DatasetError && error.code === "hash")) throw error;
    const data = await loadData({ file, numWords, sha256: null });
    return { data, isKeras: false };
  }
}

/** IMDB's words from the file that a visitor gives, else the cache or Keras's server. */
export async function imdbWords(file: File | null): Promise<WordIndex> {
  if (!file) return getWordIndex();
  return getWordIndex({ file, sha256: null });
}

/** What the page tells of reviews. */
export function reviewsData({ data }: PreparedReviews, notes: string[]): ReviewsData {
  return {
    kind: "reviews",
    isSynthetic: data.synthetic,
    train: data.trainReviews,
    validation: data.validationReviews,
    test: data.testReviews,
    maxLen: data.maxLen,
    vocabulary: data.vocabSize,
    notes,
  };
}

/**
 * The tutorial's classifier, but that padding is hidden from the cell: a typed review is shorter than those that it
 * learns from, and would be read behind more padding than any of them.
 */
export function buildClassifier(settings: Settings, vocabSize: number): LayersModel {
  const { cell, window: maxLen, units, rate: learningRate, seed } = settings;
  const options = { vocabSize, maxLen, units, learningRate, seed, maskZero: true };
  return buildSentimentClassifier(cell, options);
}

/** A classifier of **model**. */
export function classifierOf(
  model: LayersModel,
  maxLen: number,
  vocabSize: number,
  words: WordIndex | null,
): Classifier {
  return { kind: "classifier", model, reader: stateReader(model), maxLen, vocabSize, words };
}

/**
 * Reads a typed text word by word.
 *
 * @throws where the words of the model's ids are not known
 */
export async function readText(classifier: Classifier, text: string): Promise<Reading> {
  const { words, reader, maxLen, vocabSize } = classifier;
  if (!words) throw new Error("expected imdb_word_index.json, got none");
  const tokens = tokensOf(text, words, vocabSize);
  const ids = tokens.map(({ id }) => id);
  const { probabilities, states, units } = await readWordByWord(reader, ids, maxLen);
  return {
    words: tokens.map(({ text, isKnown }) => ({ text, isKnown })),
    probabilities: Array.from(probabilities),
    states,
    units,
    forgotten: Math.max(0, tokens.length + 1 - maxLen),
  };
}

/** A review of the test part as text, and whether it is a good one. */
export function exampleOf(
  { test }: PreparedReviews,
  words: WordIndex,
  n: number,
): { text: string; isPositive: boolean } {
  const [rows = 1, length = 0] = test.x.shape;
  const row = n % rows;
  const ids = Array.from(test.x.data.subarray(row * length, (row + 1) * length));
  const text = reviewDecoder(words, { startToken: "" })(ids).trim();
  return { text, isPositive: test.y.data[row] === 1 };
}
