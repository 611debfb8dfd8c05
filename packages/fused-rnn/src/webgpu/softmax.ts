// The softmax of a head's sums along the last axis, and its gradient: a dispatch each, a workgroup a row.

import {
  type GradConfig,
  type KernelConfig,
  type Tensor,
  type TensorInfo,
  engine as tfEngine,
  util,
} from "@tensorflow/tfjs-core";
import { type GpuBackend, newTensor } from "./gpu-backend.ts";
import type { OwnKernels } from "./own-kernels.ts";
import { dispatch, inTwo, type Program, runOf } from "./program.ts";
import { reductionText, sumText } from "./reduction-text.ts";
import { isNanText, mainInTwo, wordOf } from "./wgsl.ts";

const kernelName = "FusedSoftmax";
const gradientName = "FusedSoftmaxGrad";

/** A row's function of its workgroup: `first` is the row's first number, `lane` goes through them in steps of 64. */
const rowText = (body: string) => `
${sumText("sumOf", 64)}${mainInTwo(64)}
  if (place >= call.rows) { return; }
  let first = place * call.width;
  ${body}
}`;

const numbers = ["rows", "width", "nan"];

const forwardProgram: Program<"x" | "y"> = {
  name: "softmax",
  storage: { x: "read", y: "write" },
  numbers,
  text: () => `
${isNanText}
fn termOf(x: f32, largest: f32) -> f32 {
  // What an exponential makes of it is not said.
  if (isNan(x)) { return bitcast<f32>(call.nan); }
  return exp(x - largest);
}
${reductionText("largestOf", 64, (a, b) => `max(${a}, ${b})`)}
${rowText(`
  var mine = -3.4e38;
  for (var i = lane; i < call.width; i += 64u) { if (!isNan(x[first + i])) { mine = max(mine, x[first + i]); } }
  let largest = largestOf(lane, mine);
  var part = 0.0;
  for (var i = lane; i < call.width; i += 64u) { part += termOf(x[first + i], largest); }
  let sum = sumOf(lane, part);
  for (var i = lane; i < call.width; i += 64u) { y[first + i] = termOf(x[first + i], largest) / sum; }`)}`,
};

const gradientProgram: Program<"y" | "dy" | "dx"> = {
  name: "softmax gradient",
  storage: { y: "read", dy: "read", dx: "write" },
  numbers,
  text: () =>
    rowText(`
  var part = 0.0;
  for (var i = lane; i < call.width; i += 64u) { part += y[first + i] * dy[first + i]; }
  let sum = sumOf(lane, part);
  for (var i = lane; i < call.width; i += 64u) { dx[first + i] = y[first + i] * (dy[first + i] - sum); }`),
};

function numbersOf({ shape }: TensorInfo) {
  const width = shape.at(-1) as number;
  return { rows: util.sizeFromShape(shape) / width, width, nan: wordOf(Number.NaN) };
}

const forwardKernel: KernelConfig = {
  kernelName,
  backendName: "webgpu",
  kernelFunc({ inputs, backend }) {
    const gpu = backend as GpuBackend;
    const x = inputs.x as TensorInfo;
    const [y, own] = [newTensor(gpu, x.shape), numbersOf(x)];
    dispatch(gpu, [runOf(forwardProgram, { x, y }, inTwo(own.rows))], [own]);
    return y;
  },
};

const gradientKernel: KernelConfig = {
  kernelName: gradientName,
  backendName: "webgpu",
  kernelFunc({ inputs, backend }) {
    const gpu = backend as GpuBackend;
    const { y, dy } = inputs as Record<string, TensorInfo>;
    const [dx, own] = [newTensor(gpu, y.shape), numbersOf(y)];
    dispatch(gpu, [runOf(gradientProgram, { y, dy, dx }, inTwo(own.rows))], [own]);
    return dx;
  },
};

const gradient: GradConfig = {
  kernelName,
  outputsToSave: [true],
  gradFunc: (dy, [y]) => ({
    x: () => tfEngine().runKernel(gradientName, { y, dy: dy as Tensor }) as Tensor,
  }),
};

/** What tfjs's registry gets. */
export const softmaxKernels: OwnKernels = { kernels: [forwardKernel, gradientKernel], gradient };

/** eˣ / Σ eˣ along the last axis; undefined where it is left to tfjs. */
export function softmax(x: Tensor): Tensor | undefined {
  const isNested = tfEngine().state.gradientDepth > 1;
  if (x.dtype !== "float32" || isNested || x.rank === 0 || x.size === 0) return undefined;
  return tfEngine().runKernel(kernelName, { x } as never) as Tensor;
}
