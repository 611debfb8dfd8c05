// @ts-check
// Removes the folders named on the command line: tsc leaves stale files behind.
import { rmSync } from "node:fs";

for (const folder of process.argv.slice(2)) rmSync(folder, { recursive: true, force: true });
