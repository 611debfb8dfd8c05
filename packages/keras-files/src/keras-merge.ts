import {
  expandDims,
  logicalOr,
  maximum,
  minimum,
  mul,
  onesLike,
  type Tensor,
  tidy,
  where,
  zerosLike,
} from "@tensorflow/tfjs-core";
import type { layers } from "@tensorflow/tfjs-layers";

type Layer = InstanceType<typeof layers.Layer>;
type Mask = Tensor | null | undefined;

/** The masks of layers' outputs, for merges: tfjs hands a layer only the mask of its first input. */
const maskOf = new WeakMap<Tensor, Tensor>();

/** Makes the mask of a layer's output known to those that merge it. */
export function withKnownMask(layer: Layer): void {
  if (!layer.supportsMasking) return;
  const [apply, computeMask] = [layer.apply.bind(layer), layer.computeMask.bind(layer)];
  let output: unknown;
  layer.apply = (inputs, kwargs) => {
    const outputs = apply(inputs, kwargs);
    [output] = [outputs].flat();
    return outputs;
  };
  layer.computeMask = (inputs, masks) => {
    const computed = computeMask(inputs, masks);
    const [mask] = [computed].flat() as Mask[];
    if (mask && output) maskOf.set(output as Tensor, mask);
    output = undefined;
    return computed;
  };
}

type Merge = (inputs: Tensor[], masks: Mask[]) => Tensor;

/** Keras 3 leaves masked steps out of these: 1 in a product, the other's value where one is larger. */
const mergesOf: Readonly<Record<string, Merge>> = {
  Multiply: product,
  Maximum: (inputs, masks) => extreme(maximum, inputs, masks),
  Minimum: (inputs, masks) => extreme(minimum, inputs, masks),
};

/** Class names of the layers whose numbers depend on masks of their inputs. */
export const mergesUnderMasks: ReadonlySet<string> = new Set(Object.keys(mergesOf));

/** Makes a merge of tfjs-layers compute masked steps as Keras 3 does. */
export function withMergedCall(layer: Layer): void {
  const call = layer.call.bind(layer);
  const merge = mergesOf[layer.getClassName()]!;
  layer.call = (inputs, kwargs) => {
    const given = [inputs].flat() as Tensor[];
    const masks: Mask[] = Array.isArray(kwargs.mask)
      ? kwargs.mask
      : given.map((x) => maskOf.get(x));
    if (!masks.some(Boolean)) return call(inputs, kwargs);
    return tidy(() =>
      merge(
        given,
        given.map((_, i) => masks[i] && expandDims(masks[i], -1)),
      ),
    );
  };
}

function product(inputs: Tensor[], masks: Mask[]): Tensor {
  const y = inputs
    .map((x, i) => (masks[i] ? where(masks[i], x, onesLike(x)) : x))
    .reduce((a, b) => mul(a, b));
  if (!masks.every(Boolean)) return y;
  return where(
    (masks as Tensor[]).reduce((a, b) => logicalOr(a, b)),
    y,
    zerosLike(y),
  );
}

function extreme(pick: typeof maximum, inputs: Tensor[], masks: Mask[]): Tensor {
  let [y, kept] = [inputs[0]!, masks[0]];
  for (const [i, given] of inputs.entries()) {
    if (i === 0) continue;
    const mask = masks[i];
    const x = mask ? where(mask, given, y) : given;
    if (kept) y = where(kept, y, x);
    kept = mask && kept ? logicalOr(kept, mask) : undefined;
    y = pick(y, x);
  }
  return y;
}
