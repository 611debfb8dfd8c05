import fc from "fast-check";
import { expect, test } from "vitest";
import { judgeReviews } from "./judged-reviews.ts";
import { generatedReviews } from "./prepared-reviews.ts";

const reviews = generatedReviews({ limit: 12, maxlen: 60, seed: 3 });

test("each review is counted once, and the most wrong are those that were surest, the surest first", () => {
  const probability = fc.float({ min: 0, max: 1, noNaN: true });
  fc.assert(
    fc.property(fc.array(probability, { minLength: 12, maxLength: 12 }), (probabilities) => {
      const { confusion, mostWrong } = judgeReviews(probabilities, reviews);
      const labels = Array.from(reviews.test.y.data);
      const counts = [
        confusion.positiveAsPositive,
        confusion.positiveAsNegative,
        confusion.negativeAsPositive,
        confusion.negativeAsNegative,
      ];
      const count = (label: number, isPositive: boolean) =>
        probabilities.filter((p, i) => labels[i] === label && p > 0.5 === isPositive).length;
      expect(counts).toEqual([count(1, true), count(1, false), count(0, true), count(0, false)]);
      const loss = (i: number) => Math.abs(probabilities[i]! - labels[i]!);
      const wrong = probabilities.flatMap((p, i) => (p > 0.5 === (labels[i] === 1) ? [] : [i]));
      const surest = wrong.map(loss).sort((a, b) => b - a);
      expect(mostWrong.map(({ index }) => loss(index))).toEqual(surest.slice(0, 5));
      for (const { index, label } of mostWrong) {
        expect(label).toBe(labels[index] === 1 ? "positive" : "negative");
      }
    }),
  );
});

test("a generated review is quoted whole as the model read it, a real one by its end, without words not at all", () => {
  const wrong = Array.from(reviews.test.y.data, (label) => 1 - label);
  const [whole] = judgeReviews(wrong, reviews).mostWrong;
  expect(whole?.text?.split(" ").length).toBeGreaterThan(40);
  const real = { ...reviews, data: { ...reviews.data, synthetic: false } };
  const [quoted] = judgeReviews(wrong, real).mostWrong;
  expect(quoted?.text).toBe(`… ${whole?.text?.split(" ").slice(-40).join(" ")}`);
  const [unread] = judgeReviews(wrong, { ...reviews, wordIndex: null }).mostWrong;
  expect(unread).toMatchObject({ index: whole?.index, text: null });
});
