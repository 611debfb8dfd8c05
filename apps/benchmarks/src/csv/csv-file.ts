import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { basename, dirname } from "node:path";
import { didYouMean } from "@rnnkit/core-rnn";
import { UsageError } from "../terminal/usage-error.ts";
import { type Column, columnIn, type ReadOptions } from "./csv.ts";
import { textOf } from "./text.ts";

// The whole file is held in memory, as text and as rows.
const MAX_BYTES = 256 * 1024 * 1024;

/**
 * Reads a column of the CSV file at **path**, as `columnIn` does of its text.
 *
 * @throws UsageError when the file cannot be read, and as `columnIn`
 */
export function readColumn(path: string, options: ReadOptions = {}): Column {
  return columnIn(textOf(bytesOf(path), path), path, options);
}

function bytesOf(path: string): Uint8Array {
  try {
    const { size } = statSync(path);
    if (size > MAX_BYTES) throw new Error(`it has ${size} bytes, more than ${MAX_BYTES}`);
    return readFileSync(path);
  } catch (error) {
    throw new UsageError(`--csv: cannot read ${path}: ${whyNot(error as Error, path)}`);
  }
}

function whyNot({ message, code }: NodeJS.ErrnoException, path: string): string {
  if (code === "EISDIR") return "it is a folder";
  if (code !== "ENOENT") return message;
  const folder = dirname(path);
  if (!existsSync(folder)) return `there is no folder ${folder}`;
  return `there is no such file${didYouMean(basename(path), namesIn(folder))}`;
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
