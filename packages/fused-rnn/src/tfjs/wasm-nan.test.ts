import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-backend-wasm";
import { expectNoTensorLeak } from "@rnnkit/test-kit";
import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import { registerKernels } from "./register.ts";

beforeAll(async () => {
  registerKernels();
  await tf.setBackend("wasm");
});

const number = fc.oneof(
  fc.constantFrom(Number.NaN, 0, -0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY),
  fc.float({ min: -10, max: 10, noNaN: true }),
);

/** What an operation gives on both backends, of the same numbers. */
async function onBoth(run: () => tf.Tensor): Promise<[wasm: number[], cpu: number[]]> {
  const numbers = (): number[] =>
    tf.tidy(() => [...run().dataSync()].map((v) => (v === 0 ? 0 : v)));
  const wasm = numbers();
  await tf.setBackend("cpu");
  const cpu = numbers();
  await tf.setBackend("wasm");
  return [wasm, cpu];
}

const ofOne: Record<string, (x: tf.Tensor) => tf.Tensor> = {
  clipByValue: (x) => tf.clipByValue(x, -1, 2),
  relu6: tf.relu6,
  "relu in a product": (x) => tf.fused.matMul({ a: asRows(x), b: identity(), activation: "relu" }),
  "relu6 in a product": (x) =>
    tf.fused.matMul({ a: asRows(x), b: identity(), activation: "relu6" }),
  "elu in a product": (x) => tf.fused.matMul({ a: asRows(x), b: identity(), activation: "elu" }),
  "relu in a convolution": (x) => convolved(x, "relu"),
  "relu6 in a convolution": (x) => convolved(x, "relu6"),
  "relu in a convolution by channels": (x) =>
    tf.fused.depthwiseConv2d({
      ...{ x: asImage(x), filter: tf.ones([1, 2, 1, 1]), strides: 1, pad: "valid" },
      activation: "relu",
    }),
  avgPool: (x) => tf.avgPool(asImage(x), [1, 2], 1, "same"),
};
const asRows = (x: tf.Tensor) => tf.reshape(x, [-1, 3]) as tf.Tensor2D;
const asImage = (x: tf.Tensor) => tf.reshape(x, [1, 2, -1, 1]) as tf.Tensor4D;
const identity = () => tf.tensor2d([[1], [0.5], [-1]]);
const convolved = (x: tf.Tensor, activation: "relu" | "relu6") =>
  tf.fused.conv2d({
    ...{ x: asImage(x), filter: tf.ones([1, 2, 1, 1]) as tf.Tensor4D, strides: 1, pad: "valid" },
    activation,
  });

test.each(Object.entries(ofOne))("%s of what is no number is none, as on cpu", async (_, run) => {
  await fc.assert(
    fc.asyncProperty(fc.array(number, { minLength: 12, maxLength: 12 }), async (values) => {
      const [wasm, cpu] = await onBoth(() => run(tf.tensor1d(values)));
      expect(wasm.map(Number.isNaN)).toEqual(cpu.map(Number.isNaN));
      for (const [i, value] of wasm.entries()) {
        if (!Number.isNaN(value)) expect(value).toBeCloseTo(cpu[i], 4);
      }
    }),
    { numRuns: 60 },
  );
});

test("a maximum and a minimum are none where an operand is none, however it is spread", async () => {
  const side = fc.constantFrom<number[]>(
    [],
    [1],
    [3],
    [2, 1],
    [2, 3],
    [1, 3],
    [4, 1, 1],
    [4, 2, 3],
  );
  const operand = side.chain((shape) => {
    const size = shape.reduce((a, b) => a * b, 1);
    return fc.record({
      shape: fc.constant(shape),
      values: fc.array(number, { minLength: size, maxLength: size }),
    });
  });
  await fc.assert(
    fc.asyncProperty(
      operand,
      operand,
      fc.constantFrom(tf.maximum, tf.minimum),
      async (a, b, run) => {
        const made = ({ values, shape }: typeof a) => tf.tensor(values, shape);
        const [wasm, cpu] = await onBoth(() => run(made(a), made(b)));
        expect(wasm).toEqual(cpu);
      },
    ),
    { numRuns: 200 },
  );
});

test("a window with what is no number has none for its largest, the others theirs", () => {
  const x = tf.tensor4d([1, 2, Number.NaN, -4, -3, -6], [1, 1, 6, 1]);
  const largest = tf.maxPool(x, [1, 2], 1, "valid");
  expect([...largest.dataSync()]).toEqual([2, Number.NaN, Number.NaN, -3, -3]);
  expect(largest.shape).toEqual([1, 1, 5, 1]);
});

test("whole numbers and booleans are left as they are, and no tensor is left behind", async () => {
  const whole = tf.maximum(tf.tensor1d([1, 5], "int32"), tf.scalar(3, "int32"));
  expect([whole.dtype, ...whole.dataSync()]).toEqual(["int32", 3, 5]);
  const x = tf.tensor1d([Number.NaN, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
  const ids = tf.engine().backend.numDataIds();
  await expectNoTensorLeak(() => {
    for (const run of Object.values(ofOne)) tf.tidy(() => void run(x));
    tf.tidy(() => void tf.maxPool(asImage(x), [1, 2], 1, "valid"));
  });
  expect(tf.engine().backend.numDataIds()).toBe(ids);
});
