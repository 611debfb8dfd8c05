import { tolerances } from "@rnnkit/test-kit/tolerances";
import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-backend-wasm";
import { expectNoTensorLeak } from "@rnnkit/test-kit";
import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { adamUpdate } from "./adam-update.ts";
import { rmspropUpdate } from "./rmsprop-update.ts";

const near = tolerances.optimizers.equations;
const rmspropNumbers = { learningRate: 0.01, rho: 0.9, momentum: 0, epsilon: 1e-7 };

// Whatever the engine does not serve: tfjs's cpu kernels under another name.
tf.registerBackend("unserved", () => tf.findBackendFactory("cpu")!());
tf.copyRegisteredKernels("cpu", "unserved");

describe.each(["cpu", "wasm", "unserved"])("on %s", (backend) => {
  beforeEach(async () => {
    await tf.setBackend(backend);
  });

  test("RMSprop is its equations", () => {
    const [value, gradient] = [tf.tensor1d([1, 2, 3]), tf.tensor1d([0.5, 0, -2])];
    const meanSquare = tf.tensor1d([0.1, 0.2, 0.3]);
    const [w, v] = rmspropUpdate({ value, gradient, meanSquare }, rmspropNumbers);
    // 0.9·0.1 + 0.1·0.25 = 0.115, 0.9·0.2 = 0.18, 0.9·0.3 + 0.1·4 = 0.67
    expect(v.dataSync()).toBeAllclose([0.115, 0.18, 0.67], near);
    const step = (g: number, square: number) => (0.01 * g) / Math.sqrt(square + 1e-7);
    expect(w.dataSync()).toBeAllclose([1 - step(0.5, 0.115), 2, 3 + step(2, 0.67)], near);
    expect([...value.dataSync()]).toEqual([1, 2, 3]);
  });

  test("RMSprop with momentum repeats part of the last step", () => {
    const [value, gradient] = [tf.tensor1d([1]), tf.tensor1d([0])];
    const [meanSquare, moment] = [tf.tensor1d([1]), tf.tensor1d([0.5])];
    const numbers = { ...rmspropNumbers, momentum: 0.8 };
    const [w, , s] = rmspropUpdate({ value, gradient, meanSquare, moment }, numbers);
    expect(s.dataSync()).toBeAllclose([0.4], near);
    expect(w.dataSync()).toBeAllclose([0.6], near);
  });

  test("weights of any length are updated whole", () => {
    const numbers = fc.float({ min: -2, max: 2, noNaN: true });
    const weights = fc.array(fc.tuple(numbers, numbers, numbers), { minLength: 1, maxLength: 11 });
    fc.assert(
      fc.property(weights, (rows) => {
        const column = (i: number) => tf.tensor1d(rows.map((row) => row[i]!));
        tf.tidy(() => {
          const [value, gradient, meanSquare] = [column(0), column(1), tf.square(column(2))];
          const tensors = { value, gradient, meanSquare, moment: meanSquare };
          const [w, v, s] = rmspropUpdate(tensors, { ...rmspropNumbers, momentum: 0.5 });
          const squares = rows.map(([, g, x]) => 0.9 * x * x + 0.1 * g * g);
          const steps = rows.map(
            ([, g, x], i) => 0.5 * x * x + (0.01 * g) / Math.sqrt(squares[i]! + 1e-7),
          );
          expect(v.dataSync()).toBeAllclose(squares, near);
          expect(s.dataSync()).toBeAllclose(steps, near);
          expect(w.dataSync()).toBeAllclose(
            rows.map(([x], i) => x - steps[i]!),
            tolerances.optimizers.steps,
          );
        });
      }),
    );
  });

  test("Adam is its equations", () => {
    const [value, gradient] = [tf.tensor1d([1, 2]), tf.tensor1d([0.5, -2])];
    const [m, v] = [tf.tensor1d([0, 1]), tf.tensor1d([0, 4])];
    const numbers = { stepSize: 0.1, beta1: 0.9, beta2: 0.999, epsilon: 1e-7 };
    const [w, m2, v2] = adamUpdate({ value, gradient, m, v }, numbers);
    expect(m2.dataSync()).toBeAllclose([0.05, 0.7], near);
    expect(v2.dataSync()).toBeAllclose([0.00025, 4], near);
    const expected = [1 - (0.1 * 0.05) / (Math.sqrt(0.00025) + 1e-7), 2 - (0.1 * 0.7) / (2 + 1e-7)];
    expect(w.dataSync()).toBeAllclose(expected, near);
  });

  test("Adam with vHat divides by the largest v so far", () => {
    const [value, gradient] = [tf.tensor1d([1, 2]), tf.tensor1d([0.5, -2])];
    const [m, v, vHat] = [tf.tensor1d([0, 1]), tf.tensor1d([0, 4]), tf.tensor1d([0.09, 1])];
    const numbers = { stepSize: 0.1, beta1: 0.9, beta2: 0.999, epsilon: 1e-7 };
    const [w, m2, v2, vHat2] = adamUpdate({ value, gradient, m, v, vHat }, numbers);
    expect(m2.dataSync()).toBeAllclose([0.05, 0.7], near);
    expect(v2.dataSync()).toBeAllclose([0.00025, 4], near);
    expect(vHat2.dataSync()).toBeAllclose([0.09, 4], near);
    const expected = [1 - (0.1 * 0.05) / (0.3 + 1e-7), 2 - (0.1 * 0.7) / (2 + 1e-7)];
    expect(w.dataSync()).toBeAllclose(expected, near);
  });

  test("RMSprop with meanGradient divides by the deviation of the gradients", () => {
    const [value, gradient] = [tf.tensor1d([1, 2]), tf.tensor1d([0.5, 0])];
    const [meanSquare, meanGradient] = [tf.tensor1d([0.1, 0.2]), tf.tensor1d([0.3, 0.2])];
    const tensors = { value, gradient, meanSquare, meanGradient };
    const [w, v, a] = rmspropUpdate(tensors, rmspropNumbers);
    // 0.9·0.3 + 0.1·0.5 = 0.32 and 0.9·0.2 = 0.18
    expect(a.dataSync()).toBeAllclose([0.32, 0.18], near);
    expect(v.dataSync()).toBeAllclose([0.115, 0.18], near);
    const step = (0.01 * 0.5) / Math.sqrt(0.115 - 0.32 ** 2 + 1e-7);
    expect(w.dataSync()).toBeAllclose([1 - step, 2], near);
  });

  test("an update leaves nothing behind", async () => {
    const [value, gradient] = [tf.ones([50, 3]), tf.ones([50, 3])];
    const meanSquare = tf.zeros([50, 3]);
    await expectNoTensorLeak(() => {
      const results = rmspropUpdate({ value, gradient, meanSquare }, rmspropNumbers);
      expect(results.map(({ shape }) => shape)).toEqual([
        [50, 3],
        [50, 3],
      ]);
      tf.dispose(results);
    });
  });

  test.skipIf(backend === "unserved")(
    "a mean that only decays ends as 0, not as a denormal number",
    () => {
      const tiny = tf.tensor1d([1e-37, 1e-37, 0]);
      const weight = { value: tf.ones([3]), gradient: tf.tensor1d([0, 0, 1e-30]) };
      const [, v, s, a] = rmspropUpdate(
        { ...weight, meanSquare: tiny, moment: tiny, meanGradient: tiny },
        { ...rmspropNumbers, momentum: 0.9 },
      );
      const numbers = { stepSize: 0.1, beta1: 0.9, beta2: 0.999, epsilon: 1e-7 };
      const [, m2, v2, vHat] = adamUpdate({ ...weight, m: tiny, v: tiny, vHat: tiny }, numbers);
      for (const mean of [v, s, a, m2, v2, vHat]) expect([...mean.dataSync()]).toEqual([0, 0, 0]);
    },
  );

  test.skipIf(backend === "unserved").each([
    [1e-15, true, true],
    [1e-16, true, false],
    [1e-25, false, false],
  ])("a constant gradient of %s takes whole steps or none, without ε", (g, moves, movesAdam) => {
    const gradient = tf.fill([5], g);
    let [w, v] = [tf.zeros([5]), tf.zeros([5])];
    let [w2, m2, v2] = [w, v, v];
    for (let t = 1; t <= 100; t++) {
      [w, v] = rmspropUpdate(
        { value: w, gradient, meanSquare: v },
        { ...rmspropNumbers, epsilon: 0 },
      );
      const stepSize = (0.01 * Math.sqrt(1 - 0.999 ** t)) / (1 - 0.9 ** t);
      const numbers = { stepSize, beta1: 0.9, beta2: 0.999, epsilon: 0 };
      [w2, m2, v2] = adamUpdate({ value: w2, gradient, m: m2, v: v2 }, numbers);
    }
    // Adam's step is its rate; RMSprop's too, once its mean is full: 1 / √(1 - 0.9ᵗ) until then.
    const full = Array.from({ length: 100 }, (_, t) => 0.01 / Math.sqrt(1 - 0.9 ** (t + 1)));
    const far = moves ? -full.reduce((sum, step) => sum + step) : 0;
    expect(w.dataSync()).toBeAllclose(Array(5).fill(far), { rtol: 1e-4, atol: 0 });
    expect(w2.dataSync()).toBeAllclose(Array(5).fill(movesAdam ? -1 : 0), {
      rtol: 1e-4,
      atol: 0,
    });
  });
});

