import { rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { placeOf } from "./file-place.ts";
import { sweep, temporaryName, withName } from "./temporary-file.ts";
import { flushFolder, writeWhole } from "./whole-file.ts";

/**
 * Writes a whole file or none: into a temporary file of the same folder, to the disk, then under its
 * name. Whatever happens in between, what stood there still stands, and no temporary file is left; that of a
 * process which was killed goes with the next file of that name.
 *
 * What stood there gives its permissions, and a symbolic link its target.
 *
 * @throws if there stands something that is no file.
 */
export async function writeAtomically(path: string, parts: readonly Uint8Array[]): Promise<void> {
  const { target, mode } = await placeOf(path);
  await writeAs(target, temporaryName(target), parts, mode);
  // The file is in place: that its name is not yet on the disk, or others' rests are, is no failure.
  await flushFolder(dirname(target)).catch(() => {});
  await sweep(target).catch(() => {});
}

/** Writes a file under **temporary** until it is whole, then under its own name; that is all that may be left. */
export async function writeAs(
  path: string,
  temporary: string,
  parts: readonly Uint8Array[],
  mode: number | undefined,
): Promise<void> {
  await withName(temporary, async () => {
    try {
      await writeWhole(temporary, parts, mode);
      await rename(temporary, path);
    } catch (error) {
      await rm(temporary, { force: true }).catch(() => {});
      throw error;
    }
  });
}
