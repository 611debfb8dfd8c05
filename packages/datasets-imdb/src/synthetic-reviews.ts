import { DatasetError } from "./dataset-error.ts";
import { shown } from "./generated/options.ts";
import { checkNames, integerOption } from "./options.ts";
import { RaggedArray } from "./ragged-array.ts";
import { RandomState } from "./random-state.ts";
import { hearsay, neutralSentences, openings, verdicts, wordClasses } from "./review-grammar.ts";

/** Options of `syntheticReviews`. */
export interface SyntheticReviewsOptions {
  /** How many reviews. Default 2000. */
  count?: number;
  /** 0 to 2³²-1; the same seed gives the same reviews everywhere. Default 0. */
  seed?: number;
  /** Tokens a review, the start token counted: one number, or least and most. Default [60, 100]. */
  length?: number | readonly [number, number];
}

/** What `syntheticReviews` returns. */
export interface SyntheticReviews {
  /** Word ids as `loadData` gives them: start token 1, words from 4 on. */
  x: RaggedArray;
  /** 1 (positive) or 0, as many of each; of an odd count, one more 0. */
  y: Int32Array;
  /** For `decodeReview`; the same for every seed, count and length. */
  wordIndex: Map<string, number>;
}

const leastLength = 48;
const mostTokens = 100_000_000;
const ironicShare = 0.15;
const negatedShare = 0.2;

/**
 * Generated film reviews with labels: SYNTHETIC, made of templates by a seeded generator, for
 * working offline. They say nothing about real reviews;
 * accuracy on them compares networks only.
 *
 * What makes them more than a bag of words:
 *
 * - *negation*: one verdict in five reads "not good" or "never dull"
 * - *long-range dependence*: the first sentence says whether the review is sincere or, in three of
 *   twenty, ironic; then every verdict of the writer, up to the whole review later, counts as its
 *   opposite
 * - *attribution*: what "my cousin" or "my neighbour" thought has no bearing on the label
 *
 * Around them stand sentences of plot. Label = (the writer's verdicts, all of one mind) ⊕ ironic.
 * Word counts alone stay far below what a gated network reaches, and a network that forgets the
 * first sentence stays below 85 %.
 *
 * The vocabulary (under 200 words) is the same for every seed, so that one seed can train and
 * another test. Ids are given out as `loadData` does it: start token 1, words from 4 on.
 *
 * Throws a `DatasetError` for a bad option.
 *
 * @example
 * const { x, y, wordIndex } = syntheticReviews({ count: 100, seed: 1, length: [60, 100] });
 * decodeReview(x.at(0)!, wordIndex); // => "[START] this review is sincere so please take …"
 */
export function syntheticReviews(options: SyntheticReviewsOptions = {}): SyntheticReviews {
  const who = "syntheticReviews";
  checkNames(who, options, ["count", "seed", "length"]);
  const count = integerOption(who, "count", options.count, 2000, 1, 1_000_000);
  const seed = integerOption(who, "seed", options.seed, 0, 0, 2 ** 32 - 1);
  const [least, most] = lengthRange(who, options.length);
  if (count * most > mostTokens)
    throw new DatasetError(
      "option",
      `${who}: expected count · length of at most ${mostTokens} tokens, got ${count * most}`,
    );
  const random = new RandomState(seed);
  const wordIndex = syntheticWordIndex();
  const y = random.permutation(count).map((i) => i % 2);
  const offsets = new Int32Array(count + 1);
  const lengths = y.map(() => least + random.interval(most - least));
  const values = new Int32Array(lengths.reduce((a, b) => a + b));
  let used = 0;
  for (let i = 0; i < count; i++) {
    values[used++] = 1;
    for (const word of writeReview(y[i] === 1, lengths[i]! - 1, random))
      values[used++] = wordIndex.get(word)! + 3;
    offsets[i + 1] = used;
  }
  return { x: new RaggedArray(values, offsets), y, wordIndex };
}

function lengthRange(who: string, length: unknown): [number, number] {
  const range = typeof length === "number" ? [length, length] : (length ?? [60, 100]);
  if (!Array.isArray(range) || range.length !== 2)
    throw new DatasetError(
      "option",
      `${who}: expected length to be a number or two, got ${shown(length)}`,
    );
  const least = integerOption(who, "length", range[0], 60, leastLength, 2000);
  return [least, integerOption(who, "length", range[1], 100, least, 2000)];
}

const negators: ReadonlySet<string> = new Set(wordClasses.not);

function syntheticWordIndex(): Map<string, number> {
  const index = new Map<string, number>();
  const sentences = [neutralSentences, verdicts, hearsay, openings.sincere, openings.ironic];
  const words = [
    ...sentences.flat().flatMap((s) => s.split(" ")),
    ...Object.values(wordClasses).flat(),
  ];
  for (const word of words)
    if (!word.startsWith("{") && !index.has(word)) index.set(word, index.size + 1);
  return index;
}

function writeReview(isPositive: boolean, length: number, random: RandomState): string[] {
  const chance = (share: number) => random.uint32() < share * 2 ** 32;
  const isIronic = chance(ironicShare);
  const opening = oneOf(isIronic ? openings.ironic : openings.sincere, random).split(" ");
  const saysGood = isPositive !== isIronic;

  const sentences: string[][] = [];
  let left = length - opening.length;
  const say = (forms: readonly string[], isGood: boolean): void => {
    const isNegated = chance(negatedShare);
    const words = write(oneOf(forms, random), random, isGood !== isNegated ? "good" : "bad");
    const sentence = isNegated ? words : words.filter((word) => !negators.has(word));
    if (sentence.length > left) return;
    sentences.push(sentence);
    left -= sentence.length;
  };
  for (let own = 3 + random.interval(1); own > 0; own--) say(verdicts, saysGood);
  for (let others = 2 + random.interval(1); others > 0; others--) say(hearsay, chance(0.5));
  while (left > 0) {
    const sentence = write(oneOf(neutralSentences, random), random).slice(0, left);
    sentences.push(sentence);
    left -= sentence.length;
  }
  const order = random.permutation(sentences.length);
  return [opening, ...Array.from(order, (i) => sentences[i]!)].flat();
}

function write(sentence: string, random: RandomState, verdict = ""): string[] {
  return sentence.split(" ").map((word) => {
    if (!word.startsWith("{")) return word;
    const name = word.slice(1, -1);
    return oneOf(wordClasses[name === "verdict" ? verdict : name]!, random);
  });
}

function oneOf<T>(items: readonly T[], random: RandomState): T {
  return items[random.interval(items.length - 1)]!;
}
