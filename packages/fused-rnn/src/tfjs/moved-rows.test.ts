import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-backend-wasm";
// Brings the gradients of tfjs's own operations, which tfjs-core leaves out.
import "@tensorflow/tfjs-layers";
import { expectNoTensorLeak } from "@rnnkit/test-kit";
import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import { registerKernels } from "./register.ts";

const names = ["Reverse", "SplitV", "Concat"] as const;

beforeAll(async () => {
  const stock = names.map((name) => tf.getKernel(name, "wasm"));
  registerKernels();
  for (const [k, name] of names.entries()) {
    expect(tf.getKernel(name, "wasm").kernelFunc).not.toBe(stock[k]!.kernelFunc);
  }
  await tf.setBackend("wasm");
});

type Type = "float32" | "int32" | "bool";
const types = ["float32", "int32", "bool"] as const;
const shapes = fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 5 });
const axesOf = (shape: readonly number[]) => [...shape.keys()];

/** Numbers of a type, every bit pattern of float32 among them. */
function numbersOf(shape: readonly number[], dtype: Type, seed: number) {
  const size = tf.util.sizeFromShape([...shape]);
  const whole = Int32Array.from({ length: size }, (_, i) => Math.imul(seed + i + 1, 0x9e3779b1));
  if (dtype === "int32") return whole;
  return dtype === "float32"
    ? new Float32Array(whole.buffer)
    : Uint8Array.from(whole, (n) => (n >>> 31) & 1);
}

const tensorOf = (shape: readonly number[], dtype: Type, seed: number) =>
  tf.tensor(numbersOf(shape, dtype, seed), [...shape], dtype);

/** A tensor's bytes: NaNs too have bits. */
const bytesOf = (x: tf.Tensor) => {
  const values = x.dataSync().slice();
  return [...new Uint8Array(values.buffer)];
};

/** What lies at a place of x, for each place of a shape: another order of x's numbers. */
function moved(
  x: ReturnType<typeof numbersOf>,
  from: readonly number[],
  shape: readonly number[],
  placeIn: (place: number[]) => number[],
) {
  const out = x.slice(0, tf.util.sizeFromShape([...shape]));
  const strides = (of: readonly number[]) =>
    of.map((_, axis) => tf.util.sizeFromShape(of.slice(axis + 1)));
  const [ours, theirs] = [strides(shape), strides(from)];
  for (let i = 0; i < out.length; i++) {
    const place = shape.map((n, axis) => Math.floor(i / ours[axis]!) % n);
    out[i] = 0;
    const at = placeIn(place).reduce((sum, n, axis) => sum + n * theirs[axis]!, 0);
    out.set(x.subarray(at, at + 1) as never, i);
  }
  return [...new Uint8Array(out.slice().buffer)];
}

test("any axes of a tensor of any type are reversed, bit for bit", () => {
  const cases = shapes.chain((shape) =>
    fc.record({
      shape: fc.constant(shape),
      axes: fc.subarray(axesOf(shape)),
      dtype: fc.constantFrom(...types),
      seed: fc.nat(),
    }),
  );
  fc.assert(
    fc.property(cases, ({ shape, axes, dtype, seed }) => {
      tf.tidy(() => {
        const x = tensorOf(shape, dtype, seed);
        const got = tf.reverse(x, axes);
        expect([got.shape, got.dtype]).toEqual([shape, dtype]);
        const wanted = moved(numbersOf(shape, dtype, seed), shape, shape, (place) =>
          place.map((n, axis) => (axes.includes(axis) ? shape[axis]! - 1 - n : n)),
        );
        expect(bytesOf(got)).toEqual(wanted);
        expect(bytesOf(tf.reverse(got, axes))).toEqual(bytesOf(x));
      });
    }),
    { numRuns: 300 },
  );
});

