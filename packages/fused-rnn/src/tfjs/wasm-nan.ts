// Kernels of tfjs's wasm backend that make a number of what is none: a clamp gives its lower bound, a maximum the other
// operand, a pool minus infinity. A model that has diverged would report a loss that looks right. Each takes the stock
// kernel's place, runs it, and puts back what it has lost.

import {
  _FusedMatMul,
  AvgPool,
  ClipByValue,
  FusedConv2D,
  FusedDepthwiseConv2D,
  type KernelBackend,
  type KernelConfig,
  Maximum,
  MaxPool,
  Minimum,
  Relu6,
  type TensorInfo,
  type TypedArray,
  util,
} from "@tensorflow/tfjs-core";
import { readTensor } from "./tensor-access.ts";
import type { Replacement } from "./wasm-overrides.ts";

type KernelParams = Parameters<KernelConfig["kernelFunc"]>[0];
type Attrs = Record<string, unknown>;

const read = ({ backend }: KernelParams, tensor: TensorInfo): TypedArray =>
  readTensor(backend as KernelBackend, tensor);

/** Whether one of a tensor's numbers is none; whole numbers all are some. */
function hasNaN(params: KernelParams, x: TensorInfo): boolean {
  if (x.dtype !== "float32") return false;
  // A loop of its own: `some` calls a function for each, ten times slower.
  const values = read(params, x);
  for (let i = 0; i < values.length; i++) if (Number.isNaN(values[i])) return true;
  return false;
}

/** The stock kernel, and **mend** of what it gave. */
function mended(
  kernelName: string,
  mend: (params: KernelParams, out: TensorInfo, stock: KernelConfig) => TensorInfo,
): Replacement {
  return {
    kernelName,
    make: (stock) => ({
      ...stock,
      kernelFunc: (params) => mend(params, stock.kernelFunc(params) as TensorInfo, stock),
    }),
  };
}

/** Of operands that are spread over the result: where one is no number, the result is none. */
function spread(params: KernelParams, out: TensorInfo): TensorInfo {
  for (const x of Object.values(params.inputs) as TensorInfo[]) {
    if (!hasNaN(params, x)) continue;
    const [from, to] = [read(params, x), read(params, out)];
    const strides = util.computeStrides(x.shape);
    const first = out.shape.length - x.shape.length;
    // Along an axis of size 1, and one that the operand lacks, all places read the same.
    const steps = out.shape.map((_, axis) =>
      axis < first || x.shape[axis - first] === 1 ? 0 : (strides[axis - first] ?? 1),
    );
    for (let i = 0; i < to.length; i++) {
      let [at, rest] = [0, i];
      for (let axis = steps.length - 1; axis >= 0; axis--) {
        at += (rest % out.shape[axis]) * steps[axis];
        rest = Math.floor(rest / out.shape[axis]);
      }
      if (Number.isNaN(from[at])) to[i] = Number.NaN;
    }
  }
  return out;
}

/** Of windows: none where one has what is no number, or both infinities to average. */
function pooled(params: KernelParams, out: TensorInfo, stock: KernelConfig): TensorInfo {
  const x = params.inputs.x as TensorInfo;
  const isAverage = stock.kernelName === AvgPool;
  const values = read(params, x);
  if (!(isAverage ? hasNonFinite(values) : hasNaN(params, x))) return out;
  const backend = params.backend as KernelBackend;
  const given = values.slice();
  /** What stock gives of other numbers in the place of x's. */
  const run = (of: (value: number) => number): Float32Array => {
    const dataId = backend.write(Float32Array.from(given, of), x.shape, "float32");
    const other = { dataId, shape: x.shape, dtype: "float32" as const };
    const made = stock.kernelFunc({ ...params, inputs: { x: other } }) as TensorInfo;
    const numbers = read(params, made).slice() as Float32Array;
    for (const each of [dataId, made.dataId]) backend.disposeData(each);
    return numbers;
  };
  const kept = run((v) => (Number.isNaN(v) ? 0 : v));
  const lost = run((v) => (Number.isNaN(v) ? 1 : 0));
  const [above, below] = isAverage
    ? [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY].map((end) => run((v) => +(v === end)))
    : [lost, lost];
  const to = read(params, out);
  for (let i = 0; i < to.length; i++) {
    to[i] = lost[i] > 0 || (above[i] > 0 && below[i] > 0) ? Number.NaN : kept[i];
  }
  return out;
}

function hasNonFinite(values: TypedArray): boolean {
  for (let i = 0; i < values.length; i++) if (!Number.isFinite(values[i])) return true;
  return false;
}

/** A product with *relu* or *relu6* in it: the product alone, and the activation of what that gives. */
function activated(kernelName: string): Replacement {
  return {
    kernelName,
    make: (stock) => ({
      ...stock,
      kernelFunc(params) {
        const attrs = params.attrs as unknown as Attrs;
        const most = { relu: Number.POSITIVE_INFINITY, relu6: 6 }[`${attrs.activation}`];
        if (most === undefined) return stock.kernelFunc(params);
        const plain = { ...attrs, activation: "linear" } as never;
        const out = stock.kernelFunc({ ...params, attrs: plain }) as TensorInfo;
        const values = read(params, out);
        for (let i = 0; i < values.length; i++) {
          const value = values[i];
          // Half of the numbers are below 0, in no order that a branch could be guessed in.
          const above = (value + Math.abs(value)) / 2;
          if (Number.isNaN(above)) values[i] = Math.max(0, value);
          else values[i] = Math.min(above, most);
        }
        return out;
      },
    }),
  };
}

/** What takes the place of wasm's own for the sake of what is no number. */
export const nanKeeping: readonly Replacement[] = [
  ...[ClipByValue, Relu6, Maximum, Minimum].map((kernelName) => mended(kernelName, spread)),
  ...[AvgPool, MaxPool].map((kernelName) => mended(kernelName, pooled)),
  ...[_FusedMatMul, FusedConv2D, FusedDepthwiseConv2D].map(activated),
];
