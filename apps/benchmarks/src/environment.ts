import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { availableParallelism, cpus, release, totalmem } from "node:os";
import process from "node:process";
import type { BackendSelection } from "@rnnkit/backend-select";
import type { Environment } from "./results.ts";

const reported = [
  "@rnnkit/backend-select",
  "@rnnkit/datasets-imdb",
  "@rnnkit/fused-rnn",
  "@rnnkit/keras-builders",
  "@rnnkit/keras-files",
  "@rnnkit/preprocess",
  "@tensorflow/tfjs-backend-cpu",
  "@tensorflow/tfjs-backend-wasm",
  "@tensorflow/tfjs-backend-webgpu",
  "@tensorflow/tfjs-core",
  "@tensorflow/tfjs-layers",
];

/** The machine, the chosen backend with what became of each candidate, and the versions used. */
export function describeEnvironment(selection: BackendSelection): Environment {
  return {
    node: process.versions.node,
    platform: `${process.platform} ${process.arch}, ${release()}`,
    cpu: cpus()[0]?.model.trim() || "unknown",
    logicalCores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    backend: {
      name: selection.name,
      candidates: selection.candidates.map(({ name, outcome, reason }) => ({
        name,
        outcome,
        reason,
      })),
    },
    packages: Object.fromEntries(reported.map((name) => [name, versionOf(name)])),
  };
}

const require = createRequire(import.meta.url);

/** The version in the package.json of an installed package; `..` is this one. */
export function versionOf(name: string): string {
  const manifest = readFileSync(require.resolve(`${name}/package.json`), "utf8");
  return (JSON.parse(manifest) as { version: string }).version;
}
