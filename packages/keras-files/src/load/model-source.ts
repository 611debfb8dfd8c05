import {
  bytesOf,
  bytesOfBlob,
  checkKinds,
  isAbortSignal,
  isBlob,
  isUrl,
  type OptionKind,
  shown,
} from "@rnnkit/core-rnn";
import { defaultMaxBytes, type Limits } from "../keras/limits.ts";
import { type Transfer, tooLarge, transferred } from "./transfer.ts";

/** Where a file is: a path (in Node), a URL, its bytes (a buffer, or a view of one), or a File or Blob. */
export type ModelSource = string | URL | ArrayBufferView | ArrayBufferLike | Blob;

/** How a file is got. */
export interface SourceOptions extends Limits {
  /** Ends reading or fetching: the promise rejects with the signal's reason. */
  signal?: AbortSignal;
  /**
   * Of a URL: milliseconds in which nothing comes, after which it is given up. Default 30,000; *Infinity*
   * waits for ever.
   */
  stallTimeout?: number;
}

/** Infinity too; false for NaN. */
const limit: OptionKind = {
  expected: "a number above 0",
  takes: (value) => typeof value === "number" && value > 0,
};
const sourceKinds = {
  maxBytes: limit,
  signal: { expected: "an AbortSignal", takes: isAbortSignal },
  stallTimeout: limit,
};

export const sourceNames: readonly string[] = Object.keys(sourceKinds);

/** Reads a local file of at most **maxBytes**; undefined where there are none. */
export type ReadPath = (path: string | URL, transfer: Transfer) => Promise<Uint8Array>;

const defaultStallTimeout = 30_000;

/**
 * What options say of getting a file.
 *
 * @throws for a limit that is no number above 0, and a signal that is none.
 */
export function transferOf(who: string, options: SourceOptions): Transfer {
  const { maxBytes = defaultMaxBytes, stallTimeout = defaultStallTimeout, signal } = options;
  checkKinds(who, { maxBytes, stallTimeout, signal }, sourceKinds);
  return { maxBytes, stallTimeout, signal };
}

/**
 * The bytes behind **source**.
 *
 * @throws if there is nothing, or more than **maxBytes**; the signal's reason where it is aborted.
 */
export async function sourceBytes(
  who: string,
  source: ModelSource,
  transfer: Transfer,
  readPath?: ReadPath,
): Promise<Uint8Array> {
  const { signal } = transfer;
  signal?.throwIfAborted();
  const bytes = await allBytes(who, source, transfer, readPath);
  signal?.throwIfAborted();
  return bytes;
}

async function allBytes(
  who: string,
  source: ModelSource,
  transfer: Transfer,
  readPath?: ReadPath,
): Promise<Uint8Array> {
  const { maxBytes } = transfer;
  const check = (size: number): void => {
    if (size > maxBytes) throw tooLarge(who, maxBytes, size);
  };
  const bytes = bytesOf(source);
  if (bytes) {
    check(bytes.length);
    return bytes;
  }
  if (isBlob(source)) {
    check(source.size);
    return await bytesOfBlob(source);
  }
  if (isUrl(source) || typeof source === "string") {
    const isRemote = /^(https?|data|blob):/i.test(`${source}`);
    if (isRemote || !readPath) return await transferred(who, source, transfer);
    return await readPath(source, transfer);
  }
  throw new Error(
    `${who}: expected a path, URL, Uint8Array, ArrayBuffer, File or Blob, got ${shown(source)}`,
  );
}
