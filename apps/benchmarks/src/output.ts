import {
  accessSync,
  constants,
  mkdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join, resolve } from "node:path";
import process from "node:process";
import { UsageError } from "./usage-error.ts";

/** Where results and report go unless told otherwise, under the current folder. */
export const DEFAULT_OUT = "reports";

/**
 * Makes the output folder and proves that files can be written there, so that a wrong `--out` is
 * found before the training and not after it. Returns the absolute path.
 *
 * @throws UsageError when it is a file, cannot be made or cannot be written to
 */
export function openOutputFolder(out: string): string {
  const folder = resolve(out);
  try {
    mkdirSync(folder, { recursive: true });
    if (!statSync(folder).isDirectory()) throw new Error("it is not a folder");
    accessSync(folder, constants.W_OK | constants.X_OK);
    const probe = join(folder, `.probe-${process.pid}`);
    writeFileSync(probe, "");
    rmSync(probe);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const reason = code === "EEXIST" || code === "ENOTDIR" ? "it is not a folder" : message;
    throw new UsageError(`--out: expected a folder to write to, got ${folder}: ${reason}`);
  }
  return folder;
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
    throw error;
  }
}
