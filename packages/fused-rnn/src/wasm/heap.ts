// Who uses which part of the engine's linear memory. First fit over a list of free regions kept in
// address order and merged when they touch; the few large regions of a call need nothing cleverer.

/** Bytes of a WebAssembly page. */
const PAGE = 65536;
/** Regions start on cache lines. */
const ALIGNMENT = 64;
/** What a 32-bit WebAssembly memory can hold at most. */
const LIMIT = 65536 * PAGE;

/** The allocator of one linear memory. */
export interface Heap {
  /**
   * Address of a new region, aligned to 64 bytes; its content is whatever was there.
   *
   * @throws RangeError when the region does not fit into 4 GB, and nothing is allocated.
   */
  allocate(bytes: number): number;
  /** Gives a region back. */
  release(address: number): void;
  /** Bytes in use. */
  used(): number;
  /** The memory as floats, current until the next allocation. */
  f32(): Float32Array;
  /** The memory as 32-bit words, current until the next allocation. */
  i32(): Int32Array;
  /** The memory as bytes, current until the next allocation. */
  u8(): Uint8Array;
}

/** An allocator over `memory` from address `base` on. */
export function createHeap(memory: WebAssembly.Memory, base: number): Heap {
  const start = Math.ceil(base / ALIGNMENT) * ALIGNMENT;
  const sizes = new Map<number, number>();
  const free: { address: number; size: number }[] = [];
  let top = start;
  let inUse = 0;
  let views: { f32: Float32Array; i32: Int32Array; u8: Uint8Array } | undefined;

  const current = () => {
    if (views?.u8.buffer !== memory.buffer) {
      views = {
        f32: new Float32Array(memory.buffer),
        i32: new Int32Array(memory.buffer),
        u8: new Uint8Array(memory.buffer),
      };
    }
    return views;
  };

  const take = (address: number, size: number) => {
    sizes.set(address, size);
    inUse += size;
    return address;
  };

  return {
    allocate(bytes) {
      const size = Math.max(ALIGNMENT, Math.ceil(bytes / ALIGNMENT) * ALIGNMENT);
      const slot = free.findIndex((region) => region.size >= size);
      const region = free[slot];
      if (region) {
        const { address } = region;
        if (region.size === size) free.splice(slot, 1);
        else {
          region.address += size;
          region.size -= size;
        }
        return take(address, size);
      }
      const missing = top + size - memory.buffer.byteLength;
      if (missing > 0) {
        if (top + size > LIMIT) throw outOfMemory(bytes, inUse);
        // Grown by an eighth at least: each growth of an unshared memory invalidates its views.
        const pages = Math.ceil(Math.max(missing, memory.buffer.byteLength / 8) / PAGE);
        const most = (LIMIT - memory.buffer.byteLength) / PAGE;
        try {
          memory.grow(Math.min(pages, most));
        } catch {
          try {
            memory.grow(Math.ceil(missing / PAGE));
          } catch {
            throw outOfMemory(bytes, inUse);
          }
        }
      }
      const address = top;
      top += size;
      return take(address, size);
    },
    release(address) {
      const size = sizes.get(address);
      if (size === undefined) throw new Error(`heap: no region at address ${address}`);
      sizes.delete(address);
      inUse -= size;
      let i = free.findIndex((region) => region.address > address);
      if (i < 0) i = free.length;
      free.splice(i, 0, { address, size });
      for (const k of [i, i - 1]) {
        const [left, right] = [free[k], free[k + 1]];
        if (left && right && left.address + left.size === right.address) {
          left.size += right.size;
          free.splice(k + 1, 1);
        }
      }
      const last = free.at(-1);
      if (last && last.address + last.size === top) {
        top = last.address;
        free.pop();
      }
    },
    used: () => inUse,
    f32: () => current().f32,
    i32: () => current().i32,
    u8: () => current().u8,
  };
}

function outOfMemory(bytes: number, inUse: number): RangeError {
  return new RangeError(
    `fused-rnn: expected at most 4 GB of WebAssembly memory, got a call that needs ${bytes} bytes beside ${inUse} in use`,
  );
}
