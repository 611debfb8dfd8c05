import { DatasetError } from "./dataset-error.ts";
import { optionsFault, shown } from "./generated/options.ts";
import { isAbortSignal, isUrl } from "./generated/realm.ts";

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
  /** Where to download from. Default: Keras's own server. */
  url?: string | URL;
  /**
   * The sha256 that the bytes must have, in hex. Default: that of Keras's own file, whose order
   * makes the labels mean what Keras's mean. *null*, only together with **path** or **url**, takes
   * any file of the right format; such bytes are not cached, and a broken transfer starts anew.
   */
  sha256?: string | null;
  /**
   * The folder of the cache; in a page, the name of the cache in the Cache API. Default: `rnnkit`
   * under the operating system's cache folder. *null* keeps the file in memory, as long as the
   * process or page lives.
   */
  cacheDir?: string | null;
  /** Called for every piece of a download; not when a cache or **path** has the file. */
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
  ...["path", "url", "sha256", "cacheDir", "onProgress", "signal", "stallTimeout"],
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
  const { path, url, sha256, cacheDir, onProgress, signal, stallTimeout } = options;
  const expect = (holds: boolean, expected: string, got: unknown): void => {
    if (!holds) throw new DatasetError("option", `${who}: expected ${expected}, got ${shown(got)}`);
  };
  const isText = (value: unknown) => typeof value === "string" && value !== "";
  expect(
    path === undefined || isText(path) || isUrl(path),
    "path to be a file's name or file: URL",
    path,
  );
  expect(path === undefined || url === undefined, "either path or url", "both");
  expect(url === undefined || isHttp(url), "url to be an http or https URL", String(url));
  expect(
    sha256 == null || (isText(sha256) && /^[\da-f]{64}$/i.test(sha256)),
    "sha256 to be 64 hex digits or null",
    sha256,
  );
  expect(
    sha256 !== null || path !== undefined || url !== undefined,
    "path or url beside sha256: null",
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

// In a page a url may be relative to it.
function isHttp(url: unknown): boolean {
  const base = (globalThis as { location?: { href?: string } }).location?.href;
  return URL.canParse(String(url), base) && /^https?:$/.test(new URL(String(url), base).protocol);
}
