// @ts-check
// What a machine with only Node and npm needs to run this workspace: the pinned pnpm, through npx.
import { spawn, spawnSync } from "node:child_process";
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
  const { status, error } = spawnSync("npx", argumentsFor(line), {
    ...surroundings(env),
    stdio: "inherit",
  });
  if (error) throw error;
  if (status !== 0) process.exit(status ?? 1);
}

/**
 * Runs shell lines side by side, as `run` does; what each says is printed, under its title, once it has ended.
 *
 * @param {Record<string, string>} lines by title
 */
export async function runTogether(lines) {
  const codes = Object.entries(lines).map(async ([title, line]) => {
    const child = spawn("npx", argumentsFor(line), surroundings());
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

/** @param {string} line */
function argumentsFor(line) {
  return ["--yes", "--loglevel=error", `--package=${packageManager}`, "--call", line];
}

function surroundings(env = {}) {
  const path = `${join(root, "node_modules", ".bin")}${process.platform === "win32" ? ";" : ":"}${process.env.PATH}`;
  return {
    cwd: root,
    shell: process.platform === "win32",
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
