import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { vulkanDriver } from "../test/vulkan.ts";
import { describeBackend } from "./describe-backend.ts";
import { selectBackend } from "./select-backend.ts";

if (vulkanDriver) process.env.VK_DRIVER_FILES = vulkanDriver;

test.runIf(vulkanDriver)(
  "a measured selection times fused-rnn's WebGPU engine, and its layers' faults are thrown once",
  async () => {
    const measure = {
      cell: "gru",
      batch: 2,
      steps: 3,
      inputSize: 2,
      units: 4,
      training: false,
    } as const;
    const selection = await selectBackend({
      ...{ measure, allowSoftware: true, exclude: ["wasm", "cpu"] },
    });
    expect(selection.candidates[0]).toMatchObject({
      ...{ name: "webgpu", outcome: "taken", probe: "fused", ms: expect.any(Number) },
    });
    expect(describeBackend()).toMatch(/^webgpu, /);
    expect(tf.memory().numTensors).toBe(0);

    const { simpleRnn } = await import("@rnnkit/fused-rnn");
    const { device } = tf.backend() as unknown as { device: GPUDevice };
    const x = tf.ones([1, 2, 2]);
    const weights = { kernel: tf.ones([2, 2]), recurrentKernel: tf.zeros([2, 2]) };
    const outputs = async () => Array.from(await simpleRnn(x, weights).outputs.data());
    const right = await outputs();
    expect(right[0]).toBeCloseTo(Math.tanh(2), 6);
    for (let i = 0; i < 2; i++) {
      device.createBuffer({ size: 16, usage: 0xffff });
      await expect(outputs()).rejects.toMatchObject({ name: "WebGPUValidationError" });
      expect(await outputs()).toEqual(right);
    }
    device.destroy();
    await expect(outputs()).rejects.toMatchObject({ name: "WebGPUDeviceLost" });
  },
);
