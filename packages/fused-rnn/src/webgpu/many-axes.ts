// Kernels of tfjs's WebGPU backend that know four axes at most, for tensors that have more: the video frames of a
// ConvLSTM2D have five. Of some a device takes no program there, and tfjs goes on with others' numbers.

import {
  Add,
  Equal,
  Greater,
  GreaterEqual,
  Less,
  LessEqual,
  LogicalAnd,
  LogicalOr,
  Maximum,
  Minimum,
  Multiply,
  type NamedAttrMap,
  NotEqual,
  PadV2,
  Pow,
  Prelu,
  RealDiv,
  Reverse,
  Select,
  SquaredDifference,
  Sub,
  type TensorInfo,
  util,
} from "@tensorflow/tfjs-core";
import type { Replacement } from "../tfjs/wasm-overrides.ts";
import type { GpuBackend } from "./gpu-backend.ts";

const knownAxes = 4;

const isBeyond = ({ shape }: TensorInfo): boolean => shape.length > knownAxes;

/** One axis as the middle one of three, after another: what **make** gives of the tensor so far goes on to the next. */
function axisByAxis(
  backend: GpuBackend,
  x: TensorInfo,
  axes: readonly number[],
  make: (x: TensorInfo, axis: number) => TensorInfo,
): TensorInfo {
  let made = x;
  for (const axis of axes) {
    const { shape } = made;
    const [before, after] = [shape.slice(0, axis), shape.slice(axis + 1)];
    const three = [util.sizeFromShape(before), shape[axis], util.sizeFromShape(after)];
    const next = make({ ...made, shape: three }, axis);
    if (made !== x) backend.disposeData(made.dataId);
    made = { ...next, shape: [...before, next.shape[1], ...after] };
  }
  return made;
}

/** Constants around a tensor: the gradient of every slice. */
const pad: Replacement = {
  kernelName: PadV2,
  make: (stock) => ({
    ...stock,
    kernelFunc(params) {
      const x = params.inputs.x as TensorInfo;
      const attrs = params.attrs as NamedAttrMap;
      const paddings = attrs.paddings as unknown as [number, number][];
      const axes = [...paddings.keys()].filter((axis) => paddings[axis].some((n) => n > 0));
      const isEmpty = util.sizeFromShape(x.shape) === 0;
      if (!isBeyond(x) || isEmpty || axes.length === 0) return stock.kernelFunc(params);
      return axisByAxis(params.backend as GpuBackend, x, axes, (three, axis) => {
        const own = { ...attrs, paddings: [[0, 0], paddings[axis], [0, 0]] as never };
        return stock.kernelFunc({ ...params, inputs: { x: three }, attrs: own }) as TensorInfo;
      });
    },
  }),
};

const reverse: Replacement = {
  kernelName: Reverse,
  make: (stock) => ({
    ...stock,
    kernelFunc(params) {
      const x = params.inputs.x as TensorInfo;
      const axes = util.parseAxisParam((params.attrs as NamedAttrMap).dims as number[], x.shape);
      if (!isBeyond(x) || axes.length === 0) return stock.kernelFunc(params);
      return axisByAxis(params.backend as GpuBackend, x, axes, (three) => {
        const own = { ...params, inputs: { x: three }, attrs: { dims: [1] } };
        return stock.kernelFunc(own) as TensorInfo;
      });
    },
  }),
};

/** One of two tensors' numbers, element by element: tfjs has brought all three to one shape. */
const select: Replacement = {
  kernelName: Select,
  make: (stock) => ({
    ...stock,
    kernelFunc(params) {
      const { condition, t, e } = params.inputs as Record<string, TensorInfo>;
      const { shape } = t;
      if (!isBeyond(t) || condition.shape.length !== shape.length) return stock.kernelFunc(params);
      const flat = (x: TensorInfo) => ({ ...x, shape: [util.sizeFromShape(shape)] });
      const inputs = { condition: flat(condition), t: flat(t), e: flat(e) };
      return { ...(stock.kernelFunc({ ...params, inputs }) as TensorInfo), shape };
    },
  }),
};

/** A row of numbers beside more axes, as a tensor of as many: of a row tfjs makes a program that knows four. */
const besideRow = (kernelName: string): Replacement => ({
  kernelName,
  make: (stock) => ({
    ...stock,
    kernelFunc(params) {
      const [names, tensors] = [Object.keys(params.inputs), Object.values(params.inputs)];
      const rank = Math.max(...tensors.map((tensor) => (tensor as TensorInfo).shape.length));
      if (rank <= knownAxes) return stock.kernelFunc(params);
      const wide = names.map((name): [string, TensorInfo] => {
        const tensor = params.inputs[name] as TensorInfo;
        const { shape } = tensor;
        if (shape.length !== 1) return [name, tensor];
        return [name, { ...tensor, shape: [...Array<number>(rank - 1).fill(1), ...shape] }];
      });
      return stock.kernelFunc({ ...params, inputs: Object.fromEntries(wide) });
    },
  }),
});

/** What takes the place of kernels of tfjs's WebGPU backend. */
export const manyAxes: readonly Replacement[] = [
  ...[pad, reverse, select],
  ...[Add, Maximum, Minimum, Multiply, Pow, Prelu, RealDiv, SquaredDifference, Sub].map(besideRow),
  ...[Equal, Greater, GreaterEqual, Less, LessEqual, LogicalAnd, LogicalOr, NotEqual].map(
    besideRow,
  ),
];
