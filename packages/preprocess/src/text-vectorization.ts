// Keras's TextVectorization layer (keras.layers.TextVectorization, 3.15).
import { checkKinds, optionKinds } from "./generated/option-kinds.ts";
import { checkOptions, shown } from "./generated/options.ts";
import type { NdArray } from "./nd-array.ts";

/** What is done to each text before it is split, by name. */
export type Standardize = "lower_and_strip_punctuation" | "lower" | "strip_punctuation";

/** What a `TextVectorization` is made with. */
export interface TextVectorizationOptions {
  /** The largest vocabulary, special tokens included. Default no limit. */
  maxTokens?: number;
  /**
   * What is done to each text first. Default *lower_and_strip_punctuation*; null for nothing, or a
   * function of one text. As in Keras, ASCII alone is lowered and stripped.
   */
  standardize?: Standardize | null | ((text: string) => string);
  /**
   * How a text becomes tokens. Default *whitespace* (ASCII's); *character* for code points, null for
   * the whole text as one token, or a function of one text.
   */
  split?: "whitespace" | "character" | null | ((text: string) => readonly string[]);
  /**
   * *int* (the default): a row of ids. *multi_hot*: 1 for each vocabulary entry that occurs.
   * *count*: how often each occurs. The last two have no padding token.
   */
  outputMode?: "int" | "multi_hot" | "count";
  /** Ids in every row, padded with 0 and truncated at the end. Default the longest row. */
  outputSequenceLength?: number;
  /** Rows of *multi_hot* and *count* are maxTokens long, however few were learned. Default false. */
  padToMaxTokens?: boolean;
  /** The tokens in order, with or without the special ones in front; then `adapt` is refused. */
  vocabulary?: readonly string[];
}

