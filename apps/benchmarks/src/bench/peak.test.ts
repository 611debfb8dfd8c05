import { expect, test } from "vitest";
import { createPeakKernel, hasRelaxedSimd, kernelIsa } from "./peak.ts";

const isas = hasRelaxedSimd() ? (["simd128", "relaxed-simd"] as const) : (["simd128"] as const);

test.each(isas)("the %s peak kernel does multiply the matrices it is timed on", (isa) => {
  const { a, w, sums } = createPeakKernel(isa).product(3);
  const expected = Array.from({ length: 2 * 16 }, (_, at) => {
    const [row, column] = [Math.floor(at / 16), at % 16];
    let sum = 0;
    for (let k = 0; k < 64; k++) sum += a[row * 64 + k] * w[k * 16 + column];
    return 3 * sum;
  });
  expect(Math.max(...expected.map(Math.abs))).toBeGreaterThan(1);
  expect(sums).toBeAllclose(expected, { rtol: 0, ofLargest: 1e-6 });
});

test("a measurement is a speed", () => {
  const speed = createPeakKernel().measure();
  expect(speed).toBeGreaterThan(0);
  expect(Number.isFinite(speed)).toBe(true);
});

test("the kernel that fractions are of has fused multiply-add where the runtime, and so the engine, has it", () => {
  expect(kernelIsa()).toBe(hasRelaxedSimd() ? "relaxed-simd" : "simd128");
  const bits = (sums: Float32Array) => Array.from(sums);
  const usual = createPeakKernel().product(3).sums;
  expect(bits(usual)).toEqual(bits(createPeakKernel(kernelIsa()).product(3).sums));
  const fused = isas.at(-1)!;
  expect(bits(usual)).toEqual(bits(createPeakKernel(fused).product(3).sums));
});
