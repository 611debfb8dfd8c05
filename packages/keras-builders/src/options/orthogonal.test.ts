import { tolerances } from "@rnnkit/test-kit/tolerances";
import "@tensorflow/tfjs-backend-cpu";
import { orthogonal as reference, seededRandom } from "@rnnkit/core-rnn";
import { matMul } from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { orthogonal } from "./orthogonal.ts";

test("a seeded matrix is core-rnn's of that seed, times gain", () => {
  const values = orthogonal({ gain: 2, seed: 11 }).apply([12, 48]).dataSync();
  expect(values).toBeAllclose(
    reference([12, 48], seededRandom(11), 2),
    tolerances.orthogonal.scaled,
  );
});

test("rows of a wide matrix are orthonormal, and without a seed no two are alike", () => {
  const initializer = orthogonal();
  const q = initializer.apply([6, 24]);
  const identity = Float32Array.from({ length: 36 }, (_, e) => (e % 7 === 0 ? 1 : 0));
  expect(matMul(q, q, false, true).dataSync()).toBeAllclose(identity, tolerances.orthogonal.scaled);
  expect(initializer.apply([6, 24]).dataSync()).not.toEqual(q.dataSync());
});

test("more than two axes are one matrix with the last axis as its columns", () => {
  const three = orthogonal({ seed: 3 }).apply([2, 3, 4]);
  expect(three.shape).toEqual([2, 3, 4]);
  expect(three.dataSync()).toEqual(orthogonal({ seed: 3 }).apply([6, 4]).dataSync());
});

test("a saved model names tfjs's own class, with gain and seed", () => {
  const initializer = orthogonal({ gain: 1.5, seed: 4 });
  const saved = { className: initializer.getClassName(), config: initializer.getConfig() };
  expect(saved).toEqual({ className: "Orthogonal", config: { gain: 1.5, seed: 4 } });
});