const numbers = fc.float({ min: -2, max: 2, noNaN: true });
/** A weight's value, gradient and slots, one element a row. */
const rows = fc.array(fc.tuple(numbers, numbers, numbers, numbers, numbers), {
  minLength: 1,
  maxLength: 11,
});

test.each([
  ["Adam", [], false],
  ["AMSGrad", [], true],
  ["RMSprop", ["meanSquare"], false],
  ["RMSprop with momentum", ["meanSquare", "moment"], false],
  ["centered RMSprop", ["meanSquare", "meanGradient"], false],
  ["centered RMSprop with momentum", ["meanSquare", "moment", "meanGradient"], false],
] as const)("%s: one kernel is the operations that compose it", async (_, slots, hat) => {
  await fc.assert(
    fc.asyncProperty(rows, async (all) => {
      const results = async (backend: string) => {
        await tf.setBackend(backend);
        return tf.tidy(() => {
          const column = (i: number) => tf.tensor1d(all.map((row) => row[i]!));
          const weight = { value: column(0), gradient: column(1) };
          const squared = tf.square(column(2));
          if (slots.length === 0) {
            const more = hat && { vHat: tf.square(column(4)) };
            const moments = { m: column(3), v: squared, ...more };
            const adamNumbers = { stepSize: 0.1, beta1: 0.9, beta2: 0.99, epsilon: 1e-3 };
            return adamUpdate({ ...weight, ...moments }, adamNumbers).map((t) => t.dataSync());
          }
          // A mean of gradients whose square is not above the mean of their squares.
          const given: Partial<Record<(typeof slots)[number], tf.Tensor>> = {
            meanSquare: squared,
            moment: column(3),
            meanGradient: tf.mul(column(2), 0.5),
          };
          const own = Object.fromEntries(slots.map((slot) => [slot, given[slot]!]));
          const updated = { ...weight, meanSquare: squared, ...own };
          const options = { learningRate: 0.01, rho: 0.9, momentum: 0.5, epsilon: 1e-3 };
          return rmspropUpdate(updated, options).map((t) => t.dataSync());
        });
      };
      const composed = await results("unserved");
      expect(composed).toHaveLength(slots.length === 0 ? (hat ? 4 : 3) : slots.length + 1);
      for (const backend of ["cpu", "wasm"]) {
        const fused = await results(backend);
        for (const [i, values] of composed.entries()) {
          expect(fused[i]).toBeAllclose(values, tolerances.optimizers.composed);
        }
      }
    }),
    { numRuns: 40 },
  );
});
