import "@tensorflow/tfjs-backend-cpu";
// Brings the gradients of tfjs's own operations, which tfjs-core leaves out.
import "@tensorflow/tfjs-layers";
import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { engineMemory } from "../engine-memory.ts";
import { lstm } from "../lstm.ts";

test("a call that needs more than 4 GB is refused, and the next call works", async () => {
  await tf.setBackend("cpu");
  const small = tf.ones([2, 3, 1]);
  const next = () => lstm(small, { kernel: tf.ones([1, 8]), recurrentKernel: tf.ones([2, 8]) });
  const before = next().outputs.dataSync();
  const [steps, units] = [40_000, 1000];
  const x = tf.zeros([8, steps, 1]);
  const weights = {
    kernel: tf.zeros([1, 4 * units]),
    recurrentKernel: tf.zeros([units, 4 * units]),
  };
  const loss = (kernel: tf.Tensor) =>
    tf.sum(lstm(x, { ...weights, kernel }, { returnSequences: false }).outputs);
  expect(() => tf.tidy(() => tf.grad(loss)(weights.kernel))).toThrow(
    /expected at most 4 GB of WebAssembly memory, got/,
  );
  expect(engineMemory()).toEqual({ used: 0, pending: 0 });
  expect(next().outputs.dataSync()).toEqual(before);
});
