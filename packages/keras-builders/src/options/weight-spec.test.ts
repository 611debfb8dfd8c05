import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import { regularizers } from "@tensorflow/tfjs-layers";
import { expect, test } from "vitest";
import { regularizer } from "./weight-spec.ts";

test.each(["cpu", "wasm"])(
  "d/dw of l1·|w| + l2·w² is 0 at w = 0, as Keras's, on %s",
  async (backend) => {
    await tf.setBackend(backend);
    const w = tf.tensor1d([-2, 0, 3]);
    const cost = regularizer(regularizers.l1l2({ l1: 0.1, l2: 0.2 }))!;
    expect(cost.apply(w).dataSync()).toBeAllclose([0.1 * 5 + 0.2 * 13], { rtol: 1e-6 });
    const gradient = tf.grad((v) => cost.apply(v))(w);
    expect(gradient.dataSync()).toBeAllclose([-0.1 - 0.8, 0, 0.1 + 1.2], { rtol: 1e-6 });
    const l1 = tf.grad((v) => regularizer("l1")!.apply(v))(w);
    expect(l1.dataSync()).toBeAllclose([-0.01, 0, 0.01], { rtol: 1e-6 });
  },
);

test("a regularizer of another class stays what it is", () => {
  class Other extends (Object.getPrototypeOf(regularizers.l1().constructor) as new () => object) {
    static className = "Other";
    apply = (w: tf.Tensor) => tf.sum(w);
    getConfig = () => ({});
  }
  const other = new Other() as never;
  expect(regularizer(other)).toBe(other);
});
