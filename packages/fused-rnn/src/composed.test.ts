import { rowActivationNames, rowActivations, seededRandom } from "@rnnkit/core-rnn";
import { tolerances } from "@rnnkit/test-kit/tolerances";
import * as tf from "@tensorflow/tfjs-core";
import { beforeEach, describe, expect, test } from "vitest";
import { composedEngine } from "./composed.ts";
import {
  drawnShape,
  numbersOf,
  plain,
  run,
  shapeOf,
  tensorsOf,
  valuesOf,
} from "./conformance/call.fixture.ts";
import { engineConformance } from "./engine-conformance.fixture.ts";
import { simpleRnn } from "./index.ts";

for (const backend of ["cpu", "wasm"]) {
  // Beside float64, a sum that cancels is as inexact in tfjs's order as in the engine's.
  const row = { ...tolerances.composed, outputs: tolerances.wasm.outputs };
  engineConformance({ engine: composedEngine, backend, tolerances: row, isSlow: true });
}

const [I, H] = [4, 6];
const random = seededRandom(7);
const normal = (...shape: number[]) =>
  tf.tensor(
    Float32Array.from({ length: tf.util.sizeFromShape(shape) }, () => 0.7 * random.normal()),
    shape,
  );

describe.each(["cpu", "wasm"])("composed on %s", (backend) => {
  beforeEach(async () => {
    await tf.setBackend(backend);
  });

  test("a masked sequence is read backwards as the engine reads it", async () => {
    const drawn = { ...plain, mask: "random" as const, initialState: true };
    const shape = drawnShape(shapeOf("lstm", { goBackwards: true }), drawn);
    for (let seed = 0; seed < 20; seed++) {
      const inputs = tensorsOf(shape, numbersOf(shape, { ...drawn, seed }));
      const [got] = composedEngine.forward([{ who: "composed", shape, inputs }]);
      const [wanted] = await valuesOf(run(shape, inputs));
      expect(got.outputs.dataSync()).toBeAllclose(wanted, tolerances.composed.outputs);
    }
  });

  test("a sequence of one step has a gradient", () => {
    const gelu = { activation: "gelu" } as const;
    const weights = { kernel: normal(I, H), recurrentKernel: normal(H, H) };
    const sum = (x: tf.Tensor) => tf.sum(simpleRnn(x, weights, gelu).outputs);
    const [x, other] = [normal(1, 1, I), normal(1, 1, I)];
    const slope = tf.sum(tf.mul(tf.grad(sum)(x), other)).dataSync()[0];
    const at = (step: number) => sum(tf.add(x, tf.mul(other, step))).dataSync()[0];
    expect(slope).toBeAllclose((at(0.01) - at(-0.01)) / 0.02, { rtol: 0.01, atol: 1e-3 });
  });

  test.each(rowActivationNames)("%s is the reference's, and so is its gradient", (activation) => {
    const { apply, backward } = rowActivations[activation];
    // Away from the kinks at 0, 1, 3 and 6.
    const points = Float64Array.of(-7.3, -2.1, -0.4, 0.6, 1.9, 4.2, 6.5);
    const dy = Float64Array.of(0.3, -1, 0.5, 2, -0.7, 0.1, 1);
    const n = points.length;
    const weights = { kernel: tf.eye(n), recurrentKernel: tf.zeros([n, n]) };
    const [x, cotangent] = [points, dy].map((row) => tf.tensor3d([...row], [1, 1, n]));
    const row = (input: tf.Tensor) => simpleRnn(input, weights, { activation }).outputs;
    const near = { rtol: 2e-6, atol: 1e-6 };
    expect(row(x).dataSync()).toBeAllclose(apply(points), near);
    const dx = backward(dy, points, apply(points));
    expect(tf.grad(row)(x, cotangent).dataSync()).toBeAllclose(dx, near);
  });
});
