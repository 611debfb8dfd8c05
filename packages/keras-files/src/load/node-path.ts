import { constants, open } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { expectFile } from "../disk/whole-file.ts";
import { type Transfer, tooLarge } from "./transfer.ts";

/** Node reads at most 2 GB at once; between two steps it can be stopped. */
const largestStep = 2 ** 26;

/**
 * A file's bytes, if they are at most **maxBytes**.
 *
 * @throws for what is no file: a pipe or a device may wait for ever, or never end.
 */
export async function readPath(
  path: string | URL,
  { maxBytes, signal }: Pick<Transfer, "maxBytes" | "signal">,
): Promise<Uint8Array> {
  const given = `${path}`;
  const local = given.startsWith("file:") ? fileURLToPath(given) : given;
  // Without waiting for somebody who writes into a pipe. Windows has neither.
  const file = await open(local, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  try {
    const found = await file.stat();
    expectFile(`${local}: expected a file`, found);
    const { size } = found;
    if (size > maxBytes) throw tooLarge(local, maxBytes, size);
    const bytes = new Uint8Array(size);
    let length = 0;
    while (length < size) {
      signal?.throwIfAborted();
      const step = Math.min(largestStep, size - length);
      const { bytesRead } = await file.read(bytes, length, step, length);
      if (bytesRead === 0) break;
      length += bytesRead;
    }
    return bytes.subarray(0, length);
  } finally {
    await file.close();
  }
}
