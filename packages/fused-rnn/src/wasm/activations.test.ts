import { activations } from "@rnnkit/core-rnn";
import { expect, test } from "vitest";
import { type FusedActivation, fusedActivations } from "../activation-names.ts";
import { getInstance } from "./instance.ts";

/** kind(x) as the kernels compute it. */
function fused(kind: FusedActivation, x: Float32Array): Float32Array {
  const { heap, kernels } = getInstance();
  const padded = Math.ceil(x.length / 4) * 4;
  const address = heap.allocate(padded * 4);
  heap.f32().set(x, address / 4);
  kernels.activateBuffer(fusedActivations.indexOf(kind), address, padded);
  const y = heap.f32().slice(address / 4, address / 4 + x.length);
  heap.release(address);
  return y;
}

/** Every 2053rd bit pattern of a float: all exponents, both signs, denormals; no infinity or NaN. */
const everywhere = Float32Array.from(
  new Float32Array(Uint32Array.from({ length: 2 ** 21 }, (_, i) => i * 2053).buffer),
).filter(Number.isFinite);

/** The range in which σ and tanh move, densely. */
const dense = Float32Array.from({ length: 400_001 }, (_, i) => (i - 200_000) / 10_000);

test.each(["tanh", "sigmoid"] as const)("%s is within 2e-7 over the whole float range", (kind) => {
  for (const x of [everywhere, dense]) {
    const y = fused(kind, x);
    let worst = 0;
    for (let i = 0; i < x.length; i++) {
      worst = Math.max(worst, Math.abs(y[i] - activations[kind].apply(x[i])));
    }
    expect(worst).toBeLessThanOrEqual(2e-7);
  }
});

test("tanh keeps its relative accuracy at zero", () => {
  const x = Float32Array.from({ length: 1000 }, (_, i) => 10 ** (-i / 30));
  expect(fused("tanh", x)).toBeAllclose(x.map(Math.tanh), { rtol: 4e-7, atol: 0 });
});

const { POSITIVE_INFINITY: inf, NaN: nan } = Number;
const limits: Record<FusedActivation, [number, number]> = {
  linear: [-inf, inf],
  tanh: [-1, 1],
  sigmoid: [0, 1],
  relu: [0, inf],
  hard_sigmoid: [0, 1],
  elu: [-1, inf],
  selu: [Math.fround(-1.0507009873554805 * 1.6732632423543772), inf],
  softplus: [0, inf],
  softsign: [-1, 1],
  exponential: [0, inf],
  hard_sigmoid_keras2: [0, 1],
};

test.each(fusedActivations)("%s has its limits at ±Infinity, and NaN for NaN", (kind) => {
  const [low, high, of] = fused(kind, Float32Array.of(-inf, inf, nan));
  expect(low).toBeCloseTo(limits[kind][0], 6);
  expect(high).toBe(limits[kind][1]);
  expect(of).toBeNaN();
});

test.each(fusedActivations)("%s agrees with the float64 reference to 3e-7", (kind) => {
  const x = dense.map((value) => value * 4);
  const expected = Float64Array.from(x, (value) => activations[kind].apply(value));
  expect(fused(kind, x)).toBeAllclose(expected, { rtol: 3e-7, atol: 2e-7 });
});
