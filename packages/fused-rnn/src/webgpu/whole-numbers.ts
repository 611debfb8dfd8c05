// Reductions of tfjs's WebGPU backend bring the axes they go along to the end first, by its own transposition, of which no
// device takes the program where the numbers are whole: it goes on with others.

import {
  All,
  Any,
  backend_util,
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

/** Reductions: **axisName** is what the kernel calls its axes. */
const reduction = (kernelName: string, axisName = "axis"): Replacement => ({
  kernelName,
  make: (stock) => ({
    ...stock,
    kernelFunc(params) {
      const backend = params.backend as GpuBackend;
      const attrs = params.attrs as NamedAttrMap;
      const x = params.inputs.x as TensorInfo;
      const rank = x.shape.length;
      const axes = util.parseAxisParam(attrs[axisName] as number[], x.shape);
      const perm = backend_util.getAxesPermutation(axes, rank);
      const isEmpty = util.sizeFromShape(x.shape) === 0;
      if (!perm || isEmpty || !isWholeOnDevice(backend, x)) return stock.kernelFunc(params);
      const moved = transposedWords(backend, x, perm);
      const last = backend_util.getInnerMostAxes(axes.length, rank);
      const ofLast = { ...attrs, [axisName]: last, keepDims: false };
      const own = { ...params, inputs: { x: moved }, attrs: ofLast };
      const reduced = stock.kernelFunc(own) as TensorInfo;
      backend.disposeData(moved.dataId);
      if (attrs.keepDims !== true) return reduced;
      return { ...reduced, shape: backend_util.expandShapeToKeepDim(reduced.shape, axes) };
    },
  }),
});

/** What takes the place of kernels of tfjs's WebGPU backend. */
export const wholeNumbers: readonly Replacement[] = [
  ...[All, Any, Mean, Min, Prod, Sum].map((name) => reduction(name)),
  reduction(Max, "reductionIndices"),
];
