import { randomUUID } from "node:crypto";
import {
  access,
  constants,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rm,
  stat,
} from "node:fs/promises";
import { join } from "node:path";
import { DatasetError } from "./dataset-error.ts";
import type { Cache } from "./platform.ts";

const temporaryName = /^\.[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}\.partial$/;
const advice = "; pass another cacheDir, or cacheDir: null to keep the file in memory";
const abandonedAfter = 3_600_000;

/**
 * Files in a folder. A file is written under a temporary name that no other process or call uses,
 * flushed, then renamed: whoever reads sees the old file, the new file or none. What a killed
 * process left under a temporary name is swept an hour later.
 */
export function folderCache(folder: string): Cache {
  return {
    async prepare() {
      try {
        await mkdir(folder, { recursive: true });
        await access(folder, constants.W_OK);
      } catch (cause) {
        throw storageError(`expected to write to ${folder}`, cause, advice);
      }
    },
    async read(key, limit) {
      return readIfThere(join(folder, key), limit);
    },
    async write(key, bytes) {
      const temporary = join(folder, `${key}.${randomUUID()}.partial`);
      try {
        await mkdir(folder, { recursive: true });
        await sweep(folder, key);
        const file = await open(temporary, "wx");
        try {
          await file.writeFile(bytes);
          await file.sync();
        } finally {
          await file.close();
        }
        await rename(temporary, join(folder, key));
      } catch (cause) {
        await rm(temporary, { force: true }).catch(() => {});
        // Windows refuses to replace a file that another process is reading; it holds the same.
        if (await isWhole(join(folder, key), bytes)) return;
        throw storageError(`expected to keep ${bytes.length} bytes in ${folder}`, cause, advice);
      }
    },
    async remove(key) {
      try {
        await rm(join(folder, key), { force: true });
      } catch (cause) {
        throw storageError(`expected to remove ${join(folder, key)}`, cause, advice);
      }
    },
  };
}

/** The bytes of a file, or undefined when it is missing, no plain file or larger than **limit**. */
export async function readIfThere(
  path: string | URL,
  limit: number,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  try {
    const found = await stat(path);
    if (!found.isFile() || found.size > limit) return undefined;
    return await readFile(path);
  } catch (cause) {
    if (["ENOENT", "ENOTDIR"].includes(codeOf(cause))) return undefined;
    throw storageError(`expected to read ${path}`, cause);
  }
}

function storageError(expected: string, cause: unknown, hint = ""): DatasetError {
  const code = codeOf(cause);
  const reasons: Record<string, string> = {
    ENOSPC: "no space left on the device",
    EDQUOT: "the disk quota is used up",
    EFBIG: "no room for a file of that size",
    EACCES: "permission denied",
    EPERM: "permission denied",
    EROFS: "a read-only file system",
  };
  const got = reasons[code] ?? (cause instanceof Error ? cause.message : String(cause));
  return new DatasetError("storage", `imdb: ${expected}, got ${got} (${code})${hint}`, { cause });
}

function codeOf(cause: unknown): string {
  return String((cause as { code?: unknown } | null)?.code ?? "unknown");
}

async function isWhole(path: string, bytes: Uint8Array): Promise<boolean> {
  const there = await readIfThere(path, bytes.length).catch(() => undefined);
  return (
    there !== undefined && there.length === bytes.length && there.every((b, i) => b === bytes[i])
  );
}

async function sweep(folder: string, key: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!name.startsWith(key) || !temporaryName.test(name.slice(key.length))) continue;
    const path = join(folder, name);
    const age = Date.now() - ((await stat(path).catch(() => null))?.mtimeMs ?? Date.now());
    if (age > abandonedAfter) await rm(path, { force: true }).catch(() => {});
  }
}
