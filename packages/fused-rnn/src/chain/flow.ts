// What goes from one stage of a chain to the next.

import type { Tensor } from "@tensorflow/tfjs-core";
import type { LookupArrays } from "../wasm/arrays.ts";
import type { Heap } from "../wasm/heap.ts";

/** Numbers between two stages, [B, T, F] or [B, F]. */
export interface Flow {
  readonly shape: readonly number[];
  /** The numbers, current until the next allocation in the engine's memory. */
  read(): Float32Array;
  /** Where they lie in it; elsewhere without. */
  readonly address?: number;
  /** [B, T], 0 for a step that does not count. */
  readonly mask?: Uint8Array | undefined;
  /** [B, T], rows begin alike wherever these do. */
  readonly prefixIds?: ArrayLike<number> | undefined;
  /** The sequence as rows of a table, in place of the numbers. */
  readonly lookup?: (LookupArrays & { readonly weight: Tensor }) | undefined;
}

/** What goes with the numbers. */
export type FlowNotes = Pick<Flow, "mask" | "prefixIds">;

/** Numbers in the engine's memory. */
export function flowAt(
  heap: Heap,
  address: number,
  shape: readonly number[],
  notes: FlowNotes = {},
): Flow {
  const [from, to] = [address / 4, address / 4 + sizeOf(shape)];
  return { shape, address, read: () => heap.f32().subarray(from, to), ...notes };
}

/** Numbers anywhere else. */
export function flowOf(
  values: Float32Array,
  shape: readonly number[],
  notes: FlowNotes = {},
): Flow {
  return { shape, read: () => values, ...notes };
}

/** How many numbers a shape has. */
export function sizeOf(shape: readonly number[]): number {
  let size = 1;
  for (const n of shape) size *= n;
  return size;
}
