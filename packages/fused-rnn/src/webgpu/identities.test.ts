import "@tensorflow/tfjs-layers";
import { cellKinds } from "@rnnkit/core-rnn";
import { hasDawn, startWebGPU } from "@rnnkit/test-kit/dawn";
import { tolerances } from "@rnnkit/test-kit/tolerances";
import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import type { CallShape } from "../call.ts";
import { expectAgreement } from "../conformance/agreement.fixture.ts";
import {
  cotangentsOf,
  type Drawn,
  differentiate,
  drawnShape,
  expectSameBits,
  inScope,
  numbersOf,
  plain,
  run,
  shapeOf,
  tensorsOf,
  valuesOf,
} from "../conformance/call.fixture.ts";
import { engineMemory } from "../engine-memory.ts";
import { addEngine } from "../recurrent.ts";
import { assumeFacts } from "./device-facts.ts";
import { webgpuEngine } from "./engine.ts";
import { mostPairs } from "./row-programs.ts";

const drawn: Drawn = {
  ...{ initialState: true, mask: "random", input: "none", recurrent: "gates", bias: true },
  seed: 4,
};

const drawnOptions = fc.record({
  ...{ goBackwards: fc.boolean(), reverseOutputs: fc.boolean() },
  ...{ zeroOutputForMask: fc.boolean(), returnSequences: fc.boolean() },
});

/** Results and gradients of a call, in one list. */
async function everything(shape: CallShape, given: Drawn): Promise<Float32Array[]> {
  return inScope(async () => {
    const inputs = tensorsOf(shape, numbersOf(shape, given));
    const { results, gradients } = await differentiate(shape, inputs, cotangentsOf(shape, 3));
    return [...results, ...Object.values(gradients)];
  });
}

