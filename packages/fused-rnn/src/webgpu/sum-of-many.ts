import { AddN, type TensorInfo } from "@tensorflow/tfjs-core";
import type { Replacement } from "../tfjs/wasm-overrides.ts";
import type { GpuBackend } from "./gpu-backend.ts";

/**
 * Sums of as many tensors as one likes. tfjs's own binds a buffer for each in one program, which a device refuses
 * beyond its limit, 8 by default, and goes on with other numbers: the sum of a model's eight penalties, for one. Ours
 * adds as many as the device takes, then that sum and as many again.
 */
export const sumOfMany: Replacement = {
  kernelName: AddN,
  make: (stock) => ({
    ...stock,
    kernelFunc(params) {
      const backend = params.backend as GpuBackend;
      const given = params.inputs as unknown as readonly TensorInfo[];
      // One buffer is the sum's.
      const most = backend.device.limits.maxStorageBuffersPerShaderStage - 1;
      const sumOf = (some: readonly TensorInfo[]) =>
        stock.kernelFunc({ ...params, inputs: some as never }) as TensorInfo;
      let sum = sumOf(given.slice(0, most));
      for (let at = most; at < given.length; at += most - 1) {
        const before = sum;
        sum = sumOf([before, ...given.slice(at, at + most - 1)]);
        backend.disposeData(before.dataId);
      }
      return sum;
    },
  }),
};
