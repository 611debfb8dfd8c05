import { reviewDecoder } from "@rnnkit/datasets-imdb";
import type { JudgedReviews, WrongReview } from "../results.ts";
import type { PreparedReviews } from "./prepared-reviews.ts";

/** So many of the most wrong reviews are kept. */
const MOST_WRONG = 5;

/** Of a real review so many of the last words are quoted. */
const QUOTED_WORDS = 40;

/** Counts what the test reviews were taken for, by their **probabilities** of being positive, and finds the most wrong. */
export function judgeReviews(
  probabilities: ArrayLike<number>,
  { test, wordIndex, data }: Pick<PreparedReviews, "test" | "wordIndex" | "data">,
): JudgedReviews {
  const confusion = {
    ...{ positiveAsPositive: 0, positiveAsNegative: 0 },
    ...{ negativeAsPositive: 0, negativeAsNegative: 0 },
  };
  const wrong: Omit<WrongReview, "text">[] = [];
  for (let index = 0; index < probabilities.length; index++) {
    const probability = probabilities[index] as number;
    const label = test.y.data[index] === 1 ? "positive" : "negative";
    const said = probability > 0.5 ? "positive" : "negative";
    confusion[`${label}As${said === "positive" ? "Positive" : "Negative"}`]++;
    if (said !== label) wrong.push({ index, label, probability });
  }
  const decode = wordIndex && reviewDecoder(wordIndex, { startToken: "" });
  const text = (index: number): string | null => {
    if (!decode) return null;
    const { maxLen, synthetic } = data;
    const read = test.x.data.subarray(index * maxLen, (index + 1) * maxLen);
    const words = decode(read).trim().split(/ +/);
    return synthetic || words.length <= QUOTED_WORDS
      ? words.join(" ")
      : `… ${words.slice(-QUOTED_WORDS).join(" ")}`;
  };
  const mostWrong = wrong
    .sort((a, b) => Math.abs(b.probability - 0.5) - Math.abs(a.probability - 0.5))
    .slice(0, MOST_WRONG)
    .map((review) => ({
      ...review,
      probability: Number(review.probability.toPrecision(4)),
      text: text(review.index),
    }));
  return { confusion, mostWrong };
}
