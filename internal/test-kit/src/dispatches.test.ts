import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { hasDawn, startWebGPU } from "./dawn.ts";
import { dispatchesOf } from "./dispatches.ts";

test.skipIf(!hasDawn)(
  "dispatches are listed in their order, and counting ends with the step (skipped without VK_DRIVER_FILES)",
  async () => {
    await startWebGPU();
    await tf.setBackend("webgpu");
    const x = tf.tensor1d([1, 2, 3]);
    const labels = await dispatchesOf(async () => {
      await tf.add(tf.sin(x), 1).data();
    });
    expect(labels).toEqual(["UnaryOpProgram", "BinaryOpProgram"]);
    const { dispatchWorkgroups } = GPUComputePassEncoder.prototype;
    const failing = () => {
      throw new Error("a step that fails");
    };
    await expect(dispatchesOf(failing)).rejects.toThrow("a step that fails");
    expect(GPUComputePassEncoder.prototype.dispatchWorkgroups).toBe(dispatchWorkgroups);
  },
);
