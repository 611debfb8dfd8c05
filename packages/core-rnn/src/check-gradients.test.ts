import { expect, test } from "vitest";
import { checkGradients } from "./check-gradients.ts";

test("a right gradient passes, to 1e-10 on a smooth loss", () => {
  const x = Float64Array.of(0.3, -2, 40);
  const loss = () => Math.sin(x[0]) * Math.exp(x[1]) + Math.log(x[2]);
  const dx = Float64Array.of(Math.cos(0.3) * Math.exp(-2), Math.sin(0.3) * Math.exp(-2), 1 / 40);
  expect(checkGradients(loss, { x }, { x: dx }).worstError).toBeLessThan(1e-10);
});

test("a gradient wrong by one part in a million is named with both numbers", () => {
  const kernel = Float64Array.of(1, 2);
  const loss = () => kernel[0] ** 2 + kernel[1] ** 3;
  const gradient = Float64Array.of(2, 12 * (1 + 1e-6));
  expect(() => checkGradients(loss, { kernel }, { kernel: gradient })).toThrow(
    /expected the gradient of kernel\[1\] to be 1[12]\.[09]{9}\d*, got 12\.00001/,
  );
});

test("NaN in a gradient or in the loss is refused", () => {
  const x = Float64Array.of(1, 1);
  expect(() => checkGradients(() => x[0], { x }, { x: Float64Array.of(Number.NaN, 0) })).toThrow();
  expect(() => checkGradients(() => Number.NaN, { x }, { x: Float64Array.of(1, 0) })).toThrow();
});

test("values are put back, also when the loss throws", () => {
  const x = Float64Array.of(0.1);
  const boom = () => {
    throw new Error("boom");
  };
  expect(() => checkGradients(boom, { x }, { x: Float64Array.of(1) })).toThrow("boom");
  expect(x[0]).toBe(0.1);
});

test("a value without a gradient, or of another length, is refused before any work", () => {
  const x = Float64Array.of(1);
  const never = () => {
    throw new Error("called");
  };
  expect(() => checkGradients(never, { x }, {})).toThrow("expected a gradient for x, got none");
  expect(() => checkGradients(never, { x }, { x: new Float64Array(2) })).toThrow(
    "expected the gradient of x of shape [1], got 2 numbers",
  );
});
