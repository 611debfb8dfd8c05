import { readlink, realpath, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { expectFile } from "./whole-file.ts";

/** Where a file is to be written, and with which permissions. */
export interface FilePlace {
  /** The path, or what symbolic links under it lead to. */
  target: string;
  /** Those of the file that stands there; undefined: none does. */
  mode: number | undefined;
}

/** As many as Linux follows. */
const mostLinks = 40;

/**
 * Follows symbolic links, also to where nothing stands yet.
 *
 * @throws for links in a circle, and where something stands that is no file.
 */
export async function placeOf(path: string): Promise<FilePlace> {
  let target = path;
  for (let i = 0; ; i++) {
    const link = await readlink(target).catch(() => undefined);
    if (link === undefined) break;
    if (i === mostLinks) throw new Error(`${path}: expected a file, got links in a circle`);
    target = resolve(await realpath(dirname(target)), link);
  }
  const found = await stat(target).catch((error: { code?: string }) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  if (found) expectFile(`${path}: expected a file`, found);
  return { target, mode: found && found.mode & 0o7777 };
}
