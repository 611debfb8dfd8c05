import { open } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { tooLarge } from "./model-source.ts";

/** A file's bytes, if they are at most **maxBytes**. */
export async function readPath(path: string | URL, maxBytes: number): Promise<Uint8Array> {
  const given = `${path}`;
  const local = given.startsWith("file:") ? fileURLToPath(given) : given;
  const file = await open(local);
  try {
    const { size } = await file.stat();
    if (size > maxBytes) throw tooLarge(local, maxBytes, size);
    const bytes = new Uint8Array(size);
    let length = 0;
    while (length < size) {
      const { bytesRead } = await file.read(bytes, length, size - length, length);
      if (bytesRead === 0) break;
      length += bytesRead;
    }
    return bytes.subarray(0, length);
  } finally {
    await file.close();
  }
}
