// Kernels of tfjs's wasm backend that cost a training step more than the recurrence itself, done
// again. Each takes the stock kernel's place, and hands what it does not cover to it.

import {
  Cast,
  GatherV2,
  Identity,
  type KernelConfig,
  type TensorInfo,
  Transpose,
  util,
} from "@tensorflow/tfjs-core";
import { tfjsHeapModule } from "../wasm/tfjs-heap-module.ts";
import { alias, readTensor } from "./tensor-access.ts";

interface WasmBackend {
  makeOutput(shape: number[], dtype: string): TensorInfo;
}

/** A kernel that takes the place of a stock one. */
export interface Replacement {
  kernelName: string;
  make(stock: KernelConfig): KernelConfig;
}

/**
 * Rows of x [N, …] by index, as an Embedding looks them up: a copy of each row where it lies. tfjs's
 * own walks over every element with a division for each axis, 50 times slower. Other axes, batches
 * and types are left to it.
 */
export const gatherRows: Replacement = {
  kernelName: GatherV2,
  make: (stock) => ({
    ...stock,
    kernelFunc(params) {
      const backend = params.backend as WasmBackend;
      const kernels = tfjsHeapModule(backend);
      const { x, indices } = params.inputs as { x: TensorInfo; indices: TensorInfo };
      const { axis, batchDims } = params.attrs as { axis: number; batchDims: number };
      const [rows, ...rowShape] = x.shape;
      const fourBytes = x.dtype === "float32" || x.dtype === "int32";
      if (!kernels || axis !== 0 || batchDims !== 0 || !fourBytes || indices.dtype !== "int32") {
        return stock.kernelFunc(params);
      }
      const read = (tensor: TensorInfo) => readTensor(backend as never, tensor);
      const ids = read(indices);
      const n = ids.length;
      const stray = kernels.firstStray(ids.byteOffset, n, rows);
      if (stray < n) {
        throw new Error(`gather: expected indices from 0 to ${rows - 1}, got ${ids[stray]}`);
      }
      const out = backend.makeOutput([...indices.shape, ...rowShape], x.dtype);
      // Views come after the allocation, which may grow the heap and detach older ones.
      const width = util.sizeFromShape(rowShape);
      const [from, at, to] = [x, indices, out].map((tensor) => read(tensor).byteOffset);
      kernels.gatherRows(from, width, at, n, to);
      return out;
    },
  }),
};

/**
 * The same numbers under another tensor. tfjs's own copies them, and a third of all kernels of a
 * training step are this one, because every tensor that is saved for a gradient is cloned.
 */
export const identity: Replacement = {
  kernelName: Identity,
  make: (stock) => ({
    ...stock,
    kernelFunc({ inputs, backend }) {
      const x = inputs.x as TensorInfo;
      return alias(backend, x, x.shape);
    },
  }),
};

/**
 * A transposition that moves no number gives the same numbers under another shape, where tfjs's own copies
 * them: the gradient of an Embedding does two of them, of the whole table one.
 */
export const transpose: Replacement = {
  kernelName: Transpose,
  make: (stock) => ({
    ...stock,
    kernelFunc(params) {
      const x = params.inputs.x as TensorInfo;
      const { perm } = params.attrs as { perm: number[] };
      const shape = shapeIfStill(x, perm);
      return shape ? alias(params.backend, x, shape) : stock.kernelFunc(params);
    },
  }),
};

/** The shape of x under a transposition that moves no number; undefined under one that does. */
export function shapeIfStill({ shape }: TensorInfo, perm: readonly number[]): number[] | undefined {
  const moved = perm.filter((axis) => shape[axis] !== 1);
  if (moved.some((axis, i) => axis < moved[i - 1])) return undefined;
  return perm.map((axis) => shape[axis]);
}

/**
 * Numbers as booleans, where any but 0 is true, as on tfjs's other backends. Its own puts them into bytes: 256 and 0.5
 * become false.
 */
export const castToBool: Replacement = {
  kernelName: Cast,
  make: (stock) => ({
    ...stock,
    kernelFunc(params) {
      const backend = params.backend as WasmBackend;
      const x = params.inputs.x as TensorInfo;
      const { dtype } = params.attrs as { dtype: string };
      if (dtype !== "bool" || (x.dtype !== "float32" && x.dtype !== "int32")) {
        return stock.kernelFunc(params);
      }
      const read = (tensor: TensorInfo) => readTensor(backend as never, tensor);
      read(x);
      const out = backend.makeOutput(x.shape, "bool");
      // Views come after the allocation, which may grow the heap and detach older ones.
      const [from, to] = [x, out].map(read);
      for (let i = 0; i < from.length; i++) to[i] = from[i] === 0 ? 0 : 1;
      return out;
    },
  }),
};
