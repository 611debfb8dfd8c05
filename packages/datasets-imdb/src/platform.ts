import type { Inflate } from "./npz.ts";

/**
 * Whole files under a key. Three implementations: a folder, the browser's Cache API, memory. A
 * reader sees a whole file or none; storage that fails throws a `DatasetError` and leaves nothing.
 */
export interface Cache {
  /** Makes sure that writing can begin, so that no download is made for nothing. */
  prepare(): Promise<void>;
  /** The bytes, or undefined when there are none or more than **limit**. */
  read(key: string, limit: number): Promise<Uint8Array<ArrayBuffer> | undefined>;
  write(key: string, bytes: Uint8Array<ArrayBuffer>): Promise<void>;
  /** Removes the file if there is one. */
  remove(key: string): Promise<void>;
}

/** What Node and a page do differently. */
export interface Platform {
  inflate: Inflate;
  /** In lower-case hex. */
  sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string>;
  /** The cache that **cacheDir** names: undefined the default one, null memory. */
  openCache(cacheDir: string | null | undefined): Cache;
  /** What Keras itself keeps under this name, or undefined. */
  readKerasCopy(name: string, limit: number): Promise<Uint8Array<ArrayBuffer> | undefined>;
  readFile(who: string, path: string | URL, limit: number): Promise<Uint8Array<ArrayBuffer>>;
}
