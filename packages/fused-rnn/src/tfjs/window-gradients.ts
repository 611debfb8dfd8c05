// Gradients of windows over steps and images, where tfjs's kernels are wrong or missing: pools and resizing.

import {
  backend_util,
  type KernelBackend,
  type KernelFunc,
  MaxPoolGrad,
  type MaxPoolGradAttrs,
  ResizeNearestNeighborGrad,
  type TensorInfo,
} from "@tensorflow/tfjs-core";
import { filled } from "./tensor-access.ts";
import type { Replacement } from "./wasm-overrides.ts";

/** The windows of a maximum, of what tfjs hands to the kernel of its gradient. */
export function poolOf(params: Parameters<KernelFunc>[0]): {
  x: TensorInfo;
  dy: TensorInfo;
  info: ReturnType<typeof backend_util.computePool2DInfo>;
} {
  const { dy, input } = params.inputs as Record<"dy" | "input", TensorInfo>;
  const attrs = params.attrs as unknown as MaxPoolGradAttrs;
  const shape = input.shape as [number, number, number, number];
  const { filterSize, strides, pad, dimRoundingMode } = attrs;
  const info = backend_util.computePool2DInfo(shape, filterSize, strides, 1, pad, dimRoundingMode);
  return { x: input, dy, info };
}

/**
 * The gradient of a maximum over windows of x [B, H, W, C]: it goes to the first of the largest, as on tfjs's cpu
 * backend and in Keras. wasm's own hands it to the last, and loses it where all of a window are 0 or below.
 */
export const maxPoolGradient: Replacement = {
  kernelName: MaxPoolGrad,
  make: (stock) => ({
    ...stock,
    kernelFunc(params) {
      const { info, ...from } = poolOf(params);
      const { filterHeight, filterWidth, strideHeight, strideWidth, padInfo } = info;
      const { inHeight, inWidth, inChannels, outHeight, outWidth } = info;
      return filled(params.backend as KernelBackend, from.x.shape, from, ({ x, dy }, dx) => {
        for (let i = 0; i < dy.length; i++) {
          const channel = i % inChannels;
          const window = (i - channel) / inChannels;
          const column = window % outWidth;
          const rows = (window - column) / outWidth;
          const row = rows % outHeight;
          const example = (rows - row) / outHeight;
          const [top, left] = [
            row * strideHeight - padInfo.top,
            column * strideWidth - padInfo.left,
          ];
          const [bottom, right] = [top + filterHeight, left + filterWidth];
          let largest = -1;
          for (let h = Math.max(0, top); h < Math.min(inHeight, bottom); h++) {
            for (let w = Math.max(0, left); w < Math.min(inWidth, right); w++) {
              const at = ((example * inHeight + h) * inWidth + w) * inChannels + channel;
              if (largest < 0 || isAbove(x[at], x[largest])) largest = at;
            }
          }
          dx[largest] += dy[i];
        }
      });
    },
  }),
};

/** Whether a number is larger; one that is none is larger than all that are some. */
const isAbove = (a: number, b: number): boolean => a > b || (Number.isNaN(a) && !Number.isNaN(b));

/**
 * The gradient of an image [B, H, W, C] whose pixels were repeated: the sum over each pixel's copies. That of tfjs's
 * cpu backend looks for them at the place of the small image's examples, so that from the second one on it is that of
 * other pixels.
 */
export const nearestNeighborGradient: Replacement = {
  kernelName: ResizeNearestNeighborGrad,
  make: (stock) => ({
    ...stock,
    kernelFunc({ inputs, attrs, backend }) {
      const { images, dy } = inputs as Record<"images" | "dy", TensorInfo>;
      const { alignCorners, halfPixelCenters } = attrs as Record<string, boolean | undefined>;
      const [, height, width, channels] = images.shape;
      const [batch, outHeight, outWidth] = dy.shape;
      /** Where along an axis each place has its number from. */
      const sources = (size: number, outSize: number): number[] => {
        const isSpread = alignCorners && outSize > 1;
        const ratio = isSpread ? (size - 1) / (outSize - 1) : size / outSize;
        return Array.from({ length: outSize }, (_, i) => {
          const at = ratio * (halfPixelCenters ? i + 0.5 : i);
          return Math.min(size - 1, Math.max(0, alignCorners ? Math.round(at) : Math.floor(at)));
        });
      };
      const [rows, columns] = [sources(height, outHeight), sources(width, outWidth)];
      return filled(backend as KernelBackend, images.shape, { dy }, ({ dy }, dx) => {
        let from = 0;
        for (let b = 0; b < batch; b++) {
          for (const row of rows) {
            for (const column of columns) {
              const to = ((b * height + row) * width + column) * channels;
              for (let c = 0; c < channels; c++) dx[to + c] += dy[from++];
            }
          }
        }
      });
    },
  }),
};
