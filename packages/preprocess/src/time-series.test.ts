import { expect, test } from "vitest";
import { random } from "./random.ts";
import { generateTimeSeries } from "./time-series.ts";

test("without noise the series is the sine asked for", () => {
  const { data, shape } = generateTimeSeries({ length: 8, period: 4, amplitude: 3, noise: 0 });
  expect(shape).toEqual([8, 1]);
  expect(data).toBeAllclose([0, 3, 0, -3, 0, 3, 0, -3], { atol: 1e-6 });
});

test("noise has the deviation asked for, and mean 0", () => {
  const clean = generateTimeSeries({ length: 20_000, noise: 0 }).data;
  const noisy = generateTimeSeries({ length: 20_000, noise: 0.5, seed: 9 }).data;
  const noise = noisy.map((x, t) => x - clean[t]);
  const mean = noise.reduce((sum, x) => sum + x, 0) / noise.length;
  const deviation = Math.sqrt(noise.reduce((sum, x) => sum + (x - mean) ** 2, 0) / noise.length);
  // Four standard errors: 0.5/√20000 = 0.0035 for the mean, 0.0025 for the deviation.
  expect(Math.abs(mean)).toBeLessThan(0.014);
  expect(Math.abs(deviation - 0.5)).toBeLessThan(0.01);
});

test("a seed names one series; the series of a batch differ in phase", () => {
  expect(generateTimeSeries({ seed: 1 })).toEqual(generateTimeSeries({ seed: 1 }));
  expect(generateTimeSeries({ seed: 1 })).not.toEqual(generateTimeSeries({ seed: 2 }));
  const { data, shape } = generateTimeSeries({ batch: 2, length: 50, noise: 0 });
  expect(shape).toEqual([2, 50, 1]);
  const [first, second] = [data.subarray(0, 50), data.subarray(50)];
  expect(first).not.toEqual(second);
  // A whole period of a sine of amplitude 1 has mean square 1/2, whatever its phase.
  for (const row of [first, second]) {
    expect(row.reduce((sum, x) => sum + x * x, 0) / 50).toBeCloseTo(0.5, 5);
  }
});

test("bad numbers are refused by name", () => {
  const refuses = (options: object, message: string) =>
    expect(() => generateTimeSeries(options)).toThrow(`generateTimeSeries: ${message}`);
  refuses({ length: 0 }, "expected length to be an integer of at least 1, got 0");
  refuses({ batch: 1.5 }, "expected batch");
  refuses({ period: 0 }, "expected period to be positive, got 0");
  refuses({ noise: -1 }, "expected noise to be at least 0, got -1");
  refuses({ amplitude: Number.NaN }, "expected amplitude to be finite, got NaN");
  refuses({ seed: 0.5 }, "expected a seed that is an integer in [0, 2^32), got 0.5");
});

test("the generator is xoshiro128** after splitmix32, as computed by a program in Python integers", () => {
  const firstTwo = (seed: number) => {
    const draw = random("test", seed);
    return [draw.uniform(), draw.uniform()];
  };
  expect(firstTwo(0)).toEqual([0.41675133265905573, 0.5870561741002205]);
  expect(firstTwo(42)).toEqual([0.15377165265745885, 0.018084542542176507]);
  expect(firstTwo(2 ** 32 - 1)).toEqual([0.9555830018603452, 0.2682696548492096]);
});

test("the generator is uniform to the last bucket", () => {
  const draw = random("test", 42);
  const buckets = new Array(16).fill(0);
  for (let i = 0; i < 16_000; i++) buckets[draw.below(16)]++;
  // χ² with 15 degrees of freedom exceeds 44.3 once in 10,000 runs.
  const chi2 = buckets.reduce((sum, n) => sum + (n - 1000) ** 2 / 1000, 0);
  expect(chi2).toBeLessThan(44.3);
  expect(buckets.reduce((a, b) => a + b)).toBe(16_000);
});
