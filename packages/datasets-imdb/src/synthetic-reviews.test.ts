import { expect, test } from "vitest";
import { DatasetError, decodeReview, encodeReview, syntheticReviews } from "./index.ts";
import { wordClasses } from "./review-grammar.ts";

test("synthetic reviews are the same for the same seed, and others for another", () => {
  const one = syntheticReviews({ count: 50, seed: 7 });
  const again = syntheticReviews({ count: 50, seed: 7 });
  const other = syntheticReviews({ count: 50, seed: 8 });
  expect(again).toEqual(one);
  expect(other.x.values).not.toEqual(one.x.values);
  expect(other.wordIndex).toEqual(one.wordIndex);
});

test("labels are balanced, lengths are as asked, every token is a word", () => {
  const { x, y, wordIndex } = syntheticReviews({ count: 2001, length: [60, 100] });
  expect(y.reduce((a, b) => a + b)).toBe(1000);
  const lengths = Array.from(x, (review) => review.length);
  expect([Math.min(...lengths), Math.max(...lengths)]).toEqual([60, 100]);
  expect(wordIndex.size).toBeLessThan(1000);
  expect(x.values.every((id) => id === 1 || (id >= 4 && id <= wordIndex.size + 3))).toBe(true);
  for (const review of syntheticReviews({ count: 100, length: 48 }).x)
    expect(review.length).toBe(48);
});

test("a synthetic review reads as text and encodes back to itself", () => {
  const { x, wordIndex } = syntheticReviews({ count: 20 });
  for (const review of x) {
    const text = decodeReview(review, wordIndex);
    expect(text).toMatch(/^\[START\] (this|i|a|an) /);
    expect(text).not.toContain("[OOV]");
    expect(encodeReview(text, wordIndex)).toEqual(review);
  }
});

// The label by its definition: the writer's own verdicts, negation, and irony from the first words.
function readLabel(text: string): number {
  const isIronic = /\bironic\b/.test(text);
  const own = /\b(?:i found|to me|i thought) the \w+ (?:felt |was )?(?:(not|never) )?(\w+)/g;
  const labels = [...text.matchAll(own)].map(([, negator, word]) => {
    const isGood = wordClasses.good!.includes(word!);
    return Number((isGood !== (negator !== undefined)) !== isIronic);
  });
  expect(labels.length).toBeGreaterThanOrEqual(3);
  expect(new Set(labels).size).toBe(1);
  return labels[0]!;
}

test("the label follows from negation, attribution and the first sentence", () => {
  const { x, y, wordIndex } = syntheticReviews({ count: 500, seed: 3 });
  const texts = Array.from(x, (review) => decodeReview(review, wordIndex));
  expect(texts.map(readLabel)).toEqual(Array.from(y));
  const ironic = texts.filter((text) => text.includes("ironic")).length;
  const negated = texts.filter((text) => / (not|never) /.test(text)).length;
  expect(ironic / 500).toBeGreaterThan(0.1);
  expect(negated / 500).toBeGreaterThan(0.5);
});

// Logistic regression on word counts by gradient descent, trained on one seed, tested on another.
function bagOfWordsAccuracy(crossWithIrony: boolean): number {
  const train = syntheticReviews({ count: 2000, seed: 1 });
  const held = syntheticReviews({ count: 2000, seed: 2 });
  const size = train.wordIndex.size + 4;
  const ironic = new Set(["ironic", "reversed", "reverse"].map((w) => train.wordIndex.get(w)! + 3));
  const counts = ({ x }: typeof train) =>
    Array.from(x, (review) => {
      const shift = crossWithIrony && review.some((id) => ironic.has(id)) ? size : 0;
      const features = new Float64Array(2 * size);
      for (const id of review) features[id + shift]! += 1;
      return features;
    });
  const rows = counts(train);
  const weights = new Float64Array(2 * size);
  for (let epoch = 0; epoch < 30; epoch++)
    rows.forEach((row, i) => {
      const logit = row.reduce((sum, count, k) => sum + count * weights[k]!, 0);
      const rate = 0.05 / (1 + epoch);
      const slope = rate * (1 / (1 + Math.exp(-logit)) - train.y[i]!);
      for (let k = 0; k < row.length; k++) if (row[k]) weights[k]! -= slope * row[k]!;
    });
  const right = counts(held).filter((row, i) => {
    const logit = row.reduce((sum, count, k) => sum + count * weights[k]!, 0);
    return Number(logit > 0) === held.y[i];
  });
  return right.length / held.x.length;
}

test("word counts do not solve synthetic reviews, not even with the irony told apart", () => {
  expect(bagOfWordsAccuracy(false)).toBeLessThan(0.75);
  expect(bagOfWordsAccuracy(true)).toBeLessThan(0.85);
});

test.each([
  [{ count: 0 }, "count"],
  [{ count: 1.5 }, "count"],
  [{ seed: -1 }, "seed"],
  [{ length: 20 }, "length"],
  [{ length: [90, 60] }, "length"],
  [{ length: "long" }, "length"],
  [{ count: 1_000_000, length: 2000 }, "at most 100000000 tokens"],
  [{ size: 3 }, "got size"],
])("syntheticReviews refuses %j", (options, named) => {
  expect(() => syntheticReviews(options as object)).toThrow(DatasetError);
  expect(() => syntheticReviews(options as object)).toThrow(named);
});
