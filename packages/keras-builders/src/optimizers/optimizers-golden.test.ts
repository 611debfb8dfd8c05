import { tolerances } from "@rnnkit/test-kit/tolerances";
import "@tensorflow/tfjs-layers";
import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-backend-wasm";
import { readFixture } from "@rnnkit/fixtures";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import { optimizerFrom, type Serialized, scheduleFrom } from "./keras-optimizer.fixture.ts";

const { cases, schedules, steps } = readFixture("optimizers.json") as {
  cases: (Serialized & { after: number[][] })[];
  schedules: (Serialized & { rates: number[] })[];
  steps: number[];
};
const [shapes, amplitudes, shown] = [
  [[2, 3], [3]],
  [2, 0.01],
  [2, 8],
];

/** As optimizers.py makes it. */
const wave = (shape: number[], k: number, times = 1): tf.Tensor =>
  tf.tensor(
    Array.from(
      { length: tf.util.sizeFromShape(shape) },
      (_, j) => times * Math.fround(0.5 * Math.sin(k * (j + 1))),
    ),
    shape,
  );

// Where the engine does not run: tfjs's cpu kernels under another name.
tf.registerBackend("unserved", () => tf.findBackendFactory("cpu")!());
tf.copyRegisteredKernels("cpu", "unserved");

describe.each(["wasm", "cpu", "unserved"])("on %s", (backend) => {
  test.each(cases.map((each) => [each.class_name, JSON.stringify(each.config), each] as const))(
    "%s %s: Keras's weights after two and eight steps",
    async (_, __, given) => {
      await tf.setBackend(backend);
      const weights = shapes.map((shape, i) => tf.variable(wave(shape, 0.9 + i)));
      const optimizer = optimizerFrom(given);
      const got: number[][] = [];
      for (let step = 0; step < Math.max(...shown); step++) {
        const gradients = weights.map(({ name }, i) => ({
          name,
          tensor: wave(shapes[i]!, 0.7 + 0.3 * step + i, 2 * amplitudes[i]!),
        }));
        optimizer.applyGradients(gradients);
        if (!shown.includes(step + 1)) continue;
        got.push(weights.flatMap((weight) => [...weight.dataSync()]));
      }
      for (const [i, values] of given.after.entries()) {
        expect(got[i]).toBeAllclose(values, tolerances.optimizers.keras);
      }
    },
  );
});

test.each(schedules.map((each) => [each.class_name, JSON.stringify(each.config), each] as const))(
  "%s %s: Keras's rates",
  (_, __, given) => {
    const rates = steps.map(scheduleFrom(given));
    expect(rates).toBeAllclose(given.rates, tolerances.optimizers.rates);
  },
);
