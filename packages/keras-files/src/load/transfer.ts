/** How a file is fetched. */
export interface Transfer {
  /** No more than this is taken into memory. */
  maxBytes: number;
  /** Milliseconds without a byte, after which it is given up. */
  stallTimeout: number;
  /** Ends it: the promise rejects with the signal's reason. */
  signal?: AbortSignal | undefined;
}

/**
 * A whole file by URL.
 *
 * @throws for no answer, another status than 200, a part of a file, more than **maxBytes**, a transfer that
 * breaks off or stands still; the signal's reason where it is aborted.
 */
export async function transferred(
  who: string,
  url: string | URL,
  { maxBytes, stallTimeout, signal }: Transfer,
): Promise<Uint8Array> {
  const where = shownUrl(url);
  const own = new AbortController();
  const stop = () => own.abort(signal?.reason);
  signal?.throwIfAborted();
  signal?.addEventListener("abort", stop, { once: true });
  let [isStalled, isWhole] = [false, false];
  const stall = () => {
    isStalled = true;
    own.abort();
  };
  let timer: ReturnType<typeof setTimeout> | undefined;
  const wait = () => {
    clearTimeout(timer);
    // Timers take no longer times, and nobody waits for 24 days.
    if (stallTimeout < 2 ** 31) timer = setTimeout(stall, stallTimeout);
  };
  /** What an error of the platform is to whoever asked for the file. */
  const failure = (expected: string, got: string, cause: unknown): unknown => {
    if (signal?.aborted) return signal.reason;
    const silence = `nothing for ${stallTimeout} ms (stallTimeout)`;
    return new Error(`${who}: expected ${expected}, got ${isStalled ? silence : got}`, { cause });
  };
  try {
    wait();
    const response = await fetch(url, { signal: own.signal }).catch((cause) => {
      throw failure(`a file at ${where}`, "no answer", cause);
    });
    const { status } = response;
    if (status === 206) {
      throw new Error(`${who}: expected the whole file at ${where}, got a part (status 206)`);
    }
    if (!response.ok) {
      throw new Error(`${who}: expected a file at ${where}, got status ${status}`);
    }
    const { headers } = response;
    const declared = Number(headers.get("content-length") ?? Number.NaN);
    if (declared > maxBytes) throw tooLarge(who, maxBytes, declared);
    // What is decoded on the way has another size than what was sent.
    const size = headers.get("content-encoding") ? Number.NaN : declared;
    // One buffer that grows, so that a file is not held twice where its size is declared.
    let bytes = new Uint8Array(Number.isNaN(size) ? 65_536 : size);
    let length = 0;
    const ofAll = Number.isNaN(size) ? "" : ` of ${size}`;
    const reader = response.body?.getReader();
    const read = async () => {
      wait();
      return await reader?.read().catch((cause) => {
        const got = `${length}${ofAll} bytes and then none: ${reasonOf(cause)}`;
        throw failure(`a whole file at ${where}`, got, cause);
      });
    };
    for (let next = await read(); next && !next.done; next = await read()) {
      const { value } = next;
      if (length + value.length > maxBytes) throw tooLarge(who, maxBytes, "more");
      if (length + value.length > bytes.length) {
        const larger = new Uint8Array(Math.max(2 * bytes.length, length + value.length));
        larger.set(bytes.subarray(0, length));
        bytes = larger;
      }
      bytes.set(value, length);
      length += value.length;
    }
    if (length < size) {
      throw new Error(`${who}: expected a whole file at ${where}, got ${length} of ${size} bytes`);
    }
    isWhole = true;
    return bytes.subarray(0, length);
  } finally {
    // Whatever still comes, nobody waits for it.
    if (!isWhole) own.abort();
    clearTimeout(timer);
    signal?.removeEventListener("abort", stop);
  }
}

/** The error for a file that is larger than allowed. */
export function tooLarge(who: string, maxBytes: number, size: number | string): Error {
  return new Error(`${who}: expected a file of at most ${maxBytes} bytes (maxBytes), got ${size}`);
}

/** A data: URL is the file itself. */
function shownUrl(url: string | URL): string {
  const text = `${url}`;
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}

function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return `${cause}`;
  const deeper = cause.cause instanceof Error ? ` (${cause.cause.message})` : "";
  return `${cause.message}${deeper}`;
}
