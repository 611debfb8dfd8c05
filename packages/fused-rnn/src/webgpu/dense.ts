// A dense layer as an operation of tfjs with a gradient of its own: a dispatch forwards, one or two back.

import {
  type GradConfig,
  type KernelConfig,
  type NamedAttrMap,
  type Tensor,
  type TensorInfo,
  engine as tfEngine,
  util,
} from "@tensorflow/tfjs-core";
import type { FusedActivation } from "../activation-names.ts";
import { denseForward, denseGradients, denseSums } from "./dense-programs.ts";
import { type GpuBackend, giveBack, newTensor } from "./gpu-backend.ts";
import type { OwnKernels } from "./own-kernels.ts";
import { dispatch, inTwo, runOf } from "./program.ts";
import { tileFor } from "./tiled-product.ts";

const kernelName = "FusedDense";
const gradientName = "FusedDenseGrad";

interface Attrs {
  activation: FusedActivation;
}

/** Rows of a part of the sum over them; its shape alone decides. */
const partRows = 1024;

function numbersOf(x: TensorInfo, kernel: TensorInfo, bias: TensorInfo | undefined) {
  const [inputs, units] = kernel.shape;
  const rows = util.sizeFromShape(x.shape) / inputs;
  const parts = Math.ceil(rows / partRows);
  return { rows, inputs, units, hasBias: bias ? 1 : 0, partRows, parts };
}

const forwardKernel: KernelConfig = {
  kernelName,
  backendName: "webgpu",
  kernelFunc({ inputs, attrs, backend }) {
    const gpu = backend as GpuBackend;
    const { x, kernel, bias } = inputs as Record<string, TensorInfo>;
    const { activation } = attrs as unknown as Attrs;
    const numbers = numbersOf(x, kernel, bias);
    const { rows, units } = numbers;
    const y = newTensor(gpu, [...x.shape.slice(0, -1), units]);
    const tile = tileFor(rows, units);
    const groups = [Math.ceil(rows / tile), Math.ceil(units / tile), 1] as const;
    dispatch(
      gpu,
      [runOf(denseForward(activation, tile), { x, kernel, bias, y }, groups)],
      [numbers],
    );
    return y;
  },
};

const gradientKernel: KernelConfig = {
  kernelName: gradientName,
  backendName: "webgpu",
  kernelFunc({ inputs, attrs, backend }) {
    const gpu = backend as GpuBackend;
    const { x, kernel, y, dy } = inputs as Record<string, TensorInfo>;
    const { activation } = attrs as unknown as Attrs;
    const numbers = numbersOf(x, kernel, undefined);
    const { rows, inputs: I, units, parts } = numbers;
    const dx = newTensor(gpu, x.shape);
    const dKernels = newTensor(gpu, [parts, I, units]);
    const dBiases = newTensor(gpu, [parts, units]);
    const tile = tileFor(Math.max(rows, I), Math.max(I, units));
    const groups = [
      Math.ceil(Math.max(rows, I + 1) / tile),
      Math.ceil(Math.max(I, units) / tile),
      1 + parts,
    ] as const;
    const tensors = { x, kernel, y, dy, dx, dKernel: dKernels, dBias: dBiases };
    dispatch(gpu, [runOf(denseGradients(activation, tile), tensors, groups)], [numbers]);
    if (parts === 1) {
      return [dx, { ...dKernels, shape: [I, units] }, { ...dBiases, shape: [units] }];
    }
    const [dKernel, dBias] = [newTensor(gpu, [I, units]), newTensor(gpu, [units])];
    const sums = { kernelParts: dKernels, biasParts: dBiases, dKernel, dBias };
    const count = inTwo(Math.ceil(((I + 1) * units) / 64));
    dispatch(gpu, [runOf(denseSums, sums, count)], [numbers]);
    giveBack(gpu, [dKernels, dBiases]);
    return [dx, dKernel, dBias];
  },
};

const gradient: GradConfig = {
  kernelName,
  inputsToSave: ["x", "kernel"],
  outputsToSave: [true],
  gradFunc(dy, [x, kernel, y], attrs) {
    // At once, in the scope of the whole backward pass: what a thunk makes beside its result would go with it.
    const [dx, dKernel, dBias] = tfEngine().runKernel(
      gradientName,
      { x, kernel, y, dy: dy as Tensor },
      attrs,
    ) as unknown as Tensor[];
    return { x: () => dx, kernel: () => dKernel, bias: () => dBias };
  },
};

/** What tfjs's registry gets. */
export const denseKernels: OwnKernels = { kernels: [forwardKernel, gradientKernel], gradient };

/** activation(x·kernel + bias); undefined where it is left to tfjs. */
export function dense(
  x: Tensor,
  kernel: Tensor,
  bias: Tensor | undefined,
  activation: FusedActivation,
): Tensor | undefined {
  const isFloat = [x, kernel, bias].every((each) => !each || each.dtype === "float32");
  // A gradient of the gradient is tfjs's.
  const isNested = tfEngine().state.gradientDepth > 1;
  const fits = x.rank > 1 && kernel.rank === 2 && x.shape.at(-1) === kernel.shape[0];
  const rows = x.size / (kernel.shape[0] ?? 1);
  if (!isFloat || isNested || !fits || x.size * kernel.size === 0 || rows > mostRows) {
    return undefined;
  }
  const inputs = { x, kernel, ...(bias && { bias }) };
  return tfEngine().runKernel(
    kernelName,
    inputs as never,
    { activation } satisfies Attrs as unknown as NamedAttrMap,
  ) as Tensor;
}

/** Tiles of 32 rows in a dimension of workgroups. */
const mostRows = 65_535 * 32;
