import { DatasetError } from "./dataset-error.ts";
import type { Cache } from "./platform.ts";

/** Files in the browser's Cache API, under names that no request of the page can meet. */
export function pageCache(name: string): Cache {
  const address = (key: string) => `https://rnnkit.invalid/${encodeURIComponent(key)}`;
  const opened = () => during("open", () => caches.open(name));
  const during = async <T>(verb: string, act: () => Promise<T>): Promise<T> => {
    try {
      return await act();
    } catch (cause) {
      const got = cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause);
      throw new DatasetError(
        "storage",
        `imdb cache: expected to ${verb} the browser's cache ${name}, got ${got}; pass cacheDir: null to keep the file in memory`,
        { cause },
      );
    }
  };
  return {
    async prepare() {
      await opened();
    },
    async read(key, limit) {
      const cache = await opened();
      return during("read", async () => {
        const found = await cache.match(address(key));
        if (!found || Number(found.headers.get("content-length")) > limit) return undefined;
        return new Uint8Array(await found.arrayBuffer());
      });
    },
    async write(key, bytes) {
      const headers = { "content-length": String(bytes.length), "content-type": "application/zip" };
      const cache = await opened();
      await during("write to", () => cache.put(address(key), new Response(bytes, { headers })));
    },
    async remove(key) {
      const cache = await opened();
      await during("remove from", () => cache.delete(address(key)));
    },
  };
}
