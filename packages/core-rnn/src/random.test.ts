import { expect, test } from "vitest";
import { seededRandom } from "./random.ts";

test("a seed fixes the stream, and neighbouring or large seeds have others", () => {
  const start = (seed: number) => {
    const random = seededRandom(seed);
    return [random.uniform(), random.normal(), random.uint32()];
  };
  expect(start(5)).toEqual(start(5));
  const starts = [0, 1, 2, 2 ** 32, 2 ** 32 + 1, Number.MAX_SAFE_INTEGER].map(start);
  expect(new Set(starts.flat()).size).toBe(starts.length * 3);
});

test("uniform and normal have the moments of their distributions", () => {
  const random = seededRandom(11);
  const count = 200_000;
  const moments = (draw: () => number) => {
    const sums = [0, 0, 0, 0];
    for (let i = 0; i < count; i++) {
      const x = draw();
      for (let power = 0; power < 4; power++) sums[power] += x ** (power + 1) / count;
    }
    return sums;
  };
  // Five standard errors of the widest moment: 5·√(var/200000).
  expect(moments(random.uniform)).toBeAllclose([1 / 2, 1 / 3, 1 / 4, 1 / 5], { atol: 0.004 });
  expect(moments(random.normal)).toBeAllclose([0, 1, 0, 3], { atol: 0.11 });
});

test("every bit of uint32 is set half the time", () => {
  const random = seededRandom(3);
  const set = new Array(32).fill(0);
  for (let i = 0; i < 20_000; i++) {
    const x = random.uint32();
    for (let bit = 0; bit < 32; bit++) set[bit] += (x >>> bit) & 1;
  }
  // Standard deviation √5000 ≈ 71.
  for (const count of set) expect(Math.abs(count - 10_000)).toBeLessThan(5 * 71);
});

test("a seed that is no integer from 0 to 2^53-1 is refused", () => {
  for (const seed of [-1, 0.5, Number.NaN, 2 ** 53]) {
    expect(() => seededRandom(seed)).toThrow(`got ${seed}`);
  }
});
