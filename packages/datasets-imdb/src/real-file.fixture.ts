// Where the real files lie, for tests only: RNNKIT_DATA, or a folder beside the repository. An empty
// RNNKIT_DATA means that there are none.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { env } from "node:process";
import { fileURLToPath } from "node:url";

const folder =
  env.RNNKIT_DATA ?? fileURLToPath(new URL("../../../../shared/data", import.meta.url));

export const realImdb: string = join(folder, "imdb.npz");
export const realWordIndex: string = join(folder, "imdb_word_index.json");
export const hasRealFiles: boolean =
  folder !== "" && existsSync(realImdb) && existsSync(realWordIndex);
export const realReason: string = hasRealFiles
  ? ""
  : " (skipped: no imdb.npz and imdb_word_index.json in RNNKIT_DATA)";
