// Kernels of tfjs's wasm backend that only move numbers, rows at a time. Each takes the stock kernel's place, and hands
// what it does not cover to it.

import {
  backend_util,
  Concat,
  Reverse,
  SplitV,
  type TensorInfo,
  util,
} from "@tensorflow/tfjs-core";
import { tfjsHeapModule } from "../wasm/tfjs-heap-module.ts";
import { alias, readTensor } from "./tensor-access.ts";
import type { Replacement } from "./wasm-overrides.ts";

interface WasmBackend {
  makeOutput(shape: number[], dtype: string): TensorInfo;
}

const hasFourBytes = ({ dtype }: TensorInfo): boolean => dtype === "float32" || dtype === "int32";

/** A new tensor and the addresses of it and of **others**, which may come from another backend. */
function made(
  backend: WasmBackend,
  shape: number[],
  { dtype }: TensorInfo,
  others: readonly TensorInfo[],
): { out: TensorInfo; at: number; from: number[] } {
  const addressOf = (tensor: TensorInfo) => readTensor(backend as never, tensor).byteOffset;
  for (const tensor of others) addressOf(tensor);
  const out = backend.makeOutput(shape, dtype);
  // Addresses come after the allocation, which may grow the heap and detach what was read before.
  return { out, at: addressOf(out), from: others.map(addressOf) };
}

/** Neighbouring axes of a tensor as one: their size, and whether they are reversed. */
interface Axes {
  size: number;
  isReversed: boolean;
}

/** The axes from the first one to be reversed, or kept, to the last; those of size 1 are as good as none. */
function axesOf(shape: readonly number[], dims: readonly number[]): Axes[] {
  const all: Axes[] = [];
  for (const [axis, size] of shape.entries()) {
    if (size === 1) continue;
    const isReversed = dims.includes(axis);
    const last = all.at(-1);
    // Of two axes reversed side by side the numbers come in the opposite order throughout.
    if (last?.isReversed === isReversed) last.size *= size;
    else all.push({ size, isReversed });
  }
  return all;
}

type Turn = (from: number, outer: number, steps: number, width: number, to: number) => void;

/** Calls **turn** for each run of the last axes that are reversed; **from** and **to** count numbers. */
function turned(axes: readonly Axes[], from: number, to: number, turn: Turn): void {
  const [first, second, third, ...more] = axes.at(0)?.isReversed
    ? [{ size: 1, isReversed: false }, ...axes]
    : axes;
  if (!second || !first) return;
  if (more.length === 0) {
    turn(from, first.size, second.size, third?.size ?? 1, to);
    return;
  }
  const rest = [third, ...more] as Axes[];
  const stride = rest.reduce((product, { size }) => product * size, 1);
  for (let o = 0; o < first.size; o++) {
    for (let s = 0; s < second.size; s++) {
      const [here, there] = [o * second.size + s, o * second.size + second.size - 1 - s];
      turned(rest, from + here * stride, to + there * stride, turn);
    }
  }
}

/**
 * Axes in the opposite order, rows copied where they lie: tfjs's own works out the place of every number, 50 ns each,
 * and reads and writes 4 bytes for each bool.
 */
export const reverse: Replacement = {
  kernelName: Reverse,
  make: (stock) => ({
    ...stock,
    kernelFunc(params) {
      const backend = params.backend as WasmBackend;
      const x = params.inputs.x as TensorInfo;
      const { dims } = params.attrs as { dims: number | number[] };
      const axes = axesOf(x.shape, util.parseAxisParam(dims, x.shape));
      const isEmpty = util.sizeFromShape(x.shape) === 0;
      if (isEmpty || !axes.some(({ isReversed }) => isReversed)) return alias(backend, x, x.shape);
      const kernels = tfjsHeapModule(backend);
      if (hasFourBytes(x) && kernels) {
        const { out, at, from } = made(backend, x.shape, x, [x]);
        turned(axes, 0, 0, (start, outer, steps, width, to) =>
          kernels.reverseRows(from[0] + start * 4, outer, steps, width, at + to * 4),
        );
        return out;
      }
      if (x.dtype !== "bool") return stock.kernelFunc(params);
      const { out } = made(backend, x.shape, x, [x]);
      const [bytes, target] = [x, out].map((tensor) => readTensor(backend as never, tensor));
      turned(axes, 0, 0, (start, outer, steps, width, to) => {
        for (let o = 0; o < outer; o++) {
          for (let s = 0; s < steps; s++) {
            const [row, place] = [o * steps + s, o * steps + steps - 1 - s];
            for (let i = 0; i < width; i++) {
              target[to + place * width + i] = bytes[start + row * width + i];
            }
          }
        }
      });
      return out;
    },
  }),
};

/** Parts of x along an axis, as the gradient of `concat` wants them; tfjs's own makes a view of each row of each part. */
export const splitV: Replacement = {
  kernelName: SplitV,
  make: (stock) => ({
    ...stock,
    kernelFunc(params) {
      const backend = params.backend as WasmBackend;
      const x = params.inputs.x as TensorInfo;
      const { numOrSizeSplits, axis } = params.attrs as {
        numOrSizeSplits: number | number[];
        axis: number;
      };
      const kernels = tfjsHeapModule(backend);
      if (!kernels || !hasFourBytes(x) || util.sizeFromShape(x.shape) === 0) {
        return stock.kernelFunc(params);
      }
      const [at] = util.parseAxisParam(axis, x.shape);
      const sizes = backend_util.prepareSplitSize(x as never, numOrSizeSplits, at);
      const cut = cutAt(x.shape, at);
      let start = 0;
      return sizes.map((size) => {
        const shape = x.shape.map((n, i) => (i === at ? size : n));
        const part = made(backend, shape, x, [x]);
        const width = size * cut.inner;
        kernels.copyRows(part.from[0] + start * 4, cut.row, part.at, width, width, cut.rows);
        start += width;
        return part.out;
      });
    },
  }),
};

/** Tensors side by side along an axis; tfjs's own makes a view of each row of each. */
export const concat: Replacement = {
  kernelName: Concat,
  make: (stock) => ({
    ...stock,
    kernelFunc(params) {
      const backend = params.backend as WasmBackend;
      const parts = Object.values(params.inputs) as TensorInfo[];
      const { axis } = params.attrs as { axis: number };
      const kernels = tfjsHeapModule(backend);
      const isCovered = parts.every(
        (part) =>
          hasFourBytes(part) && part.dtype === parts[0].dtype && util.sizeFromShape(part.shape) > 0,
      );
      if (!kernels || !isCovered || parts.length < 2) return stock.kernelFunc(params);
      const [at] = util.parseAxisParam(axis, parts[0].shape);
      const shapes = parts.map(({ shape }) => shape);
      backend_util.assertParamsConsistent(shapes, at);
      const joined = made(backend, backend_util.computeOutShape(shapes, at), parts[0], parts);
      const { row, rows } = cutAt(joined.out.shape, at);
      let to = joined.at;
      for (const [k, shape] of shapes.entries()) {
        const width = cutAt(shape, at).row;
        kernels.copyRows(joined.from[k], width, to, row, width, rows);
        to += width * 4;
      }
      return joined.out;
    },
  }),
};

/** A tensor as rows that an axis and those behind it make, and the numbers of one place on that axis. */
function cutAt(shape: readonly number[], axis: number): Record<"rows" | "row" | "inner", number> {
  const inner = util.sizeFromShape(shape.slice(axis + 1));
  return { rows: util.sizeFromShape(shape.slice(0, axis)), row: shape[axis] * inner, inner };
}
