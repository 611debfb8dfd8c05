import { DatasetError } from "./dataset-error.ts";
import { optionsFault, shown } from "./generated/options.ts";
import { isAbortSignal, isArrayBuffer, isBlob, isSharedBuffer, isUrl } from "./generated/realm.ts";

/** What a transfer has brought so far, in bytes; **total** is undefined where nobody says. */
export interface Progress {
  loaded: number;
  total: number | undefined;
}

/** Where a file comes from and where it is kept. */
export interface SourceOptions {
  /**
   * A local file to read instead of the caches and the network. It is verified like a download, and
   * never removed. Not in a page.
   */
  path?: string | URL;
  /**
   * The file itself: what a user has picked (a File or Blob), or its bytes (a buffer, or a view of one).
   * Verified like a download; no cache and no network is asked.
   */
  file?: Blob | ArrayBufferLike | ArrayBufferView;
  /** Where to download from, a blob: URL too. Default: Keras's own server. */
  url?: string | URL;
  /**
   * The sha256 that the bytes must have, in hex. Default: that of Keras's own file, whose order
   * makes the labels mean what Keras's mean. *null*, only together with **path**, **file** or **url**, takes
   * any file of the right format; such bytes are not cached, and a broken transfer starts anew.
   */
  sha256?: string | null;
  /**
   * The folder of the cache; in a page, the name of the cache in the Cache API. Default: `rnnkit`
   * under the operating system's cache folder. *null* keeps the file in memory, as long as the
   * process or page lives.
   */
  cacheDir?: string | null;
  /** Called for every piece of a download; not when a cache, **path** or **file** has it. */
  onProgress?: (progress: Progress) => void;
  /** Aborts reading and downloading: the promise rejects with the signal's reason. */
  signal?: AbortSignal;
  /**
   * Milliseconds in which nothing of a download comes, after which it counts as broken and goes on by
   * another request, four in all. Default 30,000; *Infinity* waits for ever.
   */
  stallTimeout?: number;
}

export const sourceNames: readonly string[] = [
  ...["path", "file", "url", "sha256", "cacheDir", "onProgress", "signal", "stallTimeout"],
];

/** Refuses anything but an object with known keys. */
export function checkNames(
  who: string,
  options: object,
  known: readonly string[],
  example?: string,
): void {
  const fault = optionsFault(who, options, known, example);
  if (fault !== undefined) throw new DatasetError("option", fault);
}

/** An integer option within bounds, or its default. */
export function integerOption(
  who: string,
  name: string,
  value: unknown,
  fallback: number,
  least: number,
  most: number,
): number {
  if (value === undefined) return fallback;
  if (typeof value === "number" && Number.isInteger(value) && value >= least && value <= most)
    return value;
  throw new DatasetError(
    "option",
    `${who}: expected ${name} to be an integer of ${least} to ${most}, got ${shown(value)}`,
  );
}

/** As `integerOption`, where null is a value of its own. */
export function optionalInteger(
  who: string,
  name: string,
  value: unknown,
  fallback: number | null,
  least: number,
  most: number,
): number | null {
  if (value === undefined) return fallback;
  if (value === null) return null;
  return integerOption(who, name, value, least, least, most);
}

/** Refuses sources that cannot be meant. */
export function checkSource(who: string, options: SourceOptions): void {
  const { path, file, url, sha256, cacheDir, onProgress, signal, stallTimeout } = options;
  const expect = (holds: boolean, expected: string, got: unknown): void => {
    if (!holds) throw new DatasetError("option", `${who}: expected ${expected}, got ${shown(got)}`);
  };
  const isText = (value: unknown) => typeof value === "string" && value !== "";
  expect(
    path === undefined || isText(path) || isUrl(path),
    "path to be a file's name or file: URL",
    path,
  );
  expect(
    file === undefined || isBlob(file) || isBytes(file),
    "file to be a File, Blob, ArrayBuffer or Uint8Array",
    file,
  );
  const given = Object.entries({ path, file, url }).filter(([, value]) => value !== undefined);
  if (given.length > 1)
    throw new DatasetError(
      "option",
      `${who}: expected either path or url or file, got ${given.map(([name]) => name).join(" and ")}`,
    );
  expect(
    url === undefined || isFetched(url),
    "url to be an http or https or blob URL",
    String(url),
  );
  expect(
    sha256 == null || (isText(sha256) && /^[\da-f]{64}$/i.test(sha256)),
    "sha256 to be 64 hex digits or null",
    sha256,
  );
  expect(
    sha256 !== null || given.length > 0,
    "path or url beside sha256: null, or file",
    "neither",
  );
  expect(cacheDir == null || isText(cacheDir), "cacheDir to be a name or null", cacheDir);
  expect(
    onProgress === undefined || typeof onProgress === "function",
    "onProgress to be a function",
    onProgress,
  );
  expect(signal === undefined || isAbortSignal(signal), "signal to be an AbortSignal", signal);
  expect(
    stallTimeout === undefined || (typeof stallTimeout === "number" && stallTimeout > 0),
    "stallTimeout to be a number of milliseconds above 0",
    stallTimeout,
  );
}

function isBytes(value: unknown): boolean {
  return ArrayBuffer.isView(value) || isArrayBuffer(value) || isSharedBuffer(value);
}

// In a page a url may be relative to it.
function isFetched(url: unknown): boolean {
  const base = (globalThis as { location?: { href?: string } }).location?.href;
  return (
    URL.canParse(String(url), base) && /^(https?|blob):$/.test(new URL(String(url), base).protocol)
  );
}
