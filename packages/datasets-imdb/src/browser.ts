// The loaders for pages and workers; `node.ts` is their twin.
import { inflateSync } from "fflate";
import { DatasetError } from "./dataset-error.ts";
import { type ImdbData, type LoadDataOptions, loadDataOn } from "./load-data.ts";
import { memoryCache } from "./memory-cache.ts";
import type { SourceOptions } from "./options.ts";
import { pageCache } from "./page-cache.ts";
import type { Platform } from "./platform.ts";
import { getWordIndexOn } from "./word-index.ts";

const platform: Platform = {
  // One byte more than allowed shows that there is more.
  inflate: (compressed, limit) => inflateSync(compressed, { out: new Uint8Array(limit + 1) }),
  async sha256(bytes) {
    if (!globalThis.crypto?.subtle)
      throw new DatasetError(
        "storage",
        "imdb: expected a secure context (https or localhost) to verify the file, got none",
      );
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
    return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
  },
  openCache(cacheDir) {
    const isMemory = cacheDir === null || typeof caches === "undefined";
    return isMemory ? memoryCache() : pageCache(cacheDir ?? "rnnkit");
  },
  async readKerasCopy() {
    return undefined;
  },
  async readFile(who) {
    throw new DatasetError("option", `${who}: expected url or file in a page, got path`);
  },
};

/**
 * `loadData` for pages and workers: as in Node, but cached by the Cache API (in memory where there
 * is none), without **path** and without Keras's folder; a user's own copy comes as **file**. Where the default server grants no CORS,
 * serve a copy of the file and pass its **url**; the hash makes any copy as good.
 *
 * @example
 * const { train } = await loadData({ url: "/data/imdb.npz", numWords: 10_000 });
 */
export async function loadData(options: LoadDataOptions = {}): Promise<ImdbData> {
  return loadDataOn(platform, options);
}

/** `getWordIndex` for pages and workers; see `loadData`. */
export async function getWordIndex(options: SourceOptions = {}): Promise<Map<string, number>> {
  return getWordIndexOn(platform, options);
}
