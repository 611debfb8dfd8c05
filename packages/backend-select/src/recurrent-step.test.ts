import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-layers";
import { beforeAll, expect, test } from "vitest";
import { settle } from "./probe.ts";
import { recurrentSteps } from "./recurrent-step.ts";

const sizes = { batch: 3, steps: 5, inputSize: 4, units: 6 };
const cells = ["simpleRnn", "lstm", "gru"] as const;

beforeAll(async () => {
  await tf.setBackend("cpu");
});

async function numbersOf(step: unknown): Promise<number[][]> {
  const tensors = [step].flat() as tf.Tensor[];
  return Promise.all(tensors.map(async (tensor) => Array.from(await tensor.data())));
}

test.each(cells.flatMap((cell) => [true, false].map((training) => ({ cell, training }))))(
  "$cell, training $training: fused and composed are the same step, and leave nothing",
  async ({ cell, training }) => {
    const before = tf.memory().numTensors;
    const fused = await recurrentSteps({ cell, ...sizes, training });
    const composed = await recurrentSteps({ cell, ...sizes, training }, "composed");
    expect([fused.kind, composed.kind]).toEqual(["fused", "composed"]);
    const [ours, theirs] = [fused.step(), composed.step()];
    const [a, b] = [await numbersOf(ours), await numbersOf(theirs)];
    // Kernel, recurrent kernel, bias and head; or the predictions.
    expect(a).toHaveLength(training ? 4 : 1);
    expect(a.map(({ length }) => length)).toEqual(b.map(({ length }) => length));
    expect(a.flat().some((value) => value !== 0)).toBe(true);
    a.flat().forEach((value, i) => {
      expect(value).toBeCloseTo(b.flat()[i], 6);
    });
    await settle(ours, true);
    await settle(theirs, false);
    fused.end();
    composed.end();
    expect(tf.memory().numTensors).toBe(before);
  },
);
