import { getInstance } from "./instance.ts";

/** Writes NaN over so many bytes that the engine's heap has free. */
export function poison(bytes = 1 << 21): void {
  const { heap } = getInstance();
  const address = heap.allocate(bytes);
  heap.f32().fill(Number.NaN, address / 4, (address + bytes) / 4);
  heap.release(address);
}
