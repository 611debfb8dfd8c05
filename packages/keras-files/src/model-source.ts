import { bytesOf, bytesOfBlob, isBlob, isUrl, shown } from "@rnnkit/core-rnn";

/** Where a file is: a path (in Node), a URL, its bytes (a buffer, or a view of one), or a File or Blob. */
export type ModelSource = string | URL | ArrayBufferView | ArrayBufferLike | Blob;

/** Reads a local file of at most **maxBytes**; undefined where there are none. */
export type ReadPath = (path: string | URL, maxBytes: number) => Promise<Uint8Array>;

/**
 * The bytes behind **source**, at most **maxBytes**.
 *
 * @throws if there is nothing, or more.
 */
export async function sourceBytes(
  who: string,
  source: ModelSource,
  maxBytes: number,
  readPath?: ReadPath,
): Promise<Uint8Array> {
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
    if (isRemote || !readPath) return await fetched(who, source, maxBytes);
    return await readPath(source, maxBytes);
  }
  throw new Error(
    `${who}: expected a path, URL, Uint8Array, ArrayBuffer, File or Blob, got ${shown(source)}`,
  );
}

/** The error for a file that is larger than allowed. */
export function tooLarge(who: string, maxBytes: number, size: number | string): Error {
  return new Error(`${who}: expected a file of at most ${maxBytes} bytes (maxBytes), got ${size}`);
}

async function fetched(who: string, url: string | URL, maxBytes: number): Promise<Uint8Array> {
  let response: Response;
  try {
    response = await fetch(url);
  } catch (cause) {
    throw new Error(`${who}: expected a file at ${url}, got no answer`, { cause });
  }
  if (!response.ok) {
    throw new Error(`${who}: expected a file at ${url}, got status ${response.status}`);
  }
  const declared = Number(response.headers.get("content-length") ?? Number.NaN);
  if (declared > maxBytes) {
    await response.body?.cancel();
    throw tooLarge(who, maxBytes, declared);
  }
  if (!response.body) return new Uint8Array(0);
  // One buffer that grows, so that a file is not held twice where its size is declared.
  let bytes = new Uint8Array(Number.isNaN(declared) ? 65_536 : declared);
  let length = 0;
  const reader = response.body.getReader();
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    const { value } = next;
    if (length + value.length > maxBytes) {
      await reader.cancel();
      throw tooLarge(who, maxBytes, "more");
    }
    if (length + value.length > bytes.length) {
      const larger = new Uint8Array(Math.max(2 * bytes.length, length + value.length));
      larger.set(bytes.subarray(0, length));
      bytes = larger;
    }
    bytes.set(value, length);
    length += value.length;
  }
  return bytes.subarray(0, length);
}
