import {
  clone,
  concat,
  customGrad,
  mul,
  pad,
  reshape,
  slice,
  type Tensor,
  tensor1d,
  tidy,
  transpose,
} from "@tensorflow/tfjs-core";
import type { LayerVariable, layers, Shape } from "@tensorflow/tfjs-layers";
import { largest } from "../bends.ts";
import { withKerasActivation } from "../options/keras-activation.ts";
import { shapeText } from "../shape.ts";

type Layer = InstanceType<typeof layers.Layer>;
/** What tfjs-layers' layers hold and do not tell. */
type Inside = Layer & Record<string, unknown>;

/** Makes a layer of tfjs-layers do what Keras does where tfjs-layers' own does less. */
export function withKerasCall(layer: Layer): Layer {
  const inside = layer as Inside;
  const className = layer.getClassName();
  const isCausal = className === "Conv1D" && inside.padding === "causal";
  if (isCausal) causalLength(inside);
  if (isCausal || (className === "Conv1D" && isSpread(inside))) besideEachOther(inside);
  if (className === "BatchNormalization" || className === "Softmax") axisLast(inside);
  if (className === "Reshape") knownSizes(inside);
  if (className.startsWith("GlobalMaxPooling")) sharedLargest(inside);
  if (className.startsWith("AveragePooling") && inside.padding === "same") countedWindows(inside);
  withKerasActivation(layer);
  return layer;
}

/** Whether a Conv1D reads steps that lie apart. With strides tfjs refuses it, as Keras does. */
function isSpread({ dilationRate, strides, dataFormat }: Inside): boolean {
  const [dilation, stride] = [dilationRate, strides].map((each) => Number([each].flat()[0]));
  return dilation! > 1 && stride === 1 && dataFormat !== "channelsFirst";
}

/** tfjs-layers refuses to say how long a causal convolution's output is. */
function causalLength(layer: Inside): void {
  const { computeOutputShape } = layer;
  layer.computeOutputShape = (shape) =>
    instead(layer, "padding", "same", () => computeOutputShape.call(layer, shape));
}

/**
 * Zeros before the first step of a causal convolution, so that no output sees a later input: tfjs-layers has no causal
 * call. And steps that lie apart put side by side, under a kernel of one step: tfjs has no gradient of a convolution with
 * a dilation rate.
 */
function besideEachOther(layer: Inside): void {
  const { call } = layer;
  const [size] = layer.kernelSize as [number];
  const [dilation] = [layer.dilationRate].flat() as [number];
  const reach = (size - 1) * dilation;
  const spread = isSpread(layer);
  layer.call = (inputs, kwargs) =>
    tidy(() => {
      const [x] = [inputs].flat() as [Tensor];
      const { kernel, padding } = layer as unknown as { kernel: LayerVariable; padding: string };
      const before = padding === "causal" ? reach : padding === "same" ? Math.floor(reach / 2) : 0;
      const behind = padding === "same" ? reach - before : 0;
      const steps = pad(x, [
        [0, 0],
        [before, behind],
        [0, 0],
      ]);
      const valid = (given: Tensor) =>
        instead(layer, "padding", "valid", () => call.call(layer, given, kwargs));
      if (!spread) return valid(steps);
      const [B, T, I] = steps.shape as [number, number, number];
      const taps = Array.from({ length: size }, (_, k) =>
        slice(steps, [0, k * dilation, 0], [B, T - reach, I]),
      );
      const weights = { read: () => reshape(kernel.read(), [1, size * I, -1]) };
      return instead(layer, "kernel", weights, () =>
        instead(layer, "dilationRate", [1], () => valid(concat(taps, 2))),
      );
    });
}

/** tfjs's kernels for the last axis, with another one in its place. */
function axisLast(layer: Inside): void {
  const { call } = layer;
  const { axis } = layer;
  if (typeof axis !== "number") return;
  layer.call = (inputs, kwargs) => {
    const [x] = [inputs].flat() as [Tensor];
    const last = x.rank - 1;
    const chosen = axis < 0 ? axis + x.rank : axis;
    if (chosen === last) return call.call(layer, inputs, kwargs);
    return tidy(() => {
      const order = x.shape.map((_, i) => (i === chosen ? last : i === last ? chosen : i));
      const result = instead(layer, "axis", -1, () =>
        call.call(layer, transpose(x, order), kwargs),
      );
      return transpose(result as Tensor, order);
    });
  };
}

/** Steps that are equal, as an output that masked steps repeat, share what tfjs-layers hands to each of them. */
function sharedLargest(layer: Inside): void {
  const { call, dataFormat } = layer;
  layer.call = (inputs, kwargs) =>
    tidy(() => {
      const [x] = [inputs].flat() as [Tensor];
      const ofSpace = dataFormat === "channelsFirst" ? [2, 3] : [1, 2];
      return call.call(layer, largest(x, x.rank === 3 ? [1] : ofSpace), kwargs);
    });
}

/** At the edges an average is one of fewer values, by whose number tfjs's gradient does not divide. */
function countedWindows(layer: Inside): void {
  const { call, dataFormat } = layer;
  const [sizes, strides] = [layer.poolSize, layer.strides] as [number[], number[]];
  const first = dataFormat === "channelsFirst" ? 2 : 1;
  layer.call = (inputs, kwargs) =>
    tidy(() => {
      const [x] = [inputs].flat() as [Tensor];
      const scales = sizes.map((size, i) => {
        const scale = windowScales(x.shape[first + i]!, size, strides[i]!);
        return reshape(
          scale,
          x.shape.map((_, axis) => (axis === first + i ? -1 : 1)),
        );
      });
      const scaled = customGrad((y) => ({
        value: clone(y as Tensor),
        gradFunc: (dy: Tensor) => scales.reduce((dx, scale) => mul(dx, scale), dy),
      }));
      return scaled(call.call(layer, inputs, kwargs) as Tensor);
    });
}

/** The size of a window over the number of values in it, of windows along an axis that is padded at both ends. */
function windowScales(count: number, size: number, stride: number): Tensor {
  const windows = Math.ceil(count / stride);
  const before = Math.floor(Math.max(0, (windows - 1) * stride + size - count) / 2);
  return tensor1d(
    Array.from({ length: windows }, (_, i) => {
      const from = i * stride - before;
      return size / (Math.min(from + size, count) - Math.max(from, 0));
    }),
  );
}

/** What **run** gives while a layer holds another value. */
export function instead<T>(layer: Layer, key: string, value: unknown, run: () => T): T {
  const inside = layer as Inside as Record<string, unknown>;
  const before = inside[key];
  inside[key] = value;
  try {
    return run();
  } finally {
    inside[key] = before;
  }
}

/** tfjs-layers does not work out a size that is left open while the batch is open too. */
function knownSizes(layer: Inside): void {
  layer.computeOutputShape = (given) => {
    const [batch, ...sizes] = given as Shape;
    const target = (layer.targetShape as Shape).map((n) => (n === null || n < 0 ? null : n));
    const product = (shape: Shape) => shape.reduce<number>((size, n) => size * n!, 1);
    const isKnown = sizes.every((n) => n !== null);
    const rest = product(target.filter((n) => n !== null));
    if (isKnown && !target.includes(null) && product(sizes) !== rest) {
      throw new Error(
        `${layer.name}: expected ${rest} values of each example for ${shapeText(target)}, got ${product(sizes)}`,
      );
    }
    const open = isKnown && rest > 0 ? product(sizes) / rest : null;
    return [batch!, ...target.map((n) => n ?? open)];
  };
}
