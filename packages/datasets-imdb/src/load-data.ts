import { readImdbFile } from "./imdb-file.ts";
import { type Reviews, type Selection, selectReviews } from "./keras-order.ts";
import { imdbFile, obtain } from "./obtain.ts";
import {
  checkNames,
  checkSource,
  integerOption,
  optionalInteger,
  type SourceOptions,
  sourceNames,
} from "./options.ts";
import type { Platform } from "./platform.ts";

/** The options of `loadData`; Keras's names in camel case. */
export interface LoadDataOptions extends SourceOptions {
  /**
   * Ids of this and above become **oovChar**. Default *null*: the largest id of all, which, as in
   * Keras, is itself replaced.
   */
  numWords?: number | null;
  /** Ids below this become **oovChar**, the start token among them. Default 0. */
  skipTop?: number;
  /**
   * Keeps only reviews shorter than this, counted with the start token and before any id is
   * dropped. Default *null*: all of them.
   */
  maxLen?: number | null;
  /** Of the shuffle, 0 to 2³²-1. Default 113. */
  seed?: number;
  /** Put before every review; *null*: nothing. Default 1. */
  startChar?: number | null;
  /** Stands for what **numWords** and **skipTop** cut; *null* drops it. Default 2. */
  oovChar?: number | null;
  /** Added to every word's rank, so that rank 1 becomes id 4 by default. Default 3. */
  indexFrom?: number;
}

/** Both halves of the data set. */
export interface ImdbData {
  train: Reviews;
  test: Reviews;
}

const mostId = 2 ** 30;

const ownNames = ["numWords", "skipTop", "maxLen", "seed", "startChar", "oovChar", "indexFrom"];

export async function loadDataOn(platform: Platform, options: LoadDataOptions): Promise<ImdbData> {
  const who = "loadData";
  checkNames(who, options, [...ownNames, ...sourceNames], "{ numWords: 10000 }");
  const selection: Selection = {
    numWords: optionalInteger(who, "numWords", options.numWords, null, 1, mostId),
    skipTop: integerOption(who, "skipTop", options.skipTop, 0, 0, mostId),
    maxLen: optionalInteger(who, "maxLen", options.maxLen, null, 1, mostId),
    seed: integerOption(who, "seed", options.seed, 113, 0, 2 ** 32 - 1),
    startChar: optionalInteger(who, "startChar", options.startChar, 1, 0, mostId),
    oovChar: optionalInteger(who, "oovChar", options.oovChar, 2, 0, mostId),
    indexFrom: integerOption(who, "indexFrom", options.indexFrom, 3, 0, mostId - 1),
  };
  checkSource(who, options);
  const bytes = await obtain(who, imdbFile, options, platform);
  return selectReviews(who, readImdbFile(who, bytes, platform.inflate), selection);
}
