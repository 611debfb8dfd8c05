// Files that are not whole yet, named so that whoever comes later knows whether they ever will be.

import { createHash, randomUUID } from "node:crypto";
import { readdir, rm, stat } from "node:fs/promises";
import { hostname } from "node:os";
import { basename, dirname, join } from "node:path";
import { kill, pid } from "node:process";

/** What a process that cannot be asked left unfinished this long ago, in ms, it will not finish. */
export const abandonedAfter = 3_600_000;

/** A folder may be shared, by containers too, each of which has a process 1. */
const host = createHash("sha256").update(hostname()).digest("hex").slice(0, 8);
const ending = /^([\da-f]{8})\.(\d+)\.([\da-f-]{36})\.tmp$/;
/** Of this process: another that had its number before it may have left some. */
const inUse = new Set<string>();

/** A free name beside **path**. */
export function temporaryName(path: string): string {
  return join(dirname(path), `.${basename(path)}.${host}.${pid}.${randomUUID()}.tmp`);
}

/** Runs **use**, while no sweep of this process takes the file of that name. */
export async function withName(name: string, use: () => Promise<void>): Promise<void> {
  inUse.add(basename(name));
  try {
    await use();
  } finally {
    inUse.delete(basename(name));
  }
}

/** Removes the temporary files of **path** that nobody will finish. */
export async function sweep(path: string): Promise<void> {
  const start = `.${basename(path)}.`;
  for (const name of await readdir(dirname(path))) {
    const found = name.startsWith(start) ? ending.exec(name.slice(start.length)) : null;
    if (!found || inUse.has(name)) continue;
    const temporary = join(dirname(path), name);
    const isLeft =
      (found[1] === host && !isAlive(Number(found[2]))) ||
      Date.now() - (await stat(temporary)).mtimeMs > abandonedAfter;
    if (isLeft) await rm(temporary, { force: true });
  }
}

/** Whether a process of this machine may still write. */
function isAlive(id: number): boolean {
  // What this one writes is in use.
  if (id === pid) return false;
  try {
    return kill(id, 0);
  } catch (error) {
    return (error as { code?: string }).code !== "ESRCH";
  }
}
