import "@tensorflow/tfjs-layers";
import { hasDawn, startWebGPU } from "@rnnkit/test-kit/dawn";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import {
  expectSameBits,
  inScope,
  numbersOf,
  plain,
  run,
  shapeOf,
  tensorsOf,
  valuesOf,
} from "../conformance/call.fixture.ts";
import { addEngine } from "../recurrent.ts";
import { webgpuEngine } from "./engine.ts";

const shape = shapeOf("lstm");
const call = () =>
  inScope(async () => valuesOf(run(shape, tensorsOf(shape, numbersOf(shape, plain)))));
const messageOf = async (work: () => Promise<unknown>) => {
  const error = await work().then(
    () => undefined,
    (thrown: Error) => thrown,
  );
  return `${error?.name}: ${error?.message}`;
};

describe.skipIf(!hasDawn)("what a device says late (skipped without VK_DRIVER_FILES)", () => {
  let device: GPUDevice;
  let remove: () => void;
  beforeAll(() => {
    remove = addEngine(webgpuEngine);
  });
  afterAll(() => remove());
  beforeEach(async () => {
    device = await startWebGPU();
    await tf.setBackend("webgpu");
  });

  test("a command that the device refuses is an error of the next call, and the one after works", async () => {
    const wanted = await call();
    // A buffer of no use is an error that nobody waits for.
    device.createBuffer({ size: 16, usage: 0 });
    await device.queue.onSubmittedWorkDone();
    expect(await messageOf(call)).toMatch(
      /^WebGPUValidationError: fused-rnn: the WebGPU device refused an earlier command/,
    );
    expectSameBits(await call(), wanted);
  });

  test("an id that only the device has, and that is no row, is an error of who reads what came of it", async () => {
    const like = shapeOf("gruAfter", { B: 1, T: 4 });
    const { x: _, ...numbers } = numbersOf(like, plain);
    const table = new Float32Array(3 * like.I).fill(0.5);
    const lookUp = (...ids: number[]) =>
      inScope(async () => {
        const inputs = tensorsOf(like, { ...numbers, table, ids: Int32Array.from(ids) });
        // A sum is the device's alone.
        const given = tf.add(inputs.ids as tf.Tensor, tf.zerosLike(inputs.ids as tf.Tensor));
        return valuesOf(run(like, { ...inputs, ids: given }));
      });
    const wanted = await lookUp(0, 2, 2, 1);
    for (const wrong of [3, -1]) {
      expect(await messageOf(() => lookUp(0, 2, wrong, 1))).toMatch(
        `Error: gru: expected ids from 0 to below 3, got ${wrong}, which the device found`,
      );
      expectSameBits(await lookUp(0, 2, 2, 1), wanted);
    }
  });

  test("what a device refused is an error of the read that comes first", async () => {
    const wanted = await call();
    const results = run(shape, tensorsOf(shape, numbersOf(shape, plain)));
    device.createBuffer({ size: 16, usage: 0 });
    expect(await messageOf(() => valuesOf(results))).toMatch(/^WebGPUValidationError: /);
    tf.dispose(results);
    expectSameBits(await call(), wanted);
  });

  test("a lost device is an error of every call, and another device works", async () => {
    const wanted = await call();
    device.destroy();
    await device.lost;
    for (let i = 0; i < 2; i++) {
      expect(await messageOf(call)).toMatch(
        /^WebGPUDeviceLost: fused-rnn: the WebGPU device was lost/,
      );
    }
    device = await startWebGPU();
    await tf.setBackend("webgpu");
    expectSameBits(await call(), wanted);
  });
});
