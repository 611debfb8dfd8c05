// Projects of their own outside the workspace, with the packages that a test names and no others,
// run by plain Node on what the build emits.
import { execFile } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const here = dirname(dirname(fileURLToPath(import.meta.url)));
const require = createRequire(import.meta.url);
const run = promisify(execFile);
const made: string[] = [];

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "rnnkit-backend-select-"));
  made.push(folder);
  return folder;
}

export function removeTemporaryFolders(): void {
  for (const folder of made.splice(0)) rmSync(folder, { recursive: true, force: true });
}

/** Compiles this package as its build script does, to a folder of its own. */
export async function buildPackage(): Promise<string> {
  const folder = temporaryFolder();
  const tsc = require.resolve("typescript/bin/tsc");
  const config = join(here, "tsconfig.build.json");
  // Its types are checked by another task; here its siblings may not be built yet.
  await run(process.execPath, [tsc, "-p", config, "--noCheck", "--outDir", join(folder, "dist")]);
  cpSync(join(here, "package.json"), join(folder, "package.json"));
  return folder;
}

export type RealPackage =
  | "@tensorflow/tfjs-core"
  | "@tensorflow/tfjs-backend-cpu"
  | "@tensorflow/tfjs-backend-wasm"
  | "@tensorflow/tfjs-backend-webgpu"
  | "webgpu";

export interface Contents {
  /** Real packages, linked from the workspace. */
  real?: readonly RealPackage[];
  /** Packages made up for the test: name to the text of its index.cjs. */
  fake?: Readonly<Record<string, string>>;
  /** Another folder with a real node_modules to start from, as npm installed it. */
  at?: string;
}

export function makeProject(
  built: string,
  { real = ["@tensorflow/tfjs-core"], fake = {}, at }: Contents,
): string {
  const project = at ?? temporaryFolder();
  const modules = join(project, "node_modules");
  mkdirSync(join(modules, "@rnnkit"), { recursive: true });
  mkdirSync(join(modules, "@tensorflow"), { recursive: true });
  writeFileSync(join(project, "package.json"), '{ "private": true, "type": "module" }');
  cpSync(built, join(modules, "@rnnkit", "backend-select"), { recursive: true });
  for (const name of real) {
    const entry = require.resolve(`${name}/package.json`);
    symlinkSync(dirname(entry), join(modules, ...name.split("/")), "dir");
  }
  for (const [name, text] of Object.entries(fake)) {
    const folder = join(modules, ...name.split("/"));
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "package.json"), JSON.stringify({ name, main: "index.cjs" }));
    writeFileSync(join(folder, "index.cjs"), text);
  }
  return project;
}

export interface Outcome {
  code: number;
  stdout: string;
  stderr: string;
  // biome-ignore lint/suspicious/noExplicitAny: what the script of the test chose to print.
  json: any;
}

/** Runs an ES module in the project; `json` is its last line of output. */
export async function runIn(
  project: string,
  script: string,
  flags: readonly string[] = [],
  program: string = process.execPath,
  env: NodeJS.ProcessEnv = {},
): Promise<Outcome> {
  const file = join(project, "main.mjs");
  writeFileSync(file, script);
  const surroundings = { cwd: project, env: { ...process.env, ...env } };
  const outcome = await run(program, [...flags, file], surroundings).then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    ({ code, stdout, stderr }) => ({ code, stdout, stderr }),
  );
  const line = outcome.stdout.trim().split("\n").at(-1) ?? "";
  return { ...outcome, json: line.startsWith("{") ? JSON.parse(line) : undefined };
}
