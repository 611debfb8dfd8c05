import { mkdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, resolve, sep } from "node:path";
import process from "node:process";
import { UsageError } from "./terminal/usage-error.ts";

/** Where results and report go unless told otherwise, under the current folder. */
export const DEFAULT_OUT = "reports";

// A full disk takes an empty file; results have some kilobytes.
const PROBE = new Uint8Array(64 * 1024);

/**
 * Makes the folder that **option** names and proves that files can be written there, so that a wrong `--out` is
 * found before the training and not after it. Returns the absolute path.
 *
 * @throws UsageError when it is a file, cannot be made or cannot be written to
 */
export function openOutputFolder(out: string, option = "--out"): string {
  const folder = resolve(out);
  try {
    mkdirSync(folder, { recursive: true });
    probe(folder);
  } catch (error) {
    throw new UsageError(
      `${option}: expected a folder to write to, got ${folder}: ${systemReason(error)}`,
    );
  }
  return folder;
}

/**
 * Proves that the file which **option** names can be written, in a folder that is there, before the work and not after
 * it. Returns the absolute path.
 *
 * @throws UsageError when it is a folder, or its folder is none or cannot be written to
 */
export function openOutputFile(path: string, option: string): string {
  const file = resolve(path);
  const refuse = (reason: string) =>
    new UsageError(`${option}: expected a file that can be written, got ${file}: ${reason}`);
  try {
    probe(dirname(file));
    const isFolder = statSync(file, { throwIfNoEntry: false })?.isDirectory();
    if (isFolder || path.endsWith("/") || path.endsWith(sep)) throw refuse("it is a folder");
  } catch (error) {
    throw error instanceof UsageError ? error : refuse(`its folder: ${systemReason(error)}`);
  }
  return file;
}

/** Writes a file in a folder that is there, and takes it away. */
function probe(folder: string): void {
  const file = join(folder, `.probe-${process.pid}`);
  if (!statSync(folder).isDirectory()) {
    throw Object.assign(new Error(folder), { code: "ENOTDIR" });
  }
  try {
    writeFileSync(file, PROBE);
  } finally {
    rmSync(file, { force: true });
  }
}

/** Writes a file under a **temporary** name and renames it: it is never seen half-written. */
export function writeWhole(
  path: string,
  content: string | Uint8Array,
  temporary: string = `${path}.${process.pid}.tmp`,
): void {
  try {
    writeFileSync(temporary, content);
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw new Error(`expected to write ${path}, got ${systemReason(error)}`, { cause: error });
  }
}

const reasons: Readonly<Record<string, string>> = {
  EACCES: "no right to write",
  EEXIST: "it is not a folder",
  EISDIR: "it is a folder",
  ENOENT: "no such folder",
  ENOSPC: "no space left on the disk",
  ENOTDIR: "it is not a folder",
  EPERM: "no right to write",
  EROFS: "a disk that is read-only",
};

/** Why the system did not write, in words. */
export function systemReason(error: unknown): string {
  const { code = "", message } = error as NodeJS.ErrnoException;
  return reasons[code] ? `${reasons[code]} (${code})` : message;
}
