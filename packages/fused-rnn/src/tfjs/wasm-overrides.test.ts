import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-backend-wasm";
import "@tensorflow/tfjs-layers";
import { expectNoTensorLeak } from "@rnnkit/test-kit";
import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import { relaxedSimd, simd128 } from "../generated/tensors.ts";
import { decodeHex } from "../wasm/decode-hex.ts";
import { hasRelaxedSimd } from "../wasm/features.ts";
import { registerKernels } from "./register.ts";
import { rmspropUpdate } from "./rmsprop-update.ts";

const stockName = "TfjsOwnGatherV2";
const stockTransposeName = "TfjsOwnTranspose";

beforeAll(async () => {
  const stock = tf.getKernel("GatherV2", "wasm");
  tf.registerKernel({ ...stock, kernelName: stockName });
  tf.registerKernel({ ...tf.getKernel("Transpose", "wasm"), kernelName: stockTransposeName });
  registerKernels();
  expect(tf.getKernel("GatherV2", "wasm").kernelFunc).not.toBe(stock.kernelFunc);
  await tf.setBackend("wasm");
});

const gathers = fc
  .record({
    shape: fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 4 }),
    indexShape: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 0, maxLength: 2 }),
    dtype: fc.constantFrom("float32" as const, "int32" as const, "bool" as const),
    seed: fc.nat({ max: 1000 }),
  })
  .chain((plan) =>
    fc.record({ plan: fc.constant(plan), axis: fc.nat({ max: plan.shape.length - 1 }) }),
  );

test("rows by index are tfjs's own, whatever the shape, axis and type", () => {
  fc.assert(
    fc.property(gathers, ({ plan: { shape, indexShape, dtype, seed }, axis }) => {
      tf.tidy(() => {
        const x = tf.cast(tf.randomUniform(shape, 0, 100, "float32", seed), dtype);
        const indices = tf.randomUniform(indexShape, 0, shape[axis], "int32", seed + 1);
        const run = (name: string) =>
          tf.engine().runKernel(name, { x, indices }, { axis, batchDims: 0 }) as tf.Tensor;
        const [got, expected] = [run("GatherV2"), run(stockName)];
        expect([got.shape, got.dtype]).toEqual([expected.shape, expected.dtype]);
        expect(got.dataSync()).toEqual(expected.dataSync());
      });
    }),
  );
});

test("any number but 0 is true, as on the cpu backend", async () => {
  const numbers = [0, -0, 1, -1, 256, 512, 0.5, 1e-40, Number.NaN, Number.POSITIVE_INFINITY];
  const casts = () => {
    const floats = tf.cast(tf.tensor1d(numbers), "bool");
    const whole = tf.cast(tf.tensor1d([0, 255, 256, -256, 65536], "int32"), "bool");
    const made = tf.cast(tf.tensor1d([true, false]), "bool");
    return [floats, whole, made].map((y) => [y.dtype, [...y.dataSync()]]);
  };
  const onWasm = casts();
  await tf.setBackend("cpu");
  expect(onWasm).toEqual(casts());
  await tf.setBackend("wasm");
  expect(tf.cast(tf.zeros([0, 2]), "bool").shape).toEqual([0, 2]);
});

test("an index outside the rows is refused, and the next lookup works", () => {
  const x = tf.tensor2d([1, 2, 3, 4], [2, 2]);
  for (const id of [2, -1]) {
    const indices = tf.tensor1d([0, id], "int32");
    const before = tf.engine().backend.numDataIds();
    expect(() => tf.gather(x, indices)).toThrow(`gather: expected indices from 0 to 1, got ${id}`);
    expect(tf.engine().backend.numDataIds()).toBe(before);
  }
  expect([...tf.gather(x, tf.tensor1d([1], "int32")).dataSync()]).toEqual([3, 4]);
});

test("a lookup whose output grows the heap still reads the right rows", () => {
  tf.tidy(() => {
    const x = tf.reshape(tf.range(0, 64), [4, 16]);
    const many = tf.fill([2 ** 18], 3, "int32");
    const rows = tf.gather(x, many);
    expect([...tf.slice(rows, [2 ** 18 - 1, 0], [1, 16]).dataSync()]).toEqual([
      ...Array.from({ length: 16 }, (_, i) => 48 + i),
    ]);
  });
});