const who = "textVectorization";
const optionNames = [
  "maxTokens",
  "standardize",
  "split",
  "outputMode",
  "outputSequenceLength",
  "padToMaxTokens",
  "vocabulary",
];
const PADDING = "";
const UNKNOWN = "[UNK]";
const PUNCTUATION = /[!-/:-@[-`{-~]/g;
const ASCII_WHITESPACE = /[ \t\n\v\f\r]+/;

/**
 * Turns texts into rows of token ids, with a vocabulary learned from texts or given.
 *
 * Ids: 0 is padding (`""`), 1 is any unknown token (`"[UNK]"`), then tokens by falling frequency;
 * equally frequent ones in falling code-point order. Rows are padded and truncated at the end,
 * unlike those of `padSequences`.
 *
 * Save it as JSON with its options and `getVocabulary()`, and restore it with **vocabulary**.
 *
 * Throws on options that Keras refuses, on repeated tokens, on `adapt` after a given vocabulary, and
 * on `transform` before there is one. Keras's ngrams and tf_idf are not offered.
 *
 * Source: https://keras.io/api/layers/preprocessing_layers/text/text_vectorization
 *
 * @example
 * const vectorize = new TextVectorization({ outputSequenceLength: 4 });
 * vectorize.adapt(["the cat", "The dog!"]);
 * vectorize.getVocabulary(); // => ["", "[UNK]", "the", "dog", "cat"]
 * vectorize.transform(["the bird"]); // => { data: Int32Array [2, 1, 0, 0], shape: [1, 4] }
 */
export class TextVectorization {
  readonly #options: TextVectorizationOptions;
  readonly #isGiven: boolean;
  readonly #mode: "int" | "multi_hot" | "count";
  #tokens: readonly string[] | undefined;
  #ids = new Map<string, number>();

  constructor(options: TextVectorizationOptions = {}) {
    checkOptions(who, options, optionNames);
    checkValues(options);
    this.#options = { ...options };
    this.#mode = options.outputMode ?? "int";
    this.#isGiven = options.vocabulary !== undefined;
    if (options.vocabulary) this.setVocabulary(options.vocabulary);
  }

  /** Learns the vocabulary of texts, in place of any learned before. */
  adapt(texts: Iterable<string>): this {
    if (this.#isGiven) {
      throw new Error(`${who}: expected adapt only without the vocabulary option, got both`);
    }
    const counts = new Map<string, number>();
    for (const text of listOf(texts)) {
      for (const token of this.#split(text)) counts.set(token, (counts.get(token) ?? 0) + 1);
    }
    counts.delete(PADDING);
    counts.delete(UNKNOWN);
    const { maxTokens = Infinity } = this.#options;
    const ranked = [...counts].sort(([a, n], [b, m]) => m - n || compareCodePoints(b, a));
    this.#index(ranked.slice(0, maxTokens - this.#special.length).map(([token]) => token));
    return this;
  }

  /** Takes a vocabulary, with or without the special tokens in front, in place of any before. */
  setVocabulary(vocabulary: readonly string[]): this {
    if (!Array.isArray(vocabulary)) {
      throw new Error(`${who}: expected a vocabulary as a list, got ${shown(vocabulary)}`);
    }
    const special = this.#special;
    const hasSpecial = special.every((token, i) => vocabulary[i] === token);
    const tokens = vocabulary.slice(hasSpecial ? special.length : 0);
    const { maxTokens = Infinity } = this.#options;
    if (vocabulary.length === 0) throw new Error(`${who}: expected a vocabulary, got an empty one`);
    const wrong = tokens.find((token) => typeof token !== "string" || token === PADDING);
    if (wrong !== undefined) {
      throw new Error(
        `${who}: expected tokens that are strings, and the special ones nowhere but in front, got ${shown(wrong)}`,
      );
    }
    const seen = new Set<string>();
    const repeated = tokens.find((token) => seen.size === seen.add(token).size);
    if (repeated !== undefined) {
      throw new Error(`${who}: expected every token once, got "${repeated}" again`);
    }
    if (tokens.length + special.length > maxTokens) {
      throw new Error(
        `${who}: expected at most ${maxTokens} tokens, got ${tokens.length + special.length}`,
      );
    }
    this.#index(tokens);
    return this;
  }

  /** The tokens at their ids; without the special ones in front on request. */
  getVocabulary(options: { includeSpecialTokens?: boolean } = {}): string[] {
    checkOptions("getVocabulary", options, ["includeSpecialTokens"]);
    checkKinds("getVocabulary", options, { includeSpecialTokens: optionKinds.flag });
    const { includeSpecialTokens = true } = options;
    const tokens = this.#known();
    return includeSpecialTokens ? [...this.#special, ...tokens] : [...tokens];
  }

  /** N texts as ids [N, L], or for *multi_hot* and *count* as [N, vocabulary]. */
  transform(texts: Iterable<string>): NdArray<Int32Array> {
    const size = this.#known().length + this.#special.length;
    const rows = Array.from(listOf(texts), (text) => this.#split(text));
    const { outputSequenceLength, maxTokens = size, padToMaxTokens } = this.#options;
    if (this.#mode === "int") {
      const longest = rows.reduce((most, row) => Math.max(most, row.length), 0);
      const length = outputSequenceLength ?? longest;
      const data = new Int32Array(rows.length * length);
      rows.forEach((row, i) => {
        const kept = Math.min(row.length, length);
        for (let k = 0; k < kept; k++) data[i * length + k] = this.#idOf(row[k]);
      });
      return { data, shape: [rows.length, length] };
    }
    const depth = padToMaxTokens ? maxTokens : size;
    const data = new Int32Array(rows.length * depth);
    rows.forEach((row, i) => {
      for (const token of row) {
        if (token === PADDING) continue;
        const at = i * depth + this.#idOf(token);
        data[at] = this.#mode === "count" ? data[at] + 1 : 1;
      }
    });
    return { data, shape: [rows.length, depth] };
  }

  get #special(): readonly string[] {
    return this.#mode === "int" ? [PADDING, UNKNOWN] : [UNKNOWN];
  }

  #known(): readonly string[] {
    if (!this.#tokens) throw new Error(`${who}: expected a vocabulary, got none: call adapt first`);
    return this.#tokens;
  }

  #index(tokens: readonly string[]): void {
    this.#tokens = tokens;
    const first = this.#special.length;
    this.#ids = new Map(tokens.map((token, i) => [token, i + first]));
  }

  #idOf(token: string): number {
    if (token === PADDING) return 0;
    return this.#ids.get(token) ?? this.#special.length - 1;
  }

  #split(text: string): readonly string[] {
    if (typeof text !== "string") throw new Error(`${who}: expected texts, got ${shown(text)}`);
    const { standardize = "lower_and_strip_punctuation", split = "whitespace" } = this.#options;
    let clean = text;
    if (typeof standardize === "function") clean = standardize(text);
    else {
      if (standardize?.startsWith("lower"))
        clean = clean.replace(/[A-Z]+/g, (s) => s.toLowerCase());
      if (standardize?.endsWith("strip_punctuation")) clean = clean.replace(PUNCTUATION, "");
    }
    if (typeof split === "function") return split(clean);
    if (split === "character") return Array.from(clean);
    if (split === null) return [clean];
    return clean.split(ASCII_WHITESPACE).filter((token) => token !== "");
  }
}

function listOf(texts: Iterable<string>): Iterable<string> {
  if (typeof texts !== "string" && typeof texts?.[Symbol.iterator] === "function") return texts;
  throw new Error(`${who}: expected a list of texts, got ${shown(texts)}`);
}

function checkValues(options: TextVectorizationOptions): void {
  const { maxTokens, standardize, split, outputMode = "int", outputSequenceLength } = options;
  const oneOf = (name: string, x: unknown, known: readonly unknown[]): void => {
    if (known.includes(x)) return;
    const names = known
      .filter((k) => k !== undefined)
      .map(String)
      .join(", ");
    throw new Error(`${who}: expected ${name} to be one of ${names}, got ${shown(x)}`);
  };
  const standards = ["lower_and_strip_punctuation", "lower", "strip_punctuation", null, undefined];
  if (typeof standardize !== "function") oneOf("standardize", standardize, standards);
  if (typeof split !== "function")
    oneOf("split", split, ["whitespace", "character", null, undefined]);
  oneOf("outputMode", outputMode, ["int", "multi_hot", "count"]);
  if (maxTokens !== undefined && !(Number.isInteger(maxTokens) && maxTokens > 1)) {
    throw new Error(
      `${who}: expected maxTokens to be an integer greater than 1, got ${shown(maxTokens)}`,
    );
  }
  if (outputSequenceLength !== undefined) {
    if (outputMode !== "int") {
      throw new Error(`${who}: expected outputSequenceLength only with outputMode "int"`);
    }
    if (!Number.isInteger(outputSequenceLength) || outputSequenceLength < 0) {
      throw new Error(
        `${who}: expected outputSequenceLength to be a non-negative integer, got ${shown(outputSequenceLength)}`,
      );
    }
  }
  if (options.padToMaxTokens && maxTokens === undefined) {
    throw new Error(`${who}: expected maxTokens with padToMaxTokens, got none`);
  }
}

/** Code-point order, which for astral characters is not the order of `<` on strings. */
function compareCodePoints(a: string, b: string): number {
  const n = Math.min(a.length, b.length);
  for (let i = 0; i < n; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x === y) continue;
    // A surrogate starts a code point above every other unit.
    const isHigher = Number((x & 0xf800) === 0xd800) - Number((y & 0xf800) === 0xd800);
    return isHigher || x - y;
  }
  return a.length - b.length;
}
