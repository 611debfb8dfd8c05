// What the passes of the engine take and give: plain arrays.

import type { WorkspaceShape } from "./layout.ts";
import type { WeightIdentity } from "./packed-weights.ts";

/** Data of a forward call; shapes as in `CallShape`. */
export interface ForwardArrays {
  /** [B, T, I]; absent where the sequence is looked up. */
  x?: Float32Array | undefined;
  /** The sequence as rows of a table. */
  lookup?: LookupArrays | undefined;
  /** [B, T], rows of x begin alike wherever these do. */
  prefixIds?: ArrayLike<number> | undefined;
  /** [I, G·H]. */
  kernel: Float32Array;
  /** [H, G·H]. */
  recurrentKernel: Float32Array;
  /** [G·H] or [2, 3H]; absent: zero. */
  bias?: Float32Array | undefined;
  /** [B, H] each: h, and c for LSTM; absent: zero. */
  initialState?: readonly Float32Array[] | undefined;
  /** [B, T], zero where the step is masked. */
  mask?: Uint8Array | undefined;
  /** [B, I] or [G, B, I]. */
  inputDropoutMask?: Float32Array | undefined;
  /** [B, H] or [G, B, H]. */
  recurrentDropoutMask?: Float32Array | undefined;
}

/** x[b, t] = table[ids[b, t]]. */
export interface LookupArrays {
  /** [B, T], each from 0 to below V. */
  ids: Int32Array;
  /** [V, I]. */
  table: Float32Array;
}

/** The shape of a call without what its data decide. */
export type ForwardShape = Omit<WorkspaceShape, "byToken">;

/** A call of the forward pass. */
export interface ForwardCall {
  shape: ForwardShape;
  data: ForwardArrays;
  /** Tells the weights' numbers from others, where they may be kept as they are packed; in inference alone. */
  identity?: WeightIdentity | undefined;
}

/** What comes back to `backward`; absent is zero. */
export interface CotangentArrays {
  outputs?: Float32Array | undefined;
  h?: Float32Array | undefined;
  c?: Float32Array | undefined;
}
