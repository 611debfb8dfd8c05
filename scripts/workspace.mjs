// @ts-check
// What a machine with only Node and npm needs to run this workspace: the pinned pnpm, through npx.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

const { packageManager, engines } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));

/**
 * Runs a shell line with the pinned pnpm and the workspace's own binaries on the path; ends this
 * process with the line's exit code when it fails.
 *
 * @param {string} line
 * @param {NodeJS.ProcessEnv} [env] added to the environment
 */
export function run(line, env = {}) {
  const path = `${join(root, "node_modules", ".bin")}${process.platform === "win32" ? ";" : ":"}${process.env.PATH}`;
  const { status, error } = spawnSync(
    "npx",
    ["--yes", "--loglevel=error", `--package=${packageManager}`, "--call", line],
    {
      cwd: root,
      stdio: "inherit",
      shell: process.platform === "win32",
      env: { ...process.env, PATH: path, TURBO_TELEMETRY_DISABLED: "1", ...env },
    },
  );
  if (error) throw error;
  if (status !== 0) process.exit(status ?? 1);
}

/** Installs exactly what the lock file names. */
export function install() {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  if (major < 20 || (major === 20 && minor < 19)) {
    console.error(`rnnkit: expected Node ${engines.node}, got ${process.versions.node}`);
    process.exit(2);
  }
  run("pnpm install --frozen-lockfile --prefer-offline --reporter=append-only");
}
