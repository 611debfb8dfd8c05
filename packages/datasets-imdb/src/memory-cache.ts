import type { Cache } from "./platform.ts";

const kept = new Map<string, Uint8Array<ArrayBuffer>>();

/** Files as long as the process or page lives; one store for all callers. */
export function memoryCache(): Cache {
  return {
    async prepare() {},
    async read(key, limit) {
      const bytes = kept.get(key);
      return bytes && bytes.length <= limit ? bytes.slice() : undefined;
    },
    async write(key, bytes) {
      kept.set(key, bytes.slice());
    },
    async remove(key) {
      kept.delete(key);
    },
  };
}
