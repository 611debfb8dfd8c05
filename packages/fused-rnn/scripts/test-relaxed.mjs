// @ts-check
// The tests once more with the engine's relaxed-SIMD build, on Node 20, where it is behind a flag. On later
// ones it is what the tests have run with.
import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

if (!process.versions.v8.startsWith("11.3.")) process.exit(0);
// Nothing of theirs is compiled again: the device's, tfjs's operations, float64, what tfjs-node adds, how workers are
// started whatever runs in them, and what is refused before anything runs.
const apart = [
  "src/webgpu/**",
  "src/{composed,reference-engine,tfjs-node,refusals,check-call,options}.test.ts",
  "src/wasm/{rewritten-worker,compiled-module,handed-over,heap,workspace,descriptor}.test.ts",
  "src/tfjs/{failed-gradients,register,tensor-bridge}.test.ts",
];
const vitest = dirname(createRequire(import.meta.url).resolve("vitest/package.json"));
const { status } = spawnSync(
  process.execPath,
  [
    ...[join(vitest, "vitest.mjs"), "run", "--config", "../../vitest.shared.ts", "--root", "."],
    ...["--execArgv=--experimental-wasm-relaxed-simd", "--exclude", "src/page*.test.ts"],
    ...apart.flatMap((each) => ["--exclude", each]),
    // The kernels are the same for both of tfjs's backends.
    ...["--testNamePattern", "^(?!WebAssembly on cpu)"],
  ],
  { stdio: "inherit" },
);
process.exit(status ?? 1);
