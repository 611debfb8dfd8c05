// The gradients of convolutions that tfjs's wasm backend lacks: of x [B, H, W, I] with a filter [K, L, I, O], or with
// one [K, L, I, M] that has M outputs of each channel alone.

import {
  BatchMatMul,
  backend_util,
  Conv2DBackpropFilter,
  type Conv2DBackpropFilterAttrs,
  DepthwiseConv2dNativeBackpropFilter,
  type DepthwiseConv2dNativeBackpropFilterAttrs,
  DepthwiseConv2dNativeBackpropInput,
  type DepthwiseConv2dNativeBackpropInputAttrs,
  getKernel,
  type KernelBackend,
  type KernelConfig,
  type KernelFunc,
  type TensorInfo,
  type TypedArray,
  util,
} from "@tensorflow/tfjs-core";
import { filled, readTensor, readTensors, writeTensor } from "./tensor-access.ts";

type Shape4D = [number, number, number, number];
type Info = backend_util.Conv2DInfo;

/** What one of these kernels or another is told of its windows. */
type Attrs = Pick<Conv2DBackpropFilterAttrs, "strides" | "pad" | "dimRoundingMode"> &
  Partial<Pick<Conv2DBackpropFilterAttrs, "dataFormat">> &
  Partial<Pick<DepthwiseConv2dNativeBackpropFilterAttrs, "dilations">>;

/** The most numbers of x that lie side by side for a product at a time. */
const mostColumns = 1 << 22;

function infoOf(attrs: Attrs, x: Shape4D, filter: Shape4D, byChannel: boolean): Info {
  const { strides, dilations = 1, pad, dimRoundingMode, dataFormat } = attrs;
  if (dataFormat === "NCHW") {
    throw new Error("convolution on wasm: expected channels last, got NCHW");
  }
  return backend_util.computeConv2DInfo(
    ...([x, filter, strides, dilations, pad, dimRoundingMode, byChannel] as const),
  );
}

/**
 * Calls **visit** for each place of a filter and each output pixel that reads a pixel of x there, with the numbers of
 * pixels before it in x, in the outputs and in the filter.
 */
function everyTap(info: Info, visit: (x: number, y: number, filter: number) => void): void {
  const { filterHeight, filterWidth, dilationHeight, dilationWidth, padInfo } = info;
  for (let k = 0; k < filterHeight * filterWidth; k++) {
    const column = k % filterWidth;
    const top = ((k - column) / filterWidth) * dilationHeight - padInfo.top;
    const left = column * dilationWidth - padInfo.left;
    for (let b = 0; b < info.batchSize; b++) {
      for (let row = 0; row < info.outHeight; row++) {
        const h = row * info.strideHeight + top;
        if (h < 0 || h >= info.inHeight) continue;
        for (let column = 0; column < info.outWidth; column++) {
          const w = column * info.strideWidth + left;
          if (w < 0 || w >= info.inWidth) continue;
          const y = (b * info.outHeight + row) * info.outWidth + column;
          visit((b * info.inHeight + h) * info.inWidth + w, y, k);
        }
      }
    }
  }
}

