import { DatasetError } from "./dataset-error.ts";
import { download } from "./download.ts";
import { bytesOf, bytesOfBlob } from "./generated/realm.ts";
import type { SourceOptions } from "./options.ts";
import type { Platform } from "./platform.ts";

/** A published file: where it lies and how to know it. */
export interface PublishedFile {
  name: string;
  url: string;
  sha256: string;
  size: number;
  /** The most that another file in its place may have. */
  limit: number;
}

const defaultStallTimeout = 30_000;
const folder = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/";

/** Keras's own files: keras/src/datasets/imdb.py. */
export const imdbFile: PublishedFile = {
  name: "imdb.npz",
  url: `${folder}imdb.npz`,
  sha256: "69664113be75683a8fe16e3ed0ab59fda8886cb3cd7ada244f7d9544e4676b9f",
  size: 17_464_789,
  limit: 256 * 2 ** 20,
};

/** Keras knows this one by md5 bfafd718b763782e994055a2d397834f; same bytes. */
export const wordIndexFile: PublishedFile = {
  name: "imdb_word_index.json",
  url: `${folder}imdb_word_index.json`,
  sha256: "027313fe9a320280f3bf0fac5baf58c4a683cf39a7ed9c3d3d3912bde4284cf6",
  size: 1_641_221,
  limit: 64 * 2 ** 20,
};

/**
 * The verified bytes of a published file: from **file** or **path**, or else the cache, or else Keras's own
 * folder, or else the network, then kept in the cache. A cached file with the wrong hash is removed
 * and fetched anew; a download with the wrong hash is never written anywhere.
 */
export async function obtain(
  who: string,
  file: PublishedFile,
  options: SourceOptions,
  platform: Platform,
): Promise<Uint8Array<ArrayBuffer>> {
  const { path, file: given, signal } = options;
  const expected =
    options.sha256 === undefined ? file.sha256 : (options.sha256?.toLowerCase() ?? null);
  signal?.throwIfAborted();
  if (given !== undefined) {
    const bytes = await readGiven(who, given, file.limit);
    signal?.throwIfAborted();
    await verify(who, nameOf(given), bytes, expected, platform);
    return bytes;
  }
  if (path !== undefined) {
    const bytes = await platform.readFile(who, path, file.limit);
    signal?.throwIfAborted();
    await verify(who, String(path), bytes, expected, platform);
    return bytes;
  }
  if (expected === null) return (await fetchFile(who, file, options, false)).bytes;

  const key = `${expected.slice(0, 16)}-${file.name}`;
  const cache = platform.openCache(options.cacheDir);
  const cached = await cache.read(key, file.limit);
  if (cached) {
    if ((await platform.sha256(cached)) === expected) return cached;
    await cache.remove(key);
  }
  const keras = await platform.readKerasCopy(file.name, file.limit);
  if (keras && (await platform.sha256(keras)) === expected) return keras;
  signal?.throwIfAborted();

  await cache.prepare();
  let { bytes, resumed } = await fetchFile(who, file, options, true);
  // A file that changed on the server between two pieces is worth one whole transfer.
  if (resumed && (await platform.sha256(bytes)) !== expected)
    ({ bytes } = await fetchFile(who, file, options, false));
  await verify(who, String(options.url ?? file.url), bytes, expected, platform);
  signal?.throwIfAborted();
  await cache.write(key, bytes);
  return bytes;
}

async function readGiven(
  who: string,
  given: NonNullable<SourceOptions["file"]>,
  limit: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const size = "size" in given ? given.size : given.byteLength;
  if (size > limit)
    throw new DatasetError(
      "format",
      `${who}: expected a file of at most ${limit} bytes, got ${size}`,
    );
  try {
    return bytesOf(given) ?? (await bytesOfBlob(given as Blob));
  } catch (cause) {
    const got = (cause as Error).message;
    throw new DatasetError("storage", `${who}: expected to read ${nameOf(given)}, got ${got}`, {
      cause,
    });
  }
}

function nameOf(given: NonNullable<SourceOptions["file"]>): string {
  return "name" in given ? String(given.name) : "file";
}

function fetchFile(who: string, file: PublishedFile, options: SourceOptions, resume: boolean) {
  const isPublished = options.sha256 === undefined || options.sha256?.toLowerCase() === file.sha256;
  return download(who, options.url ?? file.url, {
    size: isPublished ? file.size : undefined,
    limit: file.limit,
    resume,
    onProgress: options.onProgress,
    signal: options.signal,
    stallTimeout: options.stallTimeout ?? defaultStallTimeout,
  });
}

async function verify(
  who: string,
  where: string,
  bytes: Uint8Array<ArrayBuffer>,
  expected: string | null,
  platform: Platform,
): Promise<void> {
  if (expected === null) return;
  const got = await platform.sha256(bytes);
  if (got !== expected)
    throw new DatasetError(
      "hash",
      `${who}: expected sha256 ${expected} of ${where}, got ${got} (${bytes.length} bytes); nothing was kept`,
    );
}
