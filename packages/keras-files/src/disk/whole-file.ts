// A file that is there whole or not at all is made of these.

import type { Stats } from "node:fs";
import { open } from "node:fs/promises";

/** Node reads and writes at most 2 GB at once. */
export const largestStep: number = 2 ** 30;
/** Codes of file systems that flush no folders. */
const unable = ["EACCES", "EINVAL", "EISDIR", "ENOTSUP", "EPERM"];

/** Refuses what is no file: its bytes may never end, or be another program's. */
export function expectFile(expected: string, found: Stats): void {
  if (found.isFile()) return;
  const [, kind] = [
    [found.isDirectory(), "a folder"] as const,
    [found.isFIFO(), "a pipe"] as const,
    [found.isSocket(), "a socket"] as const,
  ].find(([is]) => is) ?? [true, "a device"];
  throw new Error(`${expected}, got ${kind}`);
}

/**
 * Under a name that was free, and on the disk when it returns. With the permissions of **mode**, where
 * given, from its first byte on.
 */
export async function writeWhole(
  path: string,
  parts: readonly Uint8Array[],
  mode?: number,
): Promise<void> {
  const file = await open(path, "wx", mode);
  try {
    // The process's umask took some of them.
    if (mode !== undefined) await file.chmod(mode);
    for (const part of parts) {
      for (let at = 0; at < part.byteLength; ) {
        at += (await file.write(part.subarray(at, at + largestStep))).bytesWritten;
      }
    }
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Makes new names outlive a power cut, where folders can be flushed: not on Windows. */
export async function flushFolder(folder: string): Promise<void> {
  try {
    const handle = await open(folder, "r");
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (!unable.includes(`${(error as { code?: string }).code}`)) throw error;
  }
}
