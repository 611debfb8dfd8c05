import { expect, test } from "vitest";
import { gpuForTests } from "./gpu.fixture.ts";
import { checkProduct, measureGpuPeak } from "./gpu-peak.ts";

test("a product with a wrong element, or none, is no peak", () => {
  const [a, b] = [Float32Array.of(1, 2, 3, 4), Float32Array.of(5, 6, 7, 8)];
  const check = (byColumns: boolean, ...product: number[]) =>
    checkProduct({ a, b, byColumns }, Float32Array.from(product), 2);
  check(false, 19, 22, 43, 50);
  check(true, 26, 30, 38, 44);
  expect(() => check(true, 19, 22, 43, 50)).toThrow(/expected 26 in the product .*, got 19/);
  expect(() => check(false, Number.NaN, 22, 43, 50)).toThrow(/expected 19 .*, got NaN/);
});

const gpu = await gpuForTests();

test.skipIf(!gpu)("the peak is the fastest of all kernels, and can be measured again", async () => {
  const peak = await measureGpuPeak(gpu!, 128);
  const kernels = ["own tiles of 64", "own tiles of 128", "tfjs's matMul"];
  expect(Object.keys(peak.others)).toEqual(kernels);
  expect(peak.gflops).toBe(Math.max(...Object.values(peak.others)));
  expect(peak.others[peak.kernel]).toBe(peak.gflops);
  expect(await peak.measure()).toBeGreaterThan(0);
  peak.dispose();
});
