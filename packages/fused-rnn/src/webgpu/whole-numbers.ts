// Kernels of tfjs's WebGPU backend that bring the axes they work along to the end first, by its own transposition, of
// which no device takes the program where the numbers are whole: it goes on with others.

import {
  All,
  Any,
  ArgMax,
  ArgMin,
  backend_util,
  Cumprod,
  Cumsum,
  Max,
  Mean,
  Min,
  type NamedAttrMap,
  Prod,
  Sum,
  type TensorInfo,
  util,
} from "@tensorflow/tfjs-core";
import type { Replacement } from "../tfjs/wasm-overrides.ts";
import type { GpuBackend } from "./gpu-backend.ts";
import { isWholeOnDevice, transposedWords } from "./moved-rows.ts";

/** What is along the last axes then; undefined where tfjs brings nothing there, or can. */
function brought(backend: GpuBackend, x: TensorInfo, axis: number | number[]) {
  const rank = x.shape.length;
  const axes = util.parseAxisParam(axis, x.shape);
  const perm = backend_util.getAxesPermutation(axes, rank);
  if (!perm || !isWholeOnDevice(backend, x) || util.sizeFromShape(x.shape) === 0) return undefined;
  const last = backend_util.getInnerMostAxes(axes.length, rank);
  return { axes, perm, last, moved: transposedWords(backend, x, perm) };
}

/** Reductions: **axisName** is what the kernel calls its axes. */
const reduction = (kernelName: string, axisName = "axis"): Replacement => ({
  kernelName,
  make: (stock) => ({
    ...stock,
    kernelFunc(params) {
      const backend = params.backend as GpuBackend;
      const attrs = params.attrs as NamedAttrMap;
      const x = params.inputs.x as TensorInfo;
      const own = brought(backend, x, attrs[axisName] as number[]);
      if (!own) return stock.kernelFunc(params);
      const inputs = { x: own.moved };
      const ofLast = { ...attrs, [axisName]: own.last, keepDims: false };
      const reduced = stock.kernelFunc({ ...params, inputs, attrs: ofLast }) as TensorInfo;
      backend.disposeData(own.moved.dataId);
      if (attrs.keepDims !== true) return reduced;
      return { ...reduced, shape: backend_util.expandShapeToKeepDim(reduced.shape, own.axes) };
    },
  }),
});

/** Running sums and products, which are brought back. */
const running = (kernelName: string): Replacement => ({
  kernelName,
  make: (stock) => ({
    ...stock,
    kernelFunc(params) {
      const backend = params.backend as GpuBackend;
      const attrs = params.attrs as NamedAttrMap;
      const x = params.inputs.x as TensorInfo;
      const own = brought(backend, x, attrs.axis as number);
      if (!own) return stock.kernelFunc(params);
      const ofLast = { ...attrs, axis: own.last[0] };
      const sums = stock.kernelFunc({ ...params, inputs: { x: own.moved }, attrs: ofLast });
      const back = backend_util.getUndoAxesPermutation(own.perm);
      const result = transposedWords(backend, sums as TensorInfo, back);
      for (const { dataId } of [own.moved, sums as TensorInfo]) backend.disposeData(dataId);
      return result;
    },
  }),
});

/** What takes the place of kernels of tfjs's WebGPU backend. */
export const wholeNumbers: readonly Replacement[] = [
  ...[All, Any, ArgMax, ArgMin, Mean, Min, Prod, Sum].map((name) => reduction(name)),
  reduction(Max, "reductionIndices"),
  ...[Cumprod, Cumsum].map(running),
];
