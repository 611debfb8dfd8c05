import { tolerances } from "@rnnkit/test-kit/tolerances";
import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-backend-wasm";
import "@tensorflow/tfjs-layers";
import { rowActivations } from "@rnnkit/core-rnn";
import { grad, setBackend, type Tensor, tensor1d } from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { activationNames } from "./activation-names.ts";
import { activationOps } from "./activations.ts";

const near = tolerances.composed.activations;

test.each(
  ["cpu", "wasm"].flatMap((backend) => activationNames.map((name) => [name, backend] as const)),
)(
  "%s is the reference's on %s, and so is its gradient, at its bends too",
  async (name, backend) => {
    await setBackend(backend);
    const { apply, backward } = rowActivations[name];
    const x = Float64Array.of(-7.3, -3, -2.1, -1, -0.4, 0, 0.6, 1, 1.9, 3, 4.2, 6, 6.5);
    const dy = Float64Array.of(0.3, 2, -1, 0.7, 0.5, 1, 2, -3, -0.7, 1, 0.1, 4, 1);
    const [input, cotangent] = [x, dy].map((row) => tensor1d(Float32Array.from(row)));
    const run = (x: Tensor) => activationOps[name](x);
    expect(run(input!).dataSync()).toBeAllclose(apply(x), near);
    expect(grad(run)(input!, cotangent).dataSync()).toBeAllclose(backward(dy, x, apply(x)), near);
  },
);

test("hard_sigmoid's gradient is 0 where it begins to rise, and NaN where its input is", () => {
  const [start, none] = grad(activationOps.hard_sigmoid)(tensor1d([-3, Number.NaN])).dataSync();
  expect([start, none]).toEqual([0, Number.NaN]);
});
