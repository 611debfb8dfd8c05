import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { withKerasRnn } from "./stock-under-mask.ts";

test.each(["cpu", "wasm"])(
  "on %s a stock recurrence from a state puts out 0 before its first kept step, and nowhere else",
  async (backend) => {
    await tf.setBackend(backend);
    const [T, skipped] = [600, 20];
    const layer = { returnSequences: true, goBackwards: false, stateful: true } as never;
    const call = withKerasRnn(layer, (inputs) => tf.onesLike(inputs[0]!));
    const mask = tf.tensor2d(
      Array.from({ length: T }, (_, t) => Number(t >= skipped)),
      [1, T],
      "bool",
    );
    const y = call([tf.ones([1, T, 1])], { mask }) as tf.Tensor;
    const wanted = Float32Array.from({ length: T }, (_, t) => Number(t >= skipped));
    expect(y.dataSync()).toEqual(wanted);
  },
);
