import { DatasetError } from "./dataset-error.ts";
import { shown } from "./generated/options.ts";
import { checkNames, integerOption, optionalInteger } from "./options.ts";
import type { WordIndex } from "./word-index.ts";

/** How ids were given out; the defaults are those of `loadData`. */
export interface ReviewTextOptions {
  /** Added to every word's rank. Default 3. */
  indexFrom?: number;
  /** The id before every review; *null*: none. Default 1. */
  startChar?: number | null;
  /** The id of what is not known or was cut; *null*: such words are dropped. Default 2. */
  oovChar?: number | null;
  /** How **startChar** is written. Default *"[START]"*. */
  startToken?: string;
  /** How **oovChar** is written. Default *"[OOV]"*. */
  oovToken?: string;
}

/** Options of `decodeReview`. */
export interface DecodeReviewOptions extends ReviewTextOptions {
  /** The id of padding, which is left out; *null*: there is none. Default 0. */
  padChar?: number | null;
}

/** Options of `encodeReview`. */
export interface EncodeReviewOptions extends ReviewTextOptions {
  /** Ids of this and above become **oovChar**. Default *null*: every known word keeps its id. */
  numWords?: number | null;
  /** Ids below this become **oovChar**, the start token among them. Default 0. */
  skipTop?: number;
}

const most = 2 ** 30;
const shared = ["indexFrom", "startChar", "oovChar", "startToken", "oovToken"];

/**
 * Prepares `decodeReview` for many reviews: the inverted index is made once.
 *
 * @example
 * const decode = reviewDecoder(await getWordIndex());
 * for (const review of train.x) console.log(decode(review));
 */
export function reviewDecoder(
  wordIndex: WordIndex,
  options: DecodeReviewOptions = {},
): (ids: ArrayLike<number>) => string {
  const who = "decodeReview";
  checkNames(who, options, [...shared, "padChar"]);
  const { indexFrom, startChar, oovChar, startToken, oovToken } = readShared(who, options);
  checkWordIndex(who, wordIndex);
  const padChar = optionalInteger(who, "padChar", options.padChar, 0, 0, most);
  const words = new Map<number, string>();
  for (const [word, rank] of wordIndex) words.set(rank + indexFrom, word);
  if (padChar !== null) words.set(padChar, "");
  if (oovChar !== null) words.set(oovChar, oovToken);
  if (startChar !== null) words.set(startChar, startToken);
  return (ids) => {
    if (typeof ids !== "object" || typeof ids?.length !== "number")
      throw new DatasetError("option", `${who}: expected a list of ids, got ${shown(ids)}`);
    const out: string[] = [];
    for (let i = 0; i < ids.length; i++) {
      const id = ids[i]!;
      if (!Number.isInteger(id) || id < 0)
        throw new DatasetError("option", `${who}: expected ids of 0 or more, got ${id} at ${i}`);
      const word = words.get(id) ?? oovToken;
      if (word !== "") out.push(word);
    }
    return out.join(" ");
  };
}

/**
 * The words of a review, joined by spaces. Padding is left out; an id that stands for no word reads
 * as **oovToken**. For many reviews, `reviewDecoder`.
 *
 * Throws a `DatasetError` for an id that is no integer of 0 or more.
 *
 * @example
 * decodeReview([1, 4, 2], new Map([["the", 1]])); // => "[START] the [OOV]"
 */
export function decodeReview(
  ids: ArrayLike<number>,
  wordIndex: WordIndex,
  options: DecodeReviewOptions = {},
): string {
  return reviewDecoder(wordIndex, options)(ids);
}

// What Keras's Tokenizer, which made the index, takes for space; the apostrophe stays.
const separators = /[!"#$%&()*+,\-./:;<=>?@[\\\]^_`{|}~\t\n\r ]+/;

/**
 * The ids of a text, as `loadData` would give them: lower case, split at punctuation and spaces
 * (the apostrophe belongs to words), **startChar** in front, unknown words **oovChar**. What
 * `decodeReview` wrote comes back as it was: **startToken** and **oovToken** are understood.
 *
 * @example
 * encodeReview("The end", new Map([["the", 1]])); // => Int32Array [1, 4, 2]
 */
export function encodeReview(
  text: string,
  wordIndex: WordIndex,
  options: EncodeReviewOptions = {},
): Int32Array<ArrayBuffer> {
  const who = "encodeReview";
  if (typeof text !== "string")
    throw new DatasetError("option", `${who}: expected a text, got ${shown(text)}`);
  checkNames(who, options, [...shared, "numWords", "skipTop"]);
  checkWordIndex(who, wordIndex);
  const { indexFrom, startChar, oovChar, startToken, oovToken } = readShared(who, options);
  const numWords = optionalInteger(who, "numWords", options.numWords, null, 1, most) ?? Infinity;
  const skipTop = integerOption(who, "skipTop", options.skipTop, 0, 0, most);
  const ids: number[] = [];
  const put = (id: number | undefined): void => {
    if (id !== undefined && id >= skipTop && id < numWords) ids.push(id);
    else if (oovChar !== null) ids.push(oovChar);
  };
  const pieces = text.split(/[ \t\r\n]+/).filter((piece) => piece !== "");
  if (startChar !== null) {
    put(startChar);
    if (pieces[0] === startToken) pieces.shift();
  }
  for (const piece of pieces) {
    if (piece === oovToken) {
      put(undefined);
      continue;
    }
    for (const word of piece.split(separators)) {
      if (word === "") continue;
      const rank = wordIndex.get(asciiLowerCase(word)) ?? wordIndex.get(word.toLowerCase());
      put(rank === undefined ? undefined : rank + indexFrom);
    }
  }
  return Int32Array.from(ids);
}

// Python 2 made the index and left "Álvaro" as it was.
function asciiLowerCase(word: string): string {
  return word.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

function checkWordIndex(who: string, wordIndex: unknown): void {
  if (Object.prototype.toString.call(wordIndex) !== "[object Map]")
    throw new DatasetError(
      "option",
      `${who}: expected a Map of words and ranks, as getWordIndex gives, got ${shown(wordIndex)}`,
    );
}

function readShared(who: string, options: ReviewTextOptions) {
  const { startToken = "[START]", oovToken = "[OOV]" } = options;
  for (const [name, token] of Object.entries({ startToken, oovToken }))
    if (typeof token !== "string" || /[ \t\r\n]/.test(token))
      throw new DatasetError(
        "option",
        `${who}: expected ${name} without spaces, got ${shown(token)}`,
      );
  return {
    indexFrom: integerOption(who, "indexFrom", options.indexFrom, 3, 0, most),
    startChar: optionalInteger(who, "startChar", options.startChar, 1, 0, most),
    oovChar: optionalInteger(who, "oovChar", options.oovChar, 2, 0, most),
    startToken,
    oovToken,
  };
}
