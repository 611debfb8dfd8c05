import { pinballLoss } from "@rnnkit/preprocess";
import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
// Which registers the gradients.
import "@tensorflow/tfjs-layers";
import fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import { BAND_LEVELS } from "./layout.ts";
import { eachLevel, quantileLoss } from "./quantile-loss.ts";

beforeAll(async () => {
  await tf.setBackend("cpu");
});

const loss = quantileLoss(BAND_LEVELS);
const small = fc.integer({ min: -40, max: 40 }).map((x) => x / 8);
const pairs = fc.array(fc.tuple(small, small, small, small), { minLength: 1, maxLength: 6 });

test("the loss is the mean of the metric at each level", () => {
  fc.assert(
    fc.property(pairs, (rows) => {
      const y = eachLevel(
        { data: Float32Array.from(rows.map(([value]) => value)), shape: [rows.length, 1] },
        3,
      );
      expect(y.shape).toEqual([rows.length, 3]);
      const said = rows.map(([, ...quantiles]) => quantiles);
      const each = BAND_LEVELS.map((alpha, l) =>
        pinballLoss(
          rows.map(([value]) => value),
          said.map((quantiles) => quantiles[l]!),
          { alpha },
        ),
      );
      const [mean] = tf.tidy(() =>
        tf
          .mean(loss(tf.tensor(y.data as Float32Array, [rows.length, 3]), tf.tensor(said)))
          .dataSync(),
      );
      expect(mean).toBeAllclose((each[0]! + each[1]! + each[2]!) / 3, { rtol: 1e-5, atol: 1e-6 });
    }),
    { numRuns: 30 },
  );
});

test("its gradient is −q below the value and 1 − q above it, for each of several steps", () => {
  fc.assert(
    fc.property(pairs, (rows) => {
      fc.pre(rows.every(([y, ...said]) => said.every((value) => value !== y)));
      const targets = eachLevel(
        { data: Float32Array.from(rows.map(([value]) => value)), shape: [1, rows.length] },
        3,
      );
      const said = rows.flatMap(([, ...quantiles]) => quantiles);
      const slopes = tf.tidy(() => {
        const yTrue = tf.tensor(targets.data as Float32Array, [1, said.length]);
        const of = tf.grad((yPred: tf.Tensor) => tf.sum(loss(yTrue, yPred)));
        return Array.from(of(tf.tensor(said, [1, said.length])).dataSync());
      });
      const want = said.map((value, i) => {
        const q = BAND_LEVELS[i % 3]!;
        return (value < targets.data[i]! ? -q : 1 - q) / said.length;
      });
      expect(slopes).toBeAllclose(want, { rtol: 1e-6 });
    }),
    { numRuns: 30 },
  );
});
