// @ts-check
// What a machine with only Node and npm needs to run this workspace: the pinned pnpm, through npx.
import { spawn, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

const { packageManager, engines } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));

/**
 * Runs a shell line with the pinned pnpm, which turbo asks for too, and the workspace's own binaries on the path; ends
 * this process with the line's exit code when it fails.
 *
 * @param {string} line
 * @param {NodeJS.ProcessEnv} [env] added to the environment
 */
export function run(line, env = {}) {
  const pnpm = ["--yes", "--loglevel=error", `--package=${packageManager}`, "--call", line];
  const shell = process.platform === "win32";
  endUnless(spawnSync("npx", pnpm, { ...surroundings(env), shell, stdio: "inherit" }));
}

/**
 * Runs a shell line that needs no pnpm, as `run` does: npx takes seconds to find that.
 *
 * @param {string} line
 */
export function runAlone(line) {
  endUnless(spawnSync(line, { ...surroundings(), shell: true, stdio: "inherit" }));
}

/** @param {import("node:child_process").SpawnSyncReturns<unknown>} ended */
function endUnless({ status, error }) {
  if (error) throw error;
  if (status !== 0) process.exit(status ?? 1);
}

/**
 * Runs shell lines side by side, as `runAlone` does; what each says is printed, under its title, once it has ended.
 *
 * @param {Record<string, string>} lines by title
 */
export async function runTogether(lines) {
  const codes = Object.entries(lines).map(async ([title, line]) => {
    const child = spawn(line, { ...surroundings(), shell: true });
    let said = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => (said += text));
    const code = await new Promise((resolve, reject) => {
      child.on("error", reject);
      child.on("close", resolve);
    });
    console.log(`\n── ${title}\n${said.trimEnd()}`);
    return code;
  });
  const failed = (await Promise.all(codes)).find((code) => code !== 0);
  if (failed !== undefined) process.exit(failed ?? 1);
}

/** @param {NodeJS.ProcessEnv} [env] */
function surroundings(env = {}) {
  const path = `${join(root, "node_modules", ".bin")}${process.platform === "win32" ? ";" : ":"}${process.env.PATH}`;
  return {
    cwd: root,
    env: { ...process.env, PATH: path, TURBO_TELEMETRY_DISABLED: "1", ...env },
  };
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
