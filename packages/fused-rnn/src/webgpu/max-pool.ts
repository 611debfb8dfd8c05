// The gradient of a maximum over windows, on the device.

import { MaxPoolGrad, util } from "@tensorflow/tfjs-core";
import type { Replacement } from "../tfjs/wasm-overrides.ts";
import { poolOf } from "../tfjs/window-gradients.ts";
import type { GpuBackend } from "./gpu-backend.ts";
import { dispatch, inTwo, type Program, runOf } from "./program.ts";
import { mainInTwo } from "./wgsl.ts";

const sizes = [
  ...(["inChannels", "inHeight", "inWidth", "outHeight", "outWidth"] as const),
  ...(["filterHeight", "filterWidth", "strideHeight", "strideWidth"] as const),
];

/** A thread an element of x [B, H, W, C]: what the windows give in which it is the first of the largest. */
const slopes: Program<"x" | "dy" | "dx"> = {
  name: "gradient of a maximum over windows",
  storage: { x: "read", dy: "read", dx: "write" },
  numbers: ["size", ...sizes, "top", "left"],
  text: () => `
// The first window along an axis that has a place, which lies so far from the first window's start.
fn firstOf(reach: u32, size: u32, stride: u32) -> u32 {
  return select((reach - min(reach, size)) / stride + 1u, 0u, reach < size);
}
${mainInTwo(64)}
  let at = place * 64u + lane;
  if (at >= call.size) { return; }
  let channel = at % call.inChannels;
  let pixel = at / call.inChannels;
  let image = pixel / (call.inWidth * call.inHeight);
  let down = pixel / call.inWidth % call.inHeight + call.top;
  let along = pixel % call.inWidth + call.left;
  var sum = 0.0;
  for (var row = firstOf(down, call.filterHeight, call.strideHeight); row < call.outHeight; row++) {
    let top = row * call.strideHeight;
    if (top > down) { break; }
    for (var column = firstOf(along, call.filterWidth, call.strideWidth); column < call.outWidth; column++) {
      let left = column * call.strideWidth;
      if (left > along) { break; }
      var first = 0xffffffffu;
      for (var h = max(top, call.top); h < min(top + call.filterHeight, call.inHeight + call.top); h++) {
        for (var w = max(left, call.left); w < min(left + call.filterWidth, call.inWidth + call.left); w++) {
          let pixel = (image * call.inHeight + h - call.top) * call.inWidth + w - call.left;
          let other = pixel * call.inChannels + channel;
          if (first == 0xffffffffu || x[other] > x[first]) { first = other; }
        }
      }
      let window = (image * call.outHeight + row) * call.outWidth + column;
      if (first == at) { sum += dy[window * call.inChannels + channel]; }
    }
  }
  dx[at] = sum;
}`,
};

/** Of equal numbers the first has the gradient, as on *cpu* and in Keras; tfjs's own hands it to the last. */
export const maxPoolGradient: Replacement = {
  kernelName: MaxPoolGrad,
  make: (stock) => ({
    ...stock,
    kernelFunc(params) {
      const backend = params.backend as GpuBackend;
      const { x, dy, info } = poolOf(params);
      const size = util.sizeFromShape(x.shape);
      if (size === 0) return stock.kernelFunc(params);
      const dx = backend.makeTensorInfo(x.shape, "float32");
      const run = runOf(slopes, { x, dy, dx }, inTwo(Math.ceil(size / 64)));
      const own = Object.fromEntries(sizes.map((name) => [name, info[name]]));
      const { top, left } = info.padInfo;
      dispatch(backend, [run], [{ size, ...own, top, left }]);
      return dx;
    },
  }),
};
