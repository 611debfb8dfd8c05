import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import { beforeEach, describe, expect, test } from "vitest";
import { keptOf } from "./masked-steps.ts";

describe.each(["wasm", "cpu"])("on %s", (backend) => {
  beforeEach(() => tf.setBackend(backend).then(() => {}));

  test("what is kept has its gradient though the mask was disposed before the backward pass", () => {
    const x = tf.tensor3d([1, 2, 3, 4], [1, 2, 2]);
    const before = tf.memory().numTensors;
    const dx = tf.grad((given) =>
      tf.tidy(() => keptOf(given, tf.logicalNot(tf.tensor3d([1, 0], [1, 2, 1], "bool")))),
    )(x, tf.tensor3d([5, 6, 7, 8], [1, 2, 2]));
    expect([...dx.dataSync()]).toEqual([0, 0, 7, 8]);
    tf.dispose(dx);
    // dy, which was made here, is what is left.
    expect(tf.memory().numTensors).toBe(before + 1);
  });
});
