// The loaders for Node, Bun and Deno; `browser.ts` is their twin for pages and workers.
import { createHash } from "node:crypto";
import { homedir } from "node:os";
import { join } from "node:path";
import { env } from "node:process";
import { inflateRawSync } from "node:zlib";
import envPaths from "env-paths";
import { DatasetError } from "./dataset-error.ts";
import { folderCache, readIfThere } from "./folder-cache.ts";
import { type ImdbData, type LoadDataOptions, loadDataOn } from "./load-data.ts";
import { memoryCache } from "./memory-cache.ts";
import type { SourceOptions } from "./options.ts";
import type { Platform } from "./platform.ts";
import { getWordIndexOn } from "./word-index.ts";

const platform: Platform = {
  inflate: (compressed, limit) =>
    inflateRawSync(compressed, { maxOutputLength: Math.max(1, limit) }),
  sha256: async (bytes) => createHash("sha256").update(bytes).digest("hex"),
  openCache(cacheDir) {
    if (cacheDir === null) return memoryCache();
    return folderCache(cacheDir ?? envPaths("rnnkit", { suffix: "" }).cache);
  },
  async readKerasCopy(name, limit) {
    const home = env.KERAS_HOME || join(homedir(), ".keras");
    return readIfThere(join(home, "datasets", name), limit).catch(() => undefined);
  },
  async readFile(who, path, limit) {
    const bytes = await readIfThere(path, limit);
    if (!bytes)
      throw new DatasetError(
        "storage",
        `${who}: expected path to be a file of at most ${limit} bytes, got ${path}`,
      );
    return bytes;
  },
};

/**
 * The 50,000 IMDB reviews of Maas et al. (ACL 2011) as `keras.datasets.imdb.load_data` returns
 * them: word ids by frequency, in numpy's shuffled order, 25,000 to train and 25,000 to test.
 *
 * The file is Keras's own `imdb.npz` (17 MB), known by its sha256. It is taken from **file** or **path**, or
 * the cache (`rnnkit` under the operating system's cache folder), or Keras's folder
 * (`$KERAS_HOME/datasets` or `~/.keras/datasets`), or else downloaded and cached: in memory,
 * resumed by Range requests when the connection breaks, verified, then written in one piece. A
 * process that dies on the way leaves nothing, and the next one starts anew.
 *
 * Source: https://keras.io/api/datasets/imdb/
 *
 * Throws a `DatasetError` whose **code** says what failed; the next call is not affected.
 *
 * @example
 * const { train, test } = await loadData({ numWords: 10_000 });
 * train.x.at(0); // => Int32Array [1, 14, 22, 16, 43, 530, …]
 * train.y; // => Int32Array [1, 0, 0, 1, …]
 */
export async function loadData(options: LoadDataOptions = {}): Promise<ImdbData> {
  return loadDataOn(platform, options);
}

/**
 * The 88,584 words of the reviews and their ranks, the most frequent 1. `loadData` adds
 * **indexFrom** to a rank. Found, verified and cached as `loadData`'s file is.
 *
 * Source: https://keras.io/api/datasets/imdb/
 *
 * @example
 * (await getWordIndex()).get("the"); // => 1
 */
export async function getWordIndex(options: SourceOptions = {}): Promise<Map<string, number>> {
  return getWordIndexOn(platform, options);
}