test("a clone outlives its original and holds no memory of its own", async () => {
  const original = tf.tensor1d([1, 2, 3]);
  const { numDataBuffers } = tf.memory();
  const clone = tf.clone(original);
  expect(tf.memory().numDataBuffers).toBe(numDataBuffers);
  original.dispose();
  expect([...clone.dataSync()]).toEqual([1, 2, 3]);
  clone.dispose();
  await expectNoTensorLeak(() => {
    const [x, y] = [tf.tensor1d([1, 2]), tf.tensor1d([3, 4])];
    const grads = tf.grads((a: tf.Tensor, b: tf.Tensor) => tf.sum(tf.mul(tf.clone(a), b)))([x, y]);
    expect([...grads[0].dataSync(), ...grads[1].dataSync()]).toEqual([3, 4, 1, 2]);
    tf.dispose([x, y, ...grads]);
  });
});

test("a transposition is tfjs's own, and one that moves no number holds no memory of its own", () => {
  const shapes = fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 2, maxLength: 4 });
  const cases = shapes.chain((shape) => {
    const axes = [...shape.keys()];
    const perm = fc.shuffledSubarray(axes, { minLength: axes.length });
    return fc.record({ shape: fc.constant(shape), perm });
  });
  fc.assert(
    fc.property(cases, ({ shape, perm }) => {
      tf.tidy(() => {
        const x = tf.reshape(tf.range(0, tf.util.sizeFromShape(shape)), shape);
        const { numDataBuffers } = tf.memory();
        const got = tf.transpose(x, perm);
        const [numbers, originals] = [got.dataSync(), x.dataSync()];
        if (numbers.every((value, i) => value === originals[i])) {
          expect(tf.memory().numDataBuffers).toBe(numDataBuffers);
        }
        const expected = tf.engine().runKernel(stockTransposeName, { x }, { perm }) as tf.Tensor;
        expect(got.shape).toEqual(expected.shape);
        expect(numbers).toEqual(expected.dataSync());
      });
    }),
  );
});

test("a variable that changes leaves its clones alone", () => {
  const variable = tf.variable(tf.tensor1d([1, 2]));
  const before = tf.clone(variable);
  variable.assign(tf.tensor1d([5, 6]));
  expect([...before.dataSync()]).toEqual([1, 2]);
  expect([...variable.dataSync()]).toEqual([5, 6]);
});

const modules = { simd128, ...(hasRelaxedSimd && { relaxedSimd }) };

test.each(Object.entries(modules))(
  "the module that runs in tfjs's memory, %s, writes nothing there by itself",
  (_, hex) => {
    const memory = new WebAssembly.Memory({ initial: 2, maximum: 65536 });
    new Uint8Array(memory.buffer).fill(0xa5);
    const module = new WebAssembly.Module(decodeHex(hex));
    new WebAssembly.Instance(module, { env: { memory } });
    expect(new Uint8Array(memory.buffer).every((byte) => byte === 0xa5)).toBe(true);
  },
);

test("rows of any width are gathered, and summed back, as in JavaScript", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 9 }),
      fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 12 }),
      (width, ids) => {
        tf.tidy(() => {
          const table = tf.reshape(tf.range(0, 5 * width), [5, width]) as tf.Tensor2D;
          const rows = tf.gather(table, tf.tensor1d(ids, "int32"));
          const wanted = ids.flatMap((id) =>
            Array.from({ length: width }, (_, j) => id * width + j),
          );
          expect([...rows.dataSync()]).toEqual(wanted);
          const sums = tf.unsortedSegmentSum(rows, tf.tensor1d(ids, "int32"), 5).dataSync();
          const count = (id: number) => ids.filter((other) => other === id).length;
          expect([...sums]).toEqual(
            [...table.dataSync()].map((x, i) => x * count(Math.floor(i / width))),
          );
        });
      },
    ),
  );
});

test("tensors that come from another backend may grow the heap on their way", async () => {
  await tf.setBackend("cpu");
  const [rows, width] = [2 ** 16, 64];
  const x = tf.ones([rows, width]);
  const ids = tf.range(0, rows, 1, "int32") as tf.Tensor1D;
  const [value, gradient, meanSquare] = [1, 2, 3].map((n) => tf.fill([rows, width], n));
  await tf.setBackend("wasm");
  const sums = tf.unsortedSegmentSum(x, ids, rows);
  const ends = (tensor: tf.Tensor) => {
    const all = tensor.dataSync();
    return [all[0], all[all.length - 1]];
  };
  expect(ends(sums)).toEqual([1, 1]);
  const numbers = { learningRate: 1, rho: 0.5, momentum: 0, epsilon: 0 };
  const [w, v] = rmspropUpdate(
    { value: value!, gradient: gradient!, meanSquare: meanSquare! },
    numbers,
  );
  // v = 0.5·3 + 0.5·4 = 3.5, w = 1 - 2/√3.5
  expect(ends(v!)).toEqual([3.5, 3.5]);
  expect(ends(w!)).toBeAllclose([1 - 2 / Math.sqrt(3.5), 1 - 2 / Math.sqrt(3.5)], { rtol: 1e-6 });
});