describe.skipIf(!hasDawn)("the WebGPU engine (skipped without VK_DRIVER_FILES)", () => {
  let device: GPUDevice;
  let remove: () => void;
  beforeAll(async () => {
    device = await startWebGPU();
    await tf.setBackend("webgpu");
    remove = addEngine(webgpuEngine);
  });
  beforeEach(() => assumeFacts(device, {}));
  afterAll(() => remove());

  test.each(cellKinds)("%s: a call has the same bits from run to run", async (cell) => {
    const shape = drawnShape(shapeOf(cell), drawn);
    expectSameBits(await everything(shape, drawn), await everything(shape, drawn));
  });

  // 40 rows and 37 units: tiles of both ways that are not full.
  test.each(cellKinds)(
    "%s: a dispatch a step has the bits of a stretch of steps in one, whatever is asked for",
    async (cell) => {
      const kinds = fc.constantFrom("none" as const, "shared" as const, "gates" as const);
      const given = fc.record({
        ...{ initialState: fc.boolean(), bias: fc.boolean(), seed: fc.nat(), input: kinds },
        ...{ mask: fc.constantFrom("none" as const, "random" as const), recurrent: kinds },
      });
      await fc.assert(
        fc.asyncProperty(given, drawnOptions, async (drawnCall, options) => {
          const sizes = { B: 40, T: 3, H: 37, ...options };
          const shape = drawnShape(shapeOf(cell, sizes), drawnCall);
          assumeFacts(device, { mostRowUnits: mostPairs });
          const rows = await everything(shape, drawnCall);
          assumeFacts(device, { mostRowUnits: 0 });
          expectSameBits(await everything(shape, drawnCall), rows);
        }),
        { numRuns: 2 },
      );
    },
  );

  // What adds up over steps is cut elsewhere: the weights' gradients are equal but for rounding.
  test.each(cellKinds)("%s: a tape of several pieces is a tape of one", async (cell) => {
    const sizes = fc.record({ pieces: fc.integer({ min: 1, max: 8 }), isStepwise: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(sizes, drawnOptions, async ({ pieces, isStepwise }, given) => {
        const shape = drawnShape(shapeOf(cell, { T: 9, ...given }), drawn);
        const whole = await everything(shape, drawn);
        // A step and its states are at most 4 planes of 5 rows and 6 units.
        const bytesBound = Math.max(4 * 5 * 9 * 6, 4 * 4 * 5 * 6 * (pieces + 1));
        assumeFacts(device, { bytesBound, mostRowUnits: isStepwise ? 0 : mostPairs });
        const binding = vi.spyOn(device, "createBindGroup");
        const parts = await everything(shape, drawn);
        const bound = binding.mock.calls.flatMap(([{ entries }]) => [...entries]);
        binding.mockRestore();
        assumeFacts(device, {});
        const buffers = bound.map(({ resource }) => (resource as GPUBufferBinding).buffer);
        const numbers = buffers.filter(({ usage }) => (usage & GPUBufferUsage.STORAGE) !== 0);
        expect(Math.max(...numbers.map(({ size }) => size))).toBeLessThanOrEqual(bytesBound);
        for (const [k, values] of whole.entries()) {
          expect(parts[k]).toBeAllclose(values, { rtol: 0, ofLargest: 2e-6, atol: 1e-7 });
        }
      }),
      { numRuns: 4 },
    );
  });

  // Where a device's own tanh is NaN.
  test.each(cellKinds)("%s: sums of several hundred saturate, as in float64", async (cell) => {
    const shape = shapeOf(cell);
    const numbers = numbersOf(shape, plain);
    const kernel = (numbers.kernel as Float32Array).map((weight) => 300 * weight);
    const suite = { engine: webgpuEngine, backend: "webgpu", tolerances: tolerances.webgpu };
    await expectAgreement(suite, shape, { ...numbers, kernel }, 5);
  });

  test("a call that no buffer of the device holds is refused in words, and composed", async () => {
    const shape = shapeOf("lstm", { T: 50 });
    assumeFacts(device, { bytesBound: 512 });
    expect(webgpuEngine.refuses(shape, "webgpu")).toMatch(
      /^it needs a buffer of \d+ bytes, and the device binds 512$/,
    );
  });

  test("a call whose weights no buffer of the device holds is refused in words", () => {
    const shape = shapeOf("lstm", { B: 1, T: 1, I: 1, H: 4096 });
    assumeFacts(device, { bytesBound: 2 ** 27 });
    expect(webgpuEngine.refuses(shape, "webgpu")).toBe(
      `it needs a buffer of ${4 * 4096 * 4 * 4096} bytes, and the device binds ${2 ** 27}`,
    );
    expect(webgpuEngine.refuses({ ...shape, H: 2048 }, "webgpu")).toBeUndefined();
  });

  test("a training call holds its tensors until its gradient scope ends, and no longer", async () => {
    const shape = shapeOf("gruAfter");
    await inScope(async () => {
      const inputs = tensorsOf(shape, numbersOf(shape, plain));
      // What other tests have saved is given back first.
      engineMemory();
      const before = tf.memory();
      for (let i = 0; i < 3; i++) {
        const gradient = tf.grad((kernel) => tf.sum(run(shape, { ...inputs, kernel })[0]))(
          inputs.kernel as tf.Tensor,
        );
        await gradient.data();
        gradient.dispose();
      }
      expect(engineMemory()).toEqual({ used: 0, pending: 0 });
      const { numTensors, numDataBuffers, numBytes } = tf.memory();
      expect({ numTensors, numDataBuffers, numBytes }).toEqual({
        numTensors: before.numTensors,
        numDataBuffers: before.numDataBuffers,
        numBytes: before.numBytes,
      });
    });
  });

  test("what a caller disposes before the backward pass is still read by it", async () => {
    const shape = shapeOf("lstm");
    const gradientOf = (disposes: boolean) =>
      inScope(async () => {
        const { x, ...inputs } = tensorsOf(shape, numbersOf(shape, plain));
        const gradient = tf.grad((kernel: tf.Tensor) => {
          const [outputs] = run(shape, { ...inputs, x, kernel });
          if (disposes) (x as tf.Tensor).dispose();
          return tf.sum(outputs);
        })(inputs.kernel as tf.Tensor);
        return valuesOf([gradient]);
      });
    expectSameBits(await gradientOf(true), await gradientOf(false));
  });
});