/** ∂/∂filter = Σ xᵀ·dy, a product of what each place of the filter reads, some examples at a time. */
const filterGradient: KernelFunc = ({ inputs, attrs, backend }) => {
  const { filterShape, ...others } = attrs as unknown as Conv2DBackpropFilterAttrs;
  const here = backend as KernelBackend;
  const { x, dy } = inputs as Record<"x" | "dy", TensorInfo>;
  const info = infoOf(others, x.shape as Shape4D, filterShape, false);
  const { inChannels, outChannels, batchSize } = info;
  const taps = info.filterHeight * info.filterWidth * inChannels;
  const pixels = info.outHeight * info.outWidth;
  const atOnce = Math.max(1, Math.floor(mostColumns / Math.max(1, taps * pixels)));
  // Copies: the heap may grow with each product, which detaches views of it.
  const numbers = readTensors(here, { x, dy }) as Record<"x" | "dy", TypedArray>;
  const [values, slopes] = [numbers.x.slice(), numbers.dy.slice() as Float32Array];
  const sums = new Float32Array(util.sizeFromShape(filterShape));
  for (let first = 0; first < batchSize; first += atOnce) {
    const count = Math.min(atOnce, batchSize - first);
    const width = count * pixels;
    const columns = new Float32Array(taps * width);
    const before = first * info.inHeight * info.inWidth;
    everyTap({ ...info, batchSize: count }, (pixel, to, k) => {
      const from = (before + pixel) * inChannels;
      const row = k * inChannels;
      for (let i = 0; i < inChannels; i++) columns[(row + i) * width + to] = values[from + i];
    });
    const start = first * pixels * outChannels;
    const part = slopes.subarray(start, start + width * outChannels);
    const a = writeTensor(here, [1, taps, width], columns);
    const b = writeTensor(here, [1, width, outChannels], part);
    const product = multiplied(backend, a, b);
    const added = readTensor(here, product);
    for (let i = 0; i < sums.length; i++) sums[i] += added[i];
    for (const { dataId } of [a, b, product]) here.disposeData(dataId);
  }
  return writeTensor(here, filterShape, sums);
};

function multiplied(backend: object, a: TensorInfo, b: TensorInfo): TensorInfo {
  const attrs = { transposeA: false, transposeB: false };
  const kernel = getKernel(BatchMatMul, "wasm")!;
  return kernel.kernelFunc({ inputs: { a, b }, backend, attrs }) as TensorInfo;
}

/** ∂/∂filter of a convolution by channels. */
const channelFilterGradient: KernelFunc = ({ inputs, attrs, backend }) => {
  const { filterShape, ...others } = attrs as unknown as DepthwiseConv2dNativeBackpropFilterAttrs;
  const { x, dy } = inputs as Record<"x" | "dy", TensorInfo>;
  const info = infoOf(others, x.shape as Shape4D, filterShape, true);
  const [channels, each] = [info.inChannels, filterShape[3]];
  return filled(backend as KernelBackend, filterShape, { x, dy }, ({ x, dy }, sums) => {
    everyTap(info, (from, y, k) => {
      for (let c = 0; c < channels; c++) {
        const [value, at] = [x[from * channels + c], k * channels + c];
        const slopes = (y * channels + c) * each;
        for (let m = 0; m < each; m++) sums[at * each + m] += value * dy[slopes + m];
      }
    });
  });
};

/** ∂/∂x of a convolution by channels. */
const channelInputGradient: KernelFunc = ({ inputs, attrs, backend }) => {
  const { inputShape, ...others } = attrs as unknown as DepthwiseConv2dNativeBackpropInputAttrs;
  const { filter, dy } = inputs as Record<"filter" | "dy", TensorInfo>;
  const info = infoOf(others, inputShape, filter.shape as Shape4D, true);
  const [channels, each] = [info.inChannels, filter.shape[3]];
  return filled(backend as KernelBackend, inputShape, { filter, dy }, ({ filter, dy }, dx) => {
    everyTap(info, (to, y, k) => {
      for (let c = 0; c < channels; c++) {
        const [at, slopes] = [(k * channels + c) * each, (y * channels + c) * each];
        for (let m = 0; m < each; m++) dx[to * channels + c] += filter[at + m] * dy[slopes + m];
      }
    });
  });
};

/** Without them a Conv1D or Conv2D trains on no *wasm*: tfjs says that the kernel is not registered. */
export const convolutionGradients: readonly KernelConfig[] = [
  { kernelName: Conv2DBackpropFilter, backendName: "wasm", kernelFunc: filterGradient },
  {
    ...{ kernelName: DepthwiseConv2dNativeBackpropFilter, backendName: "wasm" },
    kernelFunc: channelFilterGradient,
  },
  {
    ...{ kernelName: DepthwiseConv2dNativeBackpropInput, backendName: "wasm" },
    kernelFunc: channelInputGradient,
  },
];
