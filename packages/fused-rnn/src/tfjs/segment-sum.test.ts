import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-backend-wasm";
import { expectNoTensorLeak } from "@rnnkit/test-kit";
import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { registerKernels } from "./register.ts";
import { unsortedSegmentSumCpu, unsortedSegmentSumWasm } from "./segment-sum.ts";

const backends = ["wasm", "cpu"] as const;
const tfjsOwn = "TfjsOwnUnsortedSegmentSum";
const warnings = vi.spyOn(console, "warn");

beforeAll(async () => {
  tf.registerKernel({ ...tf.getKernel("UnsortedSegmentSum", "cpu"), kernelName: tfjsOwn });
  expect(tf.getKernel("UnsortedSegmentSum", "wasm")).toBeUndefined();
  registerKernels();
  for (const backend of backends) await tf.setBackend(backend);
});

afterAll(() => warnings.mockRestore());

const segments = fc
  .record({
    rows: fc.integer({ min: 0, max: 12 }),
    rowShape: fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 3 }),
    numSegments: fc.integer({ min: 1, max: 6 }),
    dtype: fc.constantFrom("float32" as const, "int32" as const),
  })
  .chain((shape) => {
    const size = shape.rowShape.reduce((product, n) => product * n, shape.rows);
    const id = fc.integer({ min: -2, max: shape.numSegments + 2 });
    const value =
      shape.dtype === "int32"
        ? fc.integer({ min: -1000, max: 1000 })
        : fc.float({ min: -100, max: 100, noNaN: true });
    return fc.record({
      shape: fc.constant(shape),
      ids: fc.array(id, { minLength: shape.rows, maxLength: shape.rows }),
      values: fc.array(value, { minLength: size, maxLength: size }),
    });
  });

test.each(backends)(
  "on %s it is tfjs's own definition, duplicates and stray ids too",
  async (backend) => {
    await fc.assert(
      fc.asyncProperty(segments, async ({ shape, ids, values }) => {
        const { rows, rowShape, numSegments, dtype } = shape;
        const sum = (kernelName: string) => {
          const x = tf.tensor(values, [rows, ...rowShape], dtype);
          const segmentIds = tf.tensor1d(ids, "int32");
          return tf.engine().runKernel(kernelName, { x, segmentIds }, { numSegments }) as tf.Tensor;
        };
        await tf.setBackend("cpu");
        const expected = tf.tidy(() => sum(tfjsOwn));
        await tf.setBackend(backend);
        const got = tf.tidy(() => sum("UnsortedSegmentSum"));

        expect(got.shape).toEqual([numSegments, ...rowShape]);
        expect(got.dtype).toBe(dtype);
        // Twelve float32 additions of numbers up to 100 against one float64 sum, rounded once.
        expect(got.dataSync()).toBeAllclose(expected.dataSync(), {
          rtol: 0,
          atol: 12 * 1200 * 2 ** -24,
        });
        tf.dispose([got, expected]);
      }),
    );
  },
);

test.each(backends)(
  "on %s repeated ids add up and ids outside [0, numSegments) are dropped",
  async (backend) => {
    await tf.setBackend(backend);
    const x = tf.tensor2d([1, 2, 10, 20, 100, 200, 1000, 2000, 5, 6], [5, 2]);
    // Row 0 = rows 1 and 2 of x; row 2 = row 4; ids -1 and 3 go nowhere.
    const sums = tf.unsortedSegmentSum(x, tf.tensor1d([-1, 0, 0, 3, 2], "int32"), 3);
    expect(await sums.array()).toEqual([
      [110, 220],
      [0, 0],
      [5, 6],
    ]);
  },
);

test.each(backends)("on %s int32 sums are exact where float32 would round", async (backend) => {
  await tf.setBackend(backend);
  const sums = tf.unsortedSegmentSum(tf.tensor1d([2 ** 24, 1, 7], "int32"), [0, 0, 1], 2);
  expect([...(await sums.data())]).toEqual([2 ** 24 + 1, 7]);
  const counts = tf.unsortedSegmentSum(tf.tensor1d([true, true, false], "bool"), [1, 1, 0], 2);
  expect([...(await counts.data())]).toEqual([0, 2]);
});

