import fc from "fast-check";
import { expect, test } from "vitest";
import { activationNames, activations } from "./activations.ts";
import { checkGradients } from "./check-gradients.ts";
import { rowActivationNames, rowActivations } from "./row-activations.ts";

const { softmax, log_softmax: logSoftmax } = rowActivations;

test.each(rowActivationNames)("%s: the backward pass is the central difference", (name) => {
  const { apply, backward } = rowActivations[name];
  // Away from the kinks at 0, ±1, ±3 and 6.
  const x = Float64Array.of(-7.3, -2.1, -0.4, 0.6, 1.9, 4.2);
  const dy = Float64Array.of(0.3, -1, 0.5, 2, -0.7, 0.1);
  const loss = () => apply(x).reduce((sum, y, j) => sum + y * dy[j], 0);
  checkGradients(loss, { x }, { x: backward(dy, x, apply(x)) });
});

test("softmax of 0, ln 2, ln 5 is 1/8, 2/8, 5/8, and log_softmax its logarithm", () => {
  const x = Float64Array.of(0, Math.log(2), Math.log(5));
  expect(softmax.apply(x)).toBeAllclose([0.125, 0.25, 0.625], { rtol: 1e-15 });
  expect(logSoftmax.apply(x)).toBeAllclose([0.125, 0.25, 0.625].map(Math.log), { rtol: 1e-15 });
});

test("softmax is a distribution, the same for inputs that differ by a constant", () => {
  const row = fc.array(fc.double({ min: -1e3, max: 1e3, noNaN: true }), { minLength: 1 });
  fc.assert(
    fc.property(row, fc.double({ min: -1e3, max: 1e3, noNaN: true }), (values, constant) => {
      const y = softmax.apply(Float64Array.from(values));
      expect(y.every((share) => share >= 0)).toBe(true);
      expect(y.reduce((a, b) => a + b)).toBeAllclose(1, { rtol: 1e-12 });
      const moved = values.map((value) => value + constant);
      expect(softmax.apply(Float64Array.from(moved))).toBeAllclose(y, { rtol: 1e-9, atol: 1e-12 });
      expect(logSoftmax.apply(Float64Array.from(values)).every(Number.isFinite)).toBe(true);
    }),
  );
});

test("NaN in one unit is NaN in all of the row", () => {
  for (const { apply } of [softmax, logSoftmax]) {
    expect([...apply(Float64Array.of(1, Number.NaN, 2))]).toEqual([
      Number.NaN,
      Number.NaN,
      Number.NaN,
    ]);
  }
});

test("the others are activations, unit by unit", () => {
  const x = [-2, -0.5, 0, 1, 4];
  for (const name of activationNames) {
    expect([...rowActivations[name].apply(Float64Array.from(x))]).toEqual(
      x.map(activations[name].apply),
    );
  }
});
