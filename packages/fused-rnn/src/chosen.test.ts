import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-backend-wasm";
// Brings the gradients of tfjs's own operations, which tfjs-core leaves out.
import "@tensorflow/tfjs-layers";
import * as tf from "@tensorflow/tfjs-core";
import { beforeEach, describe, expect, test } from "vitest";
import { chosen } from "./chosen.ts";

describe.each(["wasm", "cpu"])("on %s", (backend) => {
  beforeEach(() => tf.setBackend(backend).then(() => {}));

  test("what is kept has its gradient though the mask was disposed before the backward pass", () => {
    const x = tf.tensor3d([1, 2, 3, 4], [1, 2, 2]);
    const before = tf.memory().numTensors;
    const dx = tf.grad((given) =>
      tf.tidy(() => chosen(tf.logicalNot(tf.tensor3d([1, 0], [1, 2, 1], "bool")), given)),
    )(x, tf.tensor3d([5, 6, 7, 8], [1, 2, 2]));
    expect([...dx.dataSync()]).toEqual([0, 0, 7, 8]);
    tf.dispose(dx);
    // dy, which was made here, is what is left.
    expect(tf.memory().numTensors).toBe(before + 1);
  });

  test("it is where, and its gradient, of shapes that are spread over each other, but for a NaN elsewhere", () => {
    const kept = tf.tensor([1, 0, 1], [1, 3, 1], "bool");
    const a = tf.tensor([1, 2], [2, 1, 1]);
    const b = tf.tensor([3, 4, 5, 6], [1, 1, 4]);
    expect([...chosen(kept, a, b).dataSync()]).toEqual([...tf.where(kept, a, b).dataSync()]);
    const dy = tf.randomUniform([2, 3, 4], -1, 1, "float32", 1);
    const [ours, theirs] = [chosen, tf.where].map((op) =>
      tf
        .grads((a, b) => op(kept, a, b))([a, b], dy)
        .map((d) => [...d.dataSync()]),
    );
    expect(ours).toEqual(theirs);
    const lost = tf.where(kept, dy, tf.fill(dy.shape, Number.NaN));
    const [da] = tf.grads((a, b) => chosen(kept, a, b))([a, b], lost);
    expect([...da!.dataSync()]).toEqual(theirs![0]);
  });
});
