// Buffers of a call in the engine's memory.

import type { Word } from "./call.ts";
import type { Heap } from "./memory.ts";

/** One region for several buffers, each on a cache line of its own; a buffer of 0 bytes is at 0. */
export function reserve(
  heap: Heap,
  sizes: Readonly<Record<Word, number>>,
): { address: number; at: Record<Word, number> } {
  const at: Record<Word, number> = {};
  let total = 0;
  for (const [name, bytes] of Object.entries(sizes)) {
    at[name] = total;
    total += Math.ceil(bytes / 64) * 64;
  }
  const address = heap.allocate(total);
  for (const name of Object.keys(at)) at[name] = (at[name] ?? 0) + address;
  for (const [name, bytes] of Object.entries(sizes)) if (bytes === 0) at[name] = 0;
  return { address, at };
}

/** Floats at an address, current until the next allocation. */
export function view(heap: Heap, address: number | undefined, floats: number): Float32Array {
  const start = (address ?? 0) / 4;
  return heap.floats().subarray(start, start + floats);
}

/** Copies floats to an address. */
export function put(heap: Heap, address: number | undefined, data: Float32Array): void {
  heap.floats().set(data, (address ?? 0) / 4);
}
