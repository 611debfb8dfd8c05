import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { basename } from "node:path";
import process from "node:process";
import { systemReason } from "../output.ts";
import { UsageError } from "../terminal/usage-error.ts";

/** The locks of this process: an older process of its number may have left others. */
const own = new Set<string>();

/**
 * Holds the file at **path** for this process, by `<path>.lock` beside it, in which its number and machine stand: each
 * of two writers would write over what the other has measured. What a process left that is no more is taken over.
 * Returns what lets go of it.
 *
 * @throws UsageError where another process holds it
 */
export function hold(path: string): () => void {
  const lock = `${path}.lock`;
  const mine = `${process.pid} ${hostname()}\n`;
  while (!wasWritten(lock, mine)) {
    const theirs = textOf(lock);
    if (theirs === null) continue;
    const [pid, host] = theirs.trim().split(" ");
    if (host === hostname() && !isAlive(Number(pid), lock)) {
      takeAway(lock, theirs);
      continue;
    }
    const holder = pid ? `process ${pid} of ${host} writes` : "another writes";
    throw new UsageError(
      `--out: expected a ${basename(path)} that no other compare writes, got one that ${holder}: wait for it, or give another --out; if it is gone, delete ${lock}`,
    );
  }
  own.add(lock);
  return () => {
    own.delete(lock);
    rmSync(lock, { force: true });
  };
}

/** Writes a file that is not there yet; false where it is. */
function wasWritten(lock: string, text: string): boolean {
  try {
    writeFileSync(lock, text, { flag: "wx" });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    // Of a full disk an empty one stays.
    rmSync(lock, { force: true });
    throw new Error(`expected to write ${lock}, got ${systemReason(error)}`, { cause: error });
  }
}

function textOf(lock: string): string | null {
  try {
    return readFileSync(lock, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}

function isAlive(pid: number, lock: string): boolean {
  if (pid === process.pid) return own.has(lock);
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** Removes a lock that says **stale**; one that another has written meanwhile goes back. */
function takeAway(lock: string, stale: string): void {
  const aside = `${lock}.${process.pid}`;
  try {
    renameSync(lock, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
    throw error;
  }
  if (textOf(aside) === stale) rmSync(aside);
  else renameSync(aside, lock);
}
