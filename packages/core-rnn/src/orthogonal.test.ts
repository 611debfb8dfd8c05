import fc from "fast-check";
import { expect, test } from "vitest";
import { orthogonal } from "./orthogonal.ts";
import { seededRandom } from "./random.ts";

// Inner products of the columns, or of the rows where the matrix is wider than high.
function gram(q: Float64Array, rows: number, columns: number): Float64Array {
  const n = Math.min(rows, columns);
  const [step, along] = rows < columns ? [columns, 1] : [1, columns];
  const products = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      for (let t = 0; t < Math.max(rows, columns); t++) {
        products[i * n + j] += q[i * step + t * along] * q[j * step + t * along];
      }
    }
  }
  return products;
}

const identity = (n: number, scale = 1) =>
  Float64Array.from({ length: n * n }, (_, i) => (i % (n + 1) === 0 ? scale : 0));

test("the shorter side is orthonormal to 1e-14 for every shape", () => {
  const length = fc.integer({ min: 1, max: 40 });
  fc.assert(
    fc.property(length, length, fc.nat(), (rows, columns, seed) => {
      const q = orthogonal([rows, columns], seededRandom(seed));
      const expected = identity(Math.min(rows, columns));
      expect(gram(q, rows, columns)).toBeAllclose(expected, { rtol: 0, atol: 1e-14 });
    }),
  );
});

test("sizes beyond one cache segment keep that accuracy", () => {
  for (const [rows, columns] of [
    [130, 520],
    [300, 131],
    [257, 257],
  ] as const) {
    const q = orthogonal([rows, columns], seededRandom(2));
    const expected = identity(Math.min(rows, columns));
    expect(gram(q, rows, columns)).toBeAllclose(expected, { rtol: 0, atol: 5e-14 });
  }
});

test("gain scales: QᵀQ = gain²", () => {
  const q = orthogonal([5, 3], seededRandom(4), 1.5);
  expect(gram(q, 5, 3)).toBeAllclose(identity(3, 2.25), { rtol: 0, atol: 1e-14 });
});

test("a tall matrix is the transpose of the wide one from the same seed", () => {
  const wide = orthogonal([3, 7], seededRandom(9));
  const tall = orthogonal([7, 3], seededRandom(9));
  expect(tall).toEqual(wide.map((_, e) => wide[(e % 3) * 7 + Math.floor(e / 3)]));
});

test("square matrices are Haar distributed: the trace has mean 0, variance 1, fourth moment 3", () => {
  // For O(3), E tr = 0, E tr² = 1, E tr⁴ = 3; without the signs of R the mean is not 0.
  const random = seededRandom(21);
  const count = 20_000;
  let [first, second, fourth] = [0, 0, 0];
  for (let i = 0; i < count; i++) {
    const q = orthogonal([3, 3], random);
    const trace = q[0] + q[4] + q[8];
    first += trace / count;
    second += trace ** 2 / count;
    fourth += trace ** 4 / count;
  }
  expect([first, second]).toBeAllclose([0, 1], { rtol: 0, atol: 0.05 });
  expect(fourth).toBeAllclose(3, { rtol: 0, atol: 0.3 });
});

test("every entry of a wide matrix has mean 0 and variance 1/columns", () => {
  const random = seededRandom(22);
  const count = 10_000;
  const mean = new Float64Array(8);
  const square = new Float64Array(8);
  for (let i = 0; i < count; i++) {
    for (const [e, value] of orthogonal([2, 4], random).entries()) {
      mean[e] += value / count;
      square[e] += value ** 2 / count;
    }
  }
  expect(mean).toBeAllclose(new Float64Array(8), { atol: 0.03 });
  expect(square).toBeAllclose(new Float64Array(8).fill(1 / 4), { rtol: 0, atol: 0.015 });
});

test("lengths that are no positive integers are refused", () => {
  expect(() => orthogonal([0, 3], seededRandom(0))).toThrow(
    "orthogonal: expected rows to be a positive integer, got 0",
  );
});
