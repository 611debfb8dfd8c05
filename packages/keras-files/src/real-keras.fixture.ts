import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** A Python with Keras in it; undefined where there is none, and tests of it are skipped. */
export const kerasPython: string | undefined = process.env.RNNKIT_KERAS_PYTHON || undefined;

/**
 * Hands Keras the files that **write** puts into a folder, with what to do with them, and gives its
 * answers by case. The folder is gone afterwards; **read** sees what Keras put there.
 */
export async function askKeras<Answers>(
  write: (folder: string) => Promise<object[]>,
  mode?: "train" | "masks",
  read?: (folder: string) => Promise<void>,
): Promise<Answers> {
  const folder = mkdtempSync(join(tmpdir(), "rnnkit-keras-"));
  try {
    writeFileSync(join(folder, "manifest.json"), JSON.stringify(await write(folder)));
    const script = fileURLToPath(new URL("real-keras.fixture.py", import.meta.url));
    execFileSync(kerasPython!, [script, folder, ...(mode ? [mode] : [])], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    await read?.(folder);
    return JSON.parse(readFileSync(join(folder, "answers.json"), "utf8"));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
