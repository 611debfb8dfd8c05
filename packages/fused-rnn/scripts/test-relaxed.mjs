// @ts-check
// The tests once more with the engine's relaxed-SIMD build, on Node 20, where it is behind a flag. On later
// ones it is what the tests have run with.
import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

if (!process.versions.v8.startsWith("11.3.")) process.exit(0);
const vitest = dirname(createRequire(import.meta.url).resolve("vitest/package.json"));
const { status } = spawnSync(
  process.execPath,
  [
    ...[join(vitest, "vitest.mjs"), "run", "--config", "../../vitest.shared.ts", "--root", "."],
    ...["--execArgv=--experimental-wasm-relaxed-simd", "--exclude", "src/page*.test.ts"],
    // Nothing of theirs is compiled again: the device's, tfjs's operations, float64, and what tfjs-node adds.
    ...["src/webgpu/**", "src/{composed,reference-engine,tfjs-node}.test.ts"].flatMap((each) => [
      "--exclude",
      each,
    ]),
  ],
  { stdio: "inherit" },
);
process.exit(status ?? 1);
