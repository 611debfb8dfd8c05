import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { versionOf } from "../environment.ts";
import type { Code } from "./schema.ts";

const ours = [
  "@rnnkit/backend-select",
  "@rnnkit/core-rnn",
  "@rnnkit/datasets-imdb",
  "@rnnkit/fused-rnn",
  "@rnnkit/keras-builders",
  "@rnnkit/preprocess",
];
const theirs = [
  "@tensorflow/tfjs-backend-cpu",
  "@tensorflow/tfjs-backend-wasm",
  "@tensorflow/tfjs-backend-webgpu",
  "@tensorflow/tfjs-core",
  "@tensorflow/tfjs-layers",
];

const require = createRequire(import.meta.url);
const here = fileURLToPath(new URL("..", import.meta.url));

/** What runs in this process: git's commit, and a digest of the programs, which no uncommitted change escapes. */
export function describeCode(): Code {
  const packages = Object.fromEntries([...ours, ...theirs].map((name) => [name, versionOf(name)]));
  const hash = createHash("sha256").update(JSON.stringify(packages));
  const folders = ours.map((name) =>
    join(dirname(require.resolve(`${name}/package.json`)), "dist"),
  );
  for (const folder of [here, ...folders]) {
    for (const file of programsIn(folder)) {
      hash.update(relative(folder, file)).update("\0").update(readFileSync(file));
    }
  }
  return { commit: commitOf(here), digest: hash.digest("hex"), packages };
}

/** One code in words: its commit, or the beginning of its digest. */
export function codeName({ commit, digest }: Pick<Code, "commit" | "digest">): string {
  return `${commit === null ? "no commit" : `commit ${commit.slice(0, 7)}`}, programs ${digest.slice(0, 8)}`;
}

function programsIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(js|ts|wasm)$/.test(entry.name))
    .filter(({ name }) => !/\.(d|test|fixture)\.ts$/.test(name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

function commitOf(cwd: string): string | null {
  try {
    const text = execFileSync("git", ["rev-parse", "HEAD"], {
      cwd,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
    return text.trim();
  } catch {
    return null;
  }
}
