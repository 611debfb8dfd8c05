import "@tensorflow/tfjs-backend-cpu";
import { encodeReview, syntheticReviews } from "@rnnkit/datasets-imdb";
import { buildSentimentClassifier, toTensor } from "@rnnkit/keras-builders";
import { padSequences } from "@rnnkit/preprocess";
import { expectNoTensorLeak } from "@rnnkit/test-kit";
import type { Tensor } from "@tensorflow/tfjs-core";
import type { LayersModel } from "@tensorflow/tfjs-layers";
import fc from "fast-check";
import { expect, test } from "vitest";
import { cells } from "../app/settings.ts";
import { readWordByWord, stateReader, tokensOf } from "./word-by-word.ts";

const maxLen = 6;
const build = (cell: (typeof cells)[number], maskZero: boolean) =>
  buildSentimentClassifier(cell, { vocabSize: 20, maxLen, units: 3, maskZero, seed: 4 });

/** What the model itself says of one review. */
function predicted(model: LayersModel, ids: number[]): number {
  const x = toTensor(padSequences([ids], { maxLen }));
  return (model.predict(x) as Tensor).dataSync()[0] as number;
}

for (const cell of cells) {
  for (const maskZero of [true, false]) {
    test(`${cell}${maskZero ? "" : " that sees the padding"}: after each word what the model says of the review up to it`, async () => {
      const model = build(cell, maskZero);
      const ids = [5, 19, 2, 7, 7, 11, 3, 4];
      const { probabilities } = await readWordByWord(stateReader(model), ids, maxLen);
      const beginnings = ["", ...ids].map((_, n) => [1, ...ids.slice(0, n)]);
      const wanted = beginnings.map((beginning) => predicted(model, beginning));
      expect(probabilities).toBeAllclose(wanted, { atol: 1e-6 });
      // Were padding or words left out, all would be alike.
      expect(new Set(wanted.map((value) => value.toFixed(6))).size).toBe(wanted.length);
    });
  }
}

test("the state is what the last layer makes its probability of", async () => {
  const model = build("gru", true);
  const { probabilities, states, units } = await readWordByWord(stateReader(model), [5, 9], maxLen);
  const [kernel, bias] = model.layers
    .at(-1)!
    .getWeights()
    .map((weight) => [...weight.dataSync()]);
  const said = Array.from(probabilities, (_, n) => {
    const sum = kernel!.reduce(
      (total, w, unit) => total + w * states[n * units + unit]!,
      bias![0]!,
    );
    return 1 / (1 + Math.exp(-sum));
  });
  expect(units).toBe(3);
  expect(probabilities).toBeAllclose(said, { atol: 1e-6 });
});

test("reading keeps no tensor", async () => {
  const reader = stateReader(build("lstm", true));
  await readWordByWord(reader, [4], maxLen);
  await expectNoTensorLeak(() => readWordByWord(reader, [4, 5], maxLen));
});

const { wordIndex } = syntheticReviews({ count: 2 });

test("the words of a text have the ids that datasets-imdb gives the whole, each unknown one told", () => {
  const known = [...wordIndex.keys()].slice(0, 30);
  const pieces = fc.oneof(fc.constantFrom(...known), fc.string());
  fc.assert(
    fc.property(fc.array(pieces), (words) => {
      const text = words.join(" ");
      fc.pre(!/\[(START|OOV)\]/.test(text));
      const tokens = tokensOf(text, wordIndex, 100);
      expect([1, ...tokens.map(({ id }) => id)]).toEqual([
        ...encodeReview(text, wordIndex, { numWords: 100 }),
      ]);
      for (const { id, isKnown } of tokens) expect(isKnown).toBe(id !== 2);
    }),
  );
});
