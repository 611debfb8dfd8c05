import { randomUUID } from "node:crypto";
import { rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { flushFolder, writeWhole } from "./whole-file.ts";

/**
 * Writes a whole file or none: into a temporary file of the same folder, to the disk, then under its
 * name. Whatever happens in between, what stood there still stands, and no temporary file is left.
 */
export async function writeAtomically(path: string, parts: readonly Uint8Array[]): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}.${randomUUID()}.tmp`);
  try {
    await writeWhole(temporary, parts);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  // The file is in place: that its name is not yet on the disk is no failure.
  await flushFolder(dirname(path)).catch(() => {});
}
