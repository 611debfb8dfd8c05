// Gradients of pools, of repeated pixels and of convolutions: those of sums that are worked out another way.
import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-backend-wasm";
import "@tensorflow/tfjs-layers";
import { expectNoTensorLeak } from "@rnnkit/test-kit";
import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import { registerKernels } from "./register.ts";

beforeAll(() => registerKernels());

const size = (max: number) => fc.integer({ min: 1, max });
const window = {
  ...{ B: size(3), height: size(5), width: size(5), C: size(3) },
  ...{ k: size(3), l: size(3), stride: size(3), pad: fc.constantFrom("same", "valid") },
  seed: fc.nat(),
};

/** Whole numbers from -3 to 1, of which many are equal. */
const numbers = (shape: number[], seed: number) =>
  tf.floor(tf.randomUniform(shape, -3, 2, "float32", seed));

/** The gradients of **run** on a backend, of outputs that each count otherwise. */
async function slopes(
  backend: string,
  run: (...inputs: tf.Tensor[]) => tf.Tensor,
  shapes: number[][],
  seed: number,
): Promise<number[][]> {
  await tf.setBackend(backend);
  return tf.tidy(() => {
    const inputs = shapes.map((shape, i) => numbers(shape, seed + i));
    const dy = numbers(run(...inputs).shape, seed + 9);
    return tf
      .grads(run)(inputs, dy)
      .map((dx) => [...dx.dataSync()]);
  });
}

const fits = ({
  height,
  width,
  k,
  l,
  pad,
}: { [Name in "height" | "width" | "k" | "l"]: number } & { pad: string }) =>
  pad === "same" || (k <= height && l <= width);

test("maxPool's gradient goes to the first of the largest of each window, those below 0 too", async () => {
  const drawn = fc.record(window).filter(fits);
  await fc.assert(
    fc.asyncProperty(drawn, async ({ B, height, width, C, k, l, stride, pad, seed }) => {
      const run = (x: tf.Tensor) => tf.maxPool(x as tf.Tensor4D, [k, l], stride, pad as "same");
      const of = (backend: string) => slopes(backend, run, [[B, height, width, C]], seed);
      expect(await of("wasm")).toEqual(await of("cpu"));
    }),
  );
  await tf.setBackend("wasm");
  const x = tf.tensor4d([-1, -2, -3, -3, 0, 0, Number.NaN, 5], [1, 8, 1, 1]);
  const dx = tf.grad((given) => tf.maxPool(given as tf.Tensor4D, [2, 1], [2, 1], "valid"))(x);
  expect([...dx.dataSync()]).toEqual([1, 0, 1, 0, 1, 0, 1, 0]);
});

test.each(["cpu", "wasm"])(
  "on %s the gradient of pixels that were repeated is the sum over the copies, in every example",
  async (backend) => {
    const { B, height, width, C, k, l, seed } = window;
    await fc.assert(
      fc.asyncProperty(fc.record({ B, height, width, C, k, l, seed }), async (drawn) => {
        const { B, height, width, C, k, l, seed } = drawn;
        const by = (x: tf.Tensor) =>
          tf.image.resizeNearestNeighbor(x as tf.Tensor4D, [height * k, width * l]);
        const [dx] = await slopes(backend, by, [[B, height, width, C]], seed);
        const dy = numbers([B, height * k, width * l, C], seed + 9);
        const blocks = tf.reshape(dy, [B * height, k, width, l * C]);
        const want = tf.sum(tf.reshape(tf.sum(blocks, 1), [B, height, width, l, C]), 3);
        expect(dx).toEqual([...want.dataSync()]);
      }),
    );
  },
);

test.each<[string, boolean]>([
  ["a convolution", false],
  ["a convolution by channels", true],
])("%s on wasm has the gradients of cpu", async (_, byChannel) => {
  const drawn = fc.record({ ...window, O: size(3) }).filter(fits);
  await fc.assert(
    fc.asyncProperty(drawn, async ({ B, height, width, C, k, l, O, stride, pad, seed }) => {
      const run = (x: tf.Tensor, filter: tf.Tensor) => {
        const [image, weights] = [x as tf.Tensor4D, filter as tf.Tensor4D];
        const convolve = byChannel ? tf.depthwiseConv2d : tf.conv2d;
        return convolve(image, weights, stride, pad as "same");
      };
      const shapes = [
        [B, height, width, C],
        [k, l, C, O],
      ];
      // Whole numbers: no sum is rounded.
      const want = await slopes("cpu", run, shapes, seed);
      expect(await slopes("wasm", run, shapes, seed)).toEqual(want);
    }),
  );
});

test("a convolution whose product would be large is worked out some examples at a time", async () => {
  const run = (x: tf.Tensor, filter: tf.Tensor) =>
    tf.conv2d(x as tf.Tensor4D, filter as tf.Tensor4D, 1, "same");
  const shapes = [
    [3, 150, 150, 8],
    [3, 3, 8, 1],
  ];
  const [, got] = await slopes("wasm", run, shapes, 1);
  const [, want] = await slopes("cpu", run, shapes, 1);
  expect(got).toEqual(want);
});

test("the gradients leave nothing behind", async () => {
  await tf.setBackend("wasm");
  const x = numbers([2, 4, 4, 2], 1) as tf.Tensor4D;
  const [filter, each] = [numbers([2, 2, 2, 3], 2), numbers([2, 2, 2, 2], 3)] as tf.Tensor4D[];
  await expectNoTensorLeak(() => {
    tf.dispose(
      tf.grads((x, f) => tf.conv2d(x as tf.Tensor4D, f as tf.Tensor4D, 1, "same"))([x, filter!]),
    );
    tf.dispose(
      tf.grads((x, f) => tf.depthwiseConv2d(x as tf.Tensor4D, f as tf.Tensor4D, 1, "same"))([
        x,
        each!,
      ]),
    );
    tf.dispose(tf.grad((x) => tf.maxPool(x as tf.Tensor4D, 2, 1, "same"))(x));
  });
});
