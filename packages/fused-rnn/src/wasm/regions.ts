// Buffers of a call in the engine's memory.

import type { Heap } from "./heap.ts";

/** Several buffers laid out in one region, each on a cache line of its own. */
export interface Region {
  bytes: number;
  /** From the region's address, by name; a buffer of 0 bytes is left out. */
  offsets: Record<string, number>;
}

/** Lays out buffers of so many bytes. */
export function regionOf(sizes: Readonly<Record<string, number>>): Region {
  const region: Region = { bytes: 0, offsets: {} };
  for (const [name, bytes] of Object.entries(sizes)) {
    if (bytes === 0) continue;
    region.offsets[name] = region.bytes;
    region.bytes += Math.ceil(bytes / 64) * 64;
  }
  return region;
}

/** A region allocated: its address, and those of its buffers, 0 for one of 0 bytes. */
export function reserve<Name extends string>(
  heap: Heap,
  sizes: Readonly<Record<Name, number>>,
): { address: number; at: Record<Name, number> } {
  const { bytes, offsets } = regionOf(sizes);
  const address = heap.allocate(bytes);
  const at = {} as Record<Name, number>;
  for (const name of Object.keys(sizes) as Name[])
    at[name] = name in offsets ? address + offsets[name] : 0;
  return { address, at };
}

/** Floats at an address, current until the next allocation. */
export function view(heap: Heap, address: number, floats: number): Float32Array {
  return heap.f32().subarray(address / 4, address / 4 + floats);
}

/** Copies floats to an address. */
export function put(heap: Heap, address: number, data: Float32Array): void {
  heap.f32().set(data, address / 4);
}