test("a scalar, all axes by default, and axes from the end are those of tfjs", () => {
  expect(tf.reverse(tf.scalar(3)).dataSync()[0]).toBe(3);
  const x = tf.tensor2d([1, 2, 3, 4], [2, 2]);
  expect([...tf.reverse(x).dataSync()]).toEqual([4, 3, 2, 1]);
  expect([...tf.reverse(x, -1).dataSync()]).toEqual([2, 1, 4, 3]);
});

test("a tensor is cut along any axis into parts of any sizes, and they are joined again", () => {
  const cases = fc
    .record({ shape: shapes, seed: fc.nat(), dtype: fc.constantFrom(...types) })
    .chain((given) =>
      fc
        .record({
          axis: fc.nat({ max: given.shape.length - 1 }),
          sizes: fc.array(fc.nat({ max: 5 }), { minLength: 1, maxLength: 4 }),
        })
        .map((cut) => ({ ...given, ...cut })),
    );
  fc.assert(
    fc.property(cases, ({ shape: given, seed, dtype, axis, sizes }) => {
      tf.tidy(() => {
        const whole = sizes.reduce((sum, size) => sum + size, 0);
        const shape = given.map((n, i) => (i === axis ? whole : n));
        const x = tensorOf(shape, dtype, seed);
        const parts = tf.split(x, sizes, axis);
        let start = 0;
        for (const [k, size] of sizes.entries()) {
          const partShape = shape.map((n, i) => (i === axis ? size : n));
          const first = start;
          start += size;
          expect([parts[k]!.shape, parts[k]!.dtype]).toEqual([partShape, dtype]);
          const wanted = moved(numbersOf(shape, dtype, seed), shape, partShape, (place) =>
            place.map((n, i) => (i === axis ? first + n : n)),
          );
          expect(bytesOf(parts[k]!)).toEqual(wanted);
        }
        const joined = tf.concat(parts, axis);
        expect([joined.shape, joined.dtype]).toEqual([shape, dtype]);
        expect(bytesOf(joined)).toEqual(bytesOf(x));
      });
    }),
    { numRuns: 300 },
  );
});

test("tensors of two types are joined as tfjs joins them", () => {
  const [x, y] = [tf.tensor1d([1.5, 2]), tf.tensor1d([3, 4], "int32")];
  const joined = tf.concat([x, y] as tf.Tensor1D[]);
  expect([joined.dtype, ...joined.dataSync()]).toEqual(["float32", 1.5, 2, 3, 4]);
});

test("gradients go through all of them, and nothing is left behind", async () => {
  await expectNoTensorLeak(() => {
    tf.tidy(() => {
      const [x, y] = [tf.tensor2d([1, 2, 3, 4], [2, 2]), tf.tensor2d([5, 6], [2, 1])];
      const loss = (a: tf.Tensor, b: tf.Tensor) => {
        const [first, second] = tf.split(tf.reverse(tf.concat([a, b], 1), 1), [1, 2], 1);
        return tf.add(
          tf.sum(tf.mul(first!, [[1], [2]])),
          tf.sum(
            tf.mul(second!, [
              [3, 4],
              [5, 6],
            ]),
          ),
        );
      };
      const [dx, dy] = tf.grads(loss)([x, y]);
      expect([...dx!.dataSync(), ...dy!.dataSync()]).toEqual([4, 3, 6, 5, 1, 2]);
    });
  });
});

test("tensors that come from another backend may grow the heap on their way", async () => {
  await tf.setBackend("cpu");
  const x = tf.reshape(tf.range(0, 2 ** 22), [2, 2 ** 21]);
  const y = tf.tensor2d([-1, -2], [2, 1]);
  await tf.setBackend("wasm");
  const joined = tf.concat([x, y], 1);
  const [last] = tf.split(tf.reverse(joined, 1), [1, 2 ** 21], 1);
  expect([...last!.dataSync()]).toEqual([-1, -2]);
  tf.dispose([x, y, joined, last!]);
});
