// What there is to learn, the same in every run: examples, and a model for them.
import { seededRandom } from "@rnnkit/core-rnn";
import { buildSentimentClassifier, buildStockForecaster } from "@rnnkit/keras-builders";
import { createSequences, generateTimeSeries } from "@rnnkit/preprocess";

/** A noisy sine: twenty values, and the next. */
function sine() {
  const { x, y } = createSequences(generateTimeSeries({ length: 532, seed: 1 }), 20);
  return { x, y, build: () => buildStockForecaster(20, { units: 16, seed: 1 }) };
}

/** Reviews of twelve words: good if more than half of them are below 25. */
function sentiment() {
  const random = seededRandom(1);
  const reviews = Array.from({ length: 512 }, () =>
    Array.from({ length: 12 }, () => 1 + Math.floor(random.uniform() * 49)),
  );
  const good = reviews.map((words) => (words.filter((word) => word < 25).length > 6 ? 1 : 0));
  return {
    x: { data: Int32Array.from(reviews.flat()), shape: [512, 12] },
    y: { data: Float32Array.from(good), shape: [512, 1] },
    build: () => buildSentimentClassifier("lstm", { vocabSize: 50, maxLen: 12, seed: 1 }),
  };
}

export const task = process.argv[2] === "sentiment" ? sentiment() : sine();
