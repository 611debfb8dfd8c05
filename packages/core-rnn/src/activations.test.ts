import { expect, test } from "vitest";
import { activationNames, activations } from "./activations.ts";
import { checkGradients } from "./check-gradients.ts";

for (const name of activationNames) {
  test(`${name}: the derivative is the central difference`, () => {
    const { apply, derivative } = activations[name];
    // Away from the kinks at 0, ±2.5 and ±3.
    for (const at of [-7.3, -2.1, -0.4, 0.6, 1.9, 4.2]) {
      const x = Float64Array.of(at);
      const dx = Float64Array.of(derivative(at, apply(at)));
      checkGradients(() => apply(x[0]), { x }, { x: dx });
    }
  });

  test(`${name}: NaN stays NaN`, () => {
    expect(activations[name].apply(Number.NaN)).toBeNaN();
  });
}

// keras.activations at x = -2, -0.5, 0, 1, 4, from the definitions on the Keras page.
const e = Math.E;
const expected = {
  relu: [0, 0, 0, 1, 4],
  linear: [-2, -0.5, 0, 1, 4],
  hard_sigmoid: [1 / 6, 2.5 / 6, 0.5, 4 / 6, 1],
  // Keras 2: max(0, min(1, 0.2x + 0.5))
  hard_sigmoid_keras2: [0.1, 0.4, 0.5, 0.7, 1],
  elu: [e ** -2 - 1, e ** -0.5 - 1, 0, 1, 4],
  leaky_relu: [-0.4, -0.1, 0, 1, 4],
  softsign: [-2 / 3, -1 / 3, 0, 0.5, 0.8],
  exponential: [e ** -2, e ** -0.5, 1, e, e ** 4],
  softplus: [-2, -0.5, 0, 1, 4].map((x) => Math.log(1 + e ** x)),
  // x·Φ(x), Φ from tables of the normal distribution (15 digits)
  gelu: [
    -2 * 0.0227501319481792,
    -0.5 * 0.308537538725987,
    0,
    0.841344746068543,
    4 * 0.999968328758167,
  ],
  silu: [-2, -0.5, 0, 1, 4].map((x) => x / (1 + e ** -x)),
  relu6: [0, 0, 0, 1, 4],
  celu: [e ** -2 - 1, e ** -0.5 - 1, 0, 1, 4],
  hard_silu: [-2 / 6, -1.25 / 6, 0, 4 / 6, 4],
  hard_tanh: [-1, -0.5, 0, 1, 1],
  log_sigmoid: [-2, -0.5, 0, 1, 4].map((x) => -Math.log(1 + e ** -x)),
  // tanh(log(1 + eˣ)) = ((1 + eˣ)² - 1) / ((1 + eˣ)² + 1)
  mish: [-2, -0.5, 0, 1, 4].map((x) => {
    const square = (1 + e ** x) ** 2;
    return (x * (square - 1)) / (square + 1);
  }),
  tanh_shrink: [-2, -0.5, 0, 1, 4].map((x) => x - Math.tanh(x)),
} as const;

test("values at -2, -0.5, 0, 1, 4 are those of the definitions", () => {
  for (const [name, values] of Object.entries(expected)) {
    const { apply } = activations[name as keyof typeof expected];
    expect([-2, -0.5, 0, 1, 4].map(apply)).toBeAllclose([...values], { rtol: 1e-14, atol: 1e-15 });
  }
});

// keras.activations 3.15.1 on TensorFlow, by GradientTape.
test.each([
  ["relu", { 0: 0 }],
  ["relu6", { 0: 0, 6: 0 }],
  ["elu", { 0: 1 }],
  ["selu", { 0: 1.0507009873554805 }],
  ["leaky_relu", { 0: 0.2 }],
  ["hard_sigmoid", { [-3]: 0, 3: 0 }],
  ["hard_silu", { [-3]: 0, 3: 1 }],
  ["hard_tanh", { [-1]: 1, 1: 1 }],
  ["softsign", { 0: 1 }],
  ["silu", { 0: 0.5, 1e30: 1 }],
  // Keras has 2, the slopes of both of its parts.
  ["celu", { 0: 1 }],
] as const)("where %s bends, its slope is Keras's", (name, slopes) => {
  const { apply, derivative } = activations[name];
  for (const [x, slope] of Object.entries(slopes)) {
    expect([x, derivative(Number(x), apply(Number(x)))]).toEqual([x, slope]);
  }
});

test("no activation overflows on the way to a finite value", () => {
  for (const name of activationNames) {
    const { apply, derivative } = activations[name];
    for (const x of [-800, 800]) {
      if (name === "exponential" && x > 0) continue;
      expect([name, x, Number.isFinite(apply(x))]).toEqual([name, x, true]);
      expect([name, x, Number.isFinite(derivative(x, apply(x)))]).toEqual([name, x, true]);
    }
  }
});

test("selu keeps mean 0 and variance 1 of a normal input, which fixes its two constants", () => {
  const { apply } = activations.selu;
  let [mean, square] = [0, 0];
  const dx = 1e-3;
  for (let x = -12; x < 12; x += dx) {
    const density = (Math.exp(-0.5 * x * x) / Math.sqrt(2 * Math.PI)) * dx;
    mean += density * apply(x);
    square += density * apply(x) ** 2;
  }
  expect([mean, square]).toBeAllclose([0, 1], { atol: 1e-6 });
});

test("gelu keeps its relative accuracy far out: -12·Φ(-12)", () => {
  // Φ(-12) = 1.776482112077679e-33
  const got = activations.gelu.apply(-12);
  expect(got).toBeAllclose(-12 * 1.776482112077679e-33, { rtol: 1e-13, atol: 0 });
});
