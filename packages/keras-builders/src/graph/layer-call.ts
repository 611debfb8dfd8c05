// How tfjs-layers calls a recurrent layer.

import { notEqual, type Tensor } from "@tensorflow/tfjs-core";
import type { Shape, SymbolicTensor } from "@tensorflow/tfjs-layers";

/** What a call is given besides. @inline */
export type Kwargs = Record<string, unknown>;
/** What a layer is applied to. @inline */
export type Inputs = Tensor | Tensor[] | SymbolicTensor | SymbolicTensor[];
type Outputs = Tensor | Tensor[] | SymbolicTensor | SymbolicTensor[];

/**
 * Applies a layer with **initialState** among its inputs, `[x, ...state]`, wherever it was given: so
 * tfjs sees it in the graph, and files hold it.
 */
export function applyWithState(
  apply: (inputs: Inputs, kwargs: Kwargs) => Outputs,
  inputs: Inputs,
  kwargs: Kwargs,
): Outputs {
  const { initialState, ...others } = kwargs;
  if (initialState != null) return apply([inputs, initialState].flat() as Tensor[], others);
  return apply(inputs, kwargs);
}

/** The shape of the first input. */
export function firstShape(shape: Shape | Shape[]): Shape {
  return (Array.isArray(shape[0]) ? shape[0] : shape) as Shape;
}

/** The mask of the first input, as bool. */
export function maskOf(kwargs: Kwargs): Tensor | undefined {
  const [mask] = [kwargs.mask as Tensor | Tensor[] | null | undefined].flat();
  // Not a cast, which on wasm keeps 6 and makes 0 of 0.5.
  return mask ? (mask.dtype === "bool" ? mask : notEqual(mask, 0)) : undefined;
}

/**
 * The mask of a sequence [B, T, ...], as bool.
 *
 * @throws for one of another shape.
 */
export function sequenceMask(who: string, x: Tensor, kwargs: Kwargs): Tensor | undefined {
  const mask = maskOf(kwargs);
  if (mask) checkMask(who, mask, x, x.shape.slice(0, 2));
  return mask;
}

/** Refuses a mask that does not say of each step of **x** whether it counts. */
export function checkMask(
  who: string,
  mask: Tensor,
  x: Tensor,
  wanted: readonly number[] = x.shape.slice(0, -1),
): void {
  if (`${mask.shape}` === `${wanted}`) return;
  throw new Error(
    `${who}: expected a mask of shape [${wanted.join(", ")}], got [${mask.shape.join(", ")}]; it says which steps of the input [${x.shape.join(", ")}] count: mask those, as a Masking right before this layer does, inside a TimeDistributed too, or end the mask with a Reshape`,
  );
}

/** The mask of one output behind a recurrent layer; null where it ends. */
export function passedMask(
  returnSequences: boolean,
  mask: Tensor | Tensor[] | undefined,
): Tensor | null {
  return returnSequences ? ([mask].flat()[0] ?? null) : null;
}
