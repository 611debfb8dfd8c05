import { selectBackend } from "@rnnkit/backend-select";
import { engineMemory } from "@rnnkit/fused-rnn";
import { expectNoTensorLeak } from "@rnnkit/test-kit";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, expect, test } from "vitest";
import { createProblem, differentiate, infer, parseShape, recurrentOps } from "./recurrent-ops.ts";

beforeAll(() => selectBackend({ require: "wasm" }));

const shape = { B: 2, T: 3, I: 4, H: 5, dx: true };

test("every fused kernel that is registered with tfjs is one that is benchmarked", async () => {
  const run = new Set<string>();
  for (const op of recurrentOps) {
    const problem = createProblem(op, shape, 1);
    const { kernelNames } = await tf.profile(() => ({ ...differentiate(problem) }));
    for (const name of kernelNames) run.add(name);
    problem.dispose();
  }
  const registered = tf
    .getKernelsForBackend("wasm")
    .map(({ kernelName }) => kernelName)
    .filter((name) => /RNN|LSTM|GRU/.test(name));
  expect(registered.length).toBeGreaterThanOrEqual(6);
  expect(registered.filter((name) => !run.has(name))).toEqual([]);
});

test("the same seed gives the same problem, another another, and nothing is left of it", async () => {
  await expectNoTensorLeak(() => {
    for (const op of recurrentOps) {
      const values = (seed: number) => {
        const problem = createProblem(op, shape, seed);
        const arrays = [problem.x, ...Object.values(problem.weights), problem.dOutputs].map(
          (tensor) => [...tensor!.dataSync()],
        );
        problem.dispose();
        return arrays;
      };
      expect(values(1)).toEqual(values(1));
      expect(values(1)).not.toEqual(values(2));
    }
  });
});

test("dx is computed only where the shape asks for it, the others are the same with and without", () => {
  for (const op of recurrentOps) {
    const withDx = createProblem(op, shape, 1);
    const without = createProblem(op, { ...shape, dx: false }, 1);
    tf.tidy(() => {
      const { dx, ...gradients } = differentiate(withDx);
      expect(dx?.shape).toEqual([2, 3, 4]);
      const others = differentiate(without);
      expect(Object.keys(others)).toEqual(["dKernel", "dRecurrentKernel", "dBias"]);
      for (const [name, tensor] of Object.entries(others)) {
        const same = gradients[name as keyof typeof gradients];
        expect(tensor.dataSync()).toEqual(same.dataSync());
      }
    });
    withDx.dispose();
    without.dispose();
  }
});

test("between forward and backward the engine holds what backward needs; inference holds nothing", () => {
  for (const op of recurrentOps) {
    const problem = createProblem(op, shape, 1);
    let held = 0;
    tf.tidy(() => {
      infer(problem);
      expect(engineMemory().used).toBe(0);
      differentiate(problem, () => {
        held = engineMemory().used;
      });
    });
    // At least every hidden state: B · T · H numbers.
    expect(held).toBeGreaterThanOrEqual(2 * 3 * 5 * 4);
    expect(engineMemory().used).toBe(0);
    problem.dispose();
  }
});

test("a shape is four whole numbers, with x or ×", () => {
  const read = { B: 32, T: 500, I: 1, H: 64, dx: true };
  expect(parseShape("32x500x1x64")).toEqual(read);
  expect(parseShape("32×500×1×64")).toEqual(read);
  for (const text of ["", "1x2x3", "1x2x3x0", "1x2x3x4x5", "1x2x3x-4", "1x2x3x1e3", "1x2x3x"]) {
    expect(() => parseShape(text)).toThrow("expected four whole numbers from 1 to 99999: BxTxIxH");
  }
});
