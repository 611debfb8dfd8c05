import { seededRandom, weightShapes } from "@rnnkit/core-rnn";
import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-cpu";
import { hasDawn, startWebGPU } from "@rnnkit/test-kit/dawn";
import { afterEach, describe, expect, test } from "vitest";
import { lstm } from "../lstm.ts";
import { factsOf, setRowUnits } from "./device-facts.ts";
import { registerWebGPUKernels, tuneWebGPUKernels } from "./index.ts";
import { limitOf } from "./tune.ts";

afterEach(() => tf.setBackend("cpu"));

const times = (...pairs: [units: number, rowsMs: number, stepsMs: number][]) =>
  pairs.map(([units, rowsMs, stepsMs]) => ({ units, rowsMs, stepsMs }));

test("the limit lies between the last size that rows are faster at and the first that they are not", () => {
  expect(limitOf(times([32, 1, 2], [128, 2, 2], [512, 9, 3]))).toBe(256);
  expect(limitOf(times([32, 1, 2], [64, 3, 2], [128, 1, 2]))).toBe(45);
  expect(limitOf(times([32, 1, 2], [64, 1, 2]))).toBe(64);
  expect(limitOf(times([32, 3, 2], [64, 1, 2]))).toBe(0);
});

test.each([
  [
    { unit: [4] },
    TypeError,
    /tuneWebGPUKernels: expected options .* got unit; did you mean units\?/,
  ],
  [{ units: 4 }, TypeError, /expected units as an array of sizes, got 4/],
  [{ units: [] }, TypeError, /expected units as an array of sizes, got \[\]/],
  [{ units: [513] }, RangeError, /expected units of whole numbers from 1 to 512, got 513/],
  [{ batch: 0 }, RangeError, /expected batch of whole numbers from 1 to 65535, got 0/],
  [{ steps: 1.5 }, RangeError, /expected steps of whole numbers .* got 1.5/],
  [{ rounds: null }, RangeError, /expected rounds of whole numbers .* got null/],
])("options %o are refused before any work", async (options, kind, message) => {
  await expect(tuneWebGPUKernels(options as never)).rejects.toThrow(kind);
  await expect(tuneWebGPUKernels(options as never)).rejects.toThrow(message);
});

test("another backend than webgpu is refused by name", async () => {
  await tf.setBackend("cpu");
  await expect(tuneWebGPUKernels()).rejects.toThrow(
    /tuneWebGPUKernels: expected tfjs's backend to be webgpu, got cpu/,
  );
});

describe.skipIf(!hasDawn)("on a device", () => {
  test("what was measured decides how calls run from then on, and no bit of them", async () => {
    const device = await startWebGPU();
    registerWebGPUKernels();
    await tf.setBackend("webgpu");
    const outputs = async () => {
      const result = tf.tidy(() => {
        const random = seededRandom(3);
        const normal = (shape: readonly number[]) => {
          const size = shape.reduce((product, n) => product * n);
          return tf.tensor(Float32Array.from({ length: size }, random.normal), [...shape]);
        };
        const { kernel, recurrentKernel, bias } = weightShapes("lstm", 3, 6);
        const weights = {
          ...{ kernel: normal(kernel), recurrentKernel: normal(recurrentKernel) },
          bias: normal(bias),
        };
        return lstm(normal([3, 4, 3]), weights).outputs;
      });
      const values = (await result.data()).slice();
      result.dispose();
      return values;
    };
    const numbers = () => [tf.memory().numTensors, tf.backend().numDataIds()];
    const byWay: ArrayLike<number>[] = [];
    for (const limit of [0, 6]) {
      setRowUnits(device, limit);
      byWay.push(await outputs());
    }
    expect(byWay[1]).toEqual(byWay[0]);
    const before = numbers();
    const tuned = await tuneWebGPUKernels({ units: [6, 3], batch: 2, steps: 3, rounds: 1 });
    expect(numbers()).toEqual(before);
    expect(tuned.times.map(({ units }) => units)).toEqual([3, 6]);
    for (const { rowsMs, stepsMs } of tuned.times) {
      expect(Math.min(rowsMs, stepsMs)).toBeGreaterThan(0);
      expect(Math.max(rowsMs, stepsMs)).toBeLessThan(Number.POSITIVE_INFINITY);
    }
    expect(tuned.unitsByRows).toBe(limitOf(tuned.times));
    expect(factsOf(device).mostRowUnits).toBe(tuned.unitsByRows);
    expect(await outputs()).toEqual(byWay[0]);
    await expect(tuneWebGPUKernels({ units: [512], batch: 64 })).rejects.toThrow(
      /expected a batch that runs by rows at 512 units, got 64/,
    );
    expect(factsOf(device).mostRowUnits).toBe(tuned.unitsByRows);
  });
});
