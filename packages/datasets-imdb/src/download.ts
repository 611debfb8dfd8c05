import { DatasetError } from "./dataset-error.ts";
import type { Progress } from "./options.ts";

/** How much to expect, and whether a broken transfer may go on where it stopped. */
export interface DownloadOptions {
  /** The size to expect where the server does not say. */
  size: number | undefined;
  /** No more than this is taken into memory. */
  limit: number;
  resume: boolean;
  onProgress?: ((progress: Progress) => void) | undefined;
  signal?: AbortSignal | undefined;
  /** Milliseconds without a byte, after which a transfer is as good as broken. */
  stallTimeout: number;
}

const attempts = 4;
const firstPause = 200;

/**
 * A whole file by HTTP, in memory. A transfer that breaks off, or stands still, is taken up again by a Range request
 * where the server grants one and **resume** allows it, and starts anew where not, up to four
 * attempts with growing pauses. A refusal (404, 403…) is final at once.
 *
 * Nothing proves here that the pieces belong together: the caller's hash does.
 */
export async function download(
  who: string,
  url: string | URL,
  options: DownloadOptions,
): Promise<{ bytes: Uint8Array<ArrayBuffer>; resumed: boolean }> {
  const pieces: Uint8Array[] = [];
  let loaded = 0;
  let resumed = false;
  const checkSize = (size: number): void => {
    if (size > options.limit)
      throw new DatasetError(
        "transfer",
        `${who}: expected at most ${options.limit} bytes from ${url}, got ${size}`,
      );
  };
  for (let attempt = 1; ; attempt++) {
    const watch = watched(options);
    try {
      if (!options.resume) loaded = pieces.length = 0;
      const response = await request(who, url, loaded, watch.signal);
      if (response.status === 206) resumed = true;
      else loaded = pieces.length = 0;
      const total = totalOf(response, loaded) ?? options.size;
      if (total !== undefined && total > options.limit) await response.body?.cancel();
      checkSize(total ?? 0);
      for await (const piece of piecesOf(response)) {
        watch.moved();
        pieces.push(piece);
        loaded += piece.length;
        checkSize(loaded);
        report(options, loaded, total);
      }
      if (total === undefined || loaded >= total) return { bytes: join(pieces, loaded), resumed };
      throw new Error(`the connection closed after ${loaded} of ${total} bytes`);
    } catch (cause) {
      options.signal?.throwIfAborted();
      if (cause instanceof DatasetError) throw cause;
      if (cause instanceof CallerError) throw cause.cause;
      if (attempt === attempts)
        throw new DatasetError(
          "transfer",
          `${who}: expected ${url} in ${attempts} attempts, got ${loaded} bytes and then: ${reasonOf(cause)}`,
          { cause },
        );
      await pause(firstPause * 2 ** (attempt - 1), options.signal);
    } finally {
      watch.end();
    }
  }
}

/** A signal that aborts when the caller's does, and when nothing moved for too long. */
function watched({ signal, stallTimeout }: DownloadOptions) {
  const own = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const stop = () => own.abort(signal?.reason);
  const stall = () => own.abort(new Error(`nothing for ${stallTimeout} ms (stallTimeout)`));
  const moved = () => {
    clearTimeout(timer);
    // Timers take no longer times, and nobody waits for 24 days.
    if (stallTimeout < 2 ** 31) timer = setTimeout(stall, stallTimeout);
  };
  const end = () => {
    clearTimeout(timer);
    signal?.removeEventListener("abort", stop);
  };
  if (signal?.aborted) stop();
  signal?.addEventListener("abort", stop, { once: true });
  moved();
  return { signal: own.signal, moved, end };
}

// Whoever stops early, by an error too, closes the connection.
async function* piecesOf(response: Response): AsyncGenerator<Uint8Array> {
  const reader = response.body?.getReader();
  try {
    for (;;) {
      const next = await reader?.read();
      if (!next || next.done) return;
      yield next.value;
    }
  } finally {
    await reader?.cancel().catch(() => {});
  }
}

class CallerError extends Error {}

// What the caller's own callback throws is the caller's, not a broken transfer.
function report(options: DownloadOptions, loaded: number, total: number | undefined): void {
  try {
    options.onProgress?.({ loaded, total });
  } catch (cause) {
    throw new CallerError("onProgress", { cause });
  }
}

async function request(
  who: string,
  url: string | URL,
  from: number,
  signal: AbortSignal,
): Promise<Response> {
  const headers: HeadersInit = from > 0 ? { range: `bytes=${from}-` } : {};
  const response = await fetch(url, { headers, cache: "no-store", signal });
  const { status } = response;
  const isRange = status === 206 && from > 0;
  if (status === 200) return response;
  if (isRange && rangeStart(response) === from) return response;
  await response.body?.cancel();
  // A range that cannot be had: once more from the start.
  if (from > 0 && (isRange || status === 416)) return request(who, url, 0, signal);
  if (status >= 500 || status === 429 || status === 408) throw new Error(`HTTP status ${status}`);
  throw new DatasetError("transfer", `${who}: expected ${url}, got HTTP status ${status}`);
}

function rangeStart(response: Response): number | undefined {
  const found = /^bytes (\d+)-/.exec(response.headers.get("content-range") ?? "");
  return found ? Number(found[1]) : undefined;
}

// fetch undoes a content encoding, and content-length counts what was sent.
function totalOf(response: Response, from: number): number | undefined {
  const length = response.headers.get("content-length");
  if (length === null || response.headers.get("content-encoding")) return undefined;
  return from + Number(length);
}

function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  const deeper = cause.cause instanceof Error ? ` (${cause.cause.message})` : "";
  return `${cause.message}${deeper}`;
}

function join(pieces: Uint8Array[], length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, milliseconds);
    signal?.addEventListener("abort", stop, { once: true });
  });
}
