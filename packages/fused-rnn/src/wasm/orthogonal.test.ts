import { type Random, orthogonal as reference, seededRandom } from "@rnnkit/core-rnn";
import { tolerances } from "@rnnkit/test-kit/tolerances";
import fc from "fast-check";
import { afterEach, expect, test, vi } from "vitest";
import { getInstance } from "./instance.ts";
import { orthogonal } from "./orthogonal.ts";

afterEach(() => vi.restoreAllMocks());

/** Inner products of the columns, or of the rows where the matrix is wider than high. */
function gram(q: Float32Array, rows: number, columns: number): Float64Array {
  const [n, m] = rows < columns ? [rows, columns] : [columns, rows];
  const [step, along] = rows < columns ? [columns, 1] : [1, columns];
  const vectors = Float64Array.from({ length: n * m }, (_, e) => {
    return q[Math.floor(e / m) * step + (e % m) * along];
  });
  const products = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = 0;
      for (let t = 0; t < m; t++) sum += vectors[i * m + t] * vectors[j * m + t];
      products[i * n + j] = sum;
      products[j * n + i] = sum;
    }
  }
  return products;
}

const identity = (n: number, scale = 1) =>
  Float64Array.from({ length: n * n }, (_, i) => (i % (n + 1) === 0 ? scale : 0));

test.each([
  [1, 1],
  [5, 20],
  [33, 132],
  [64, 256],
  [300, 131],
  [257, 257],
  [256, 1024],
  [512, 512],
])("the shorter side of [%d, %d] is orthonormal to 1e-6", (rows, columns) => {
  const q = orthogonal([rows, columns], seededRandom(2));
  const expected = identity(Math.min(rows, columns));
  expect(gram(q, rows, columns)).toBeAllclose(expected, tolerances.orthogonal.matrices);
});

test("every shape is core-rnn's float64 matrix of the same seed to 1e-6, whatever memory held", () => {
  const length = fc.integer({ min: 1, max: 150 });
  const { heap } = getInstance();
  fc.assert(
    fc.property(length, length, fc.nat(), (rows, columns, seed) => {
      const region = heap.allocate(1 << 20);
      heap.f32().fill(Number.NaN, region / 4, (region + (1 << 20)) / 4);
      heap.release(region);
      const q = orthogonal([rows, columns], seededRandom(seed), 1.5);
      const expected = reference([rows, columns], seededRandom(seed), 1.5);
      expect(q).toBeAllclose(expected, tolerances.orthogonal.matrices);
    }),
  );
});

test("gain scales: QᵀQ = gain²", () => {
  const q = orthogonal([50, 30], seededRandom(4), -1.5);
  expect(gram(q, 50, 30)).toBeAllclose(identity(30, 2.25), tolerances.orthogonal.scaled);
});

test("a seed gives the same bits again, and the stream goes on after it", () => {
  const draw = (random: Random) => orthogonal([9, 70], random);
  const random = seededRandom(8);
  const first = draw(random);
  expect(draw(seededRandom(8))).toEqual(first);
  expect(draw(random)).not.toEqual(first);
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

test("a call gives its memory back, also one that fails on the way", () => {
  const { heap } = getInstance();
  const mark = heap.used();
  orthogonal([40, 160], seededRandom(1));
  expect(heap.used()).toBe(mark);
  let draws = 0;
  const failing: Random = {
    ...seededRandom(1),
    normal() {
      if (++draws > 1000) throw new Error("no entropy left");
      return draws;
    },
  };
  expect(() => orthogonal([40, 160], failing)).toThrow("no entropy left");
  expect(heap.used()).toBe(mark);
});

test("lengths that are no positive integers, and more than 4 GB, are refused before a draw", () => {
  const random = seededRandom(0);
  expect(() => orthogonal([0, 3], random)).toThrow(
    "orthogonal: expected rows to be a positive integer, got 0",
  );
  expect(() => orthogonal([3, 2.5], random)).toThrow(
    "orthogonal: expected columns to be a positive integer, got 2.5",
  );
  expect(() => orthogonal([2 ** 15, 2 ** 15], random)).toThrow("expected at most 4 GB");
  expect(orthogonal([3, 3], random)).toEqual(orthogonal([3, 3], seededRandom(0)));
});

test("without SIMD it is core-rnn's", async () => {
  vi.spyOn(WebAssembly, "validate").mockReturnValue(false);
  vi.resetModules();
  const plain = await import("./orthogonal.ts");
  const expected = Float32Array.from(reference([4, 6], seededRandom(5), 2));
  expect(plain.orthogonal([4, 6], seededRandom(5), 2)).toEqual(expected);
});