test.each(backends)(
  "on %s no rows give zeros and no segments give an empty tensor",
  async (backend) => {
    await tf.setBackend(backend);
    const zeros = tf.unsortedSegmentSum(tf.zeros([0, 3]), tf.tensor1d([], "int32"), 2);
    expect(await zeros.array()).toEqual([
      [0, 0, 0],
      [0, 0, 0],
    ]);
    const none = tf.unsortedSegmentSum(tf.ones([2, 3]), tf.tensor1d([0, 1], "int32"), 0);
    expect([none.shape, none.size]).toEqual([[0, 3], 0]);
  },
);

test.each(backends)("on %s NaN and infinity stay in their own segment", async (backend) => {
  await tf.setBackend(backend);
  const sums = tf.unsortedSegmentSum(tf.tensor1d([Number.NaN, Infinity, 1]), [0, 1, 2], 3);
  expect(await sums.data()).toBeAllclose([Number.NaN, Infinity, 1]);
});

test.each(backends)(
  "on %s bad input is refused by name and the next call works",
  async (backend) => {
    await tf.setBackend(backend);
    const run = (x: tf.Tensor, segmentIds: tf.Tensor, numSegments: number) =>
      tf.engine().runKernel("UnsortedSegmentSum", { x, segmentIds }, { numSegments }) as tf.Tensor;
    const x = tf.ones([3, 2]);
    const ids = tf.tensor1d([0, 1, 0], "int32");
    expect(() => run(x, tf.tensor1d([0, 1], "int32"), 2)).toThrow(
      "unsortedSegmentSum: expected x of shape [N, ...] and segmentIds of shape [N], got [3, 2] and [2]",
    );
    expect(() => run(x, tf.zeros([3, 2], "int32"), 2)).toThrow("got [3, 2] and [3, 2]");
    expect(() => run(tf.scalar(1), tf.scalar(0, "int32"), 2)).toThrow("got [] and []");
    expect(() => run(x, tf.zeros([3]), 2)).toThrow("expected int32 segmentIds, got float32");
    expect(() => run(x, ids, -1)).toThrow("expected a whole number of segments from 0, got -1");
    expect(() => run(tf.tensor1d(["a"]), tf.zeros([1], "int32"), 1)).toThrow("got string");
    expect(await run(x, ids, 2).array()).toEqual([
      [2, 2],
      [1, 1],
    ]);
  },
);

test.each(backends)("on %s nothing is left behind", async (backend) => {
  await tf.setBackend(backend);
  const x = tf.ones([50, 8]);
  const ids = tf.zeros([50], "int32") as tf.Tensor1D;
  await expectNoTensorLeak(() => tf.unsortedSegmentSum(x, ids, 20).dispose());
});

test("a heap that grows under the output keeps the sums right", async () => {
  await tf.setBackend("wasm");
  const x = tf.ones([4, 1 << 22]);
  const sums = tf.unsortedSegmentSum(x, tf.tensor1d([0, 7, 0, 0], "int32"), 8);
  expect(tf.sum(sums, 1).dataSync()).toBeAllclose([3, 0, 0, 0, 0, 0, 0, 1].map((n) => n * 2 ** 22));
  tf.dispose([x, sums]);
});

test("registering again changes nothing and says nothing", () => {
  registerKernels();
  registerKernels();
  expect(tf.getKernel("UnsortedSegmentSum", "cpu")).toBe(unsortedSegmentSumCpu);
  expect(tf.getKernel("UnsortedSegmentSum", "wasm")).toBe(unsortedSegmentSumWasm);
  expect(warnings.mock.calls.flat().filter((line) => /already registered/.test(line))).toEqual([]);
});
