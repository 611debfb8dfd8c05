// A real Chromium, and what its pages are made of: a script bundled by vite, a server, workers.

import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { env } from "node:process";
import { fileURLToPath } from "node:url";
import { type Browser, chromium, type Page, type Worker } from "playwright-core";
import { build, defaultClientConditions } from "vite";
import { expect, test } from "vitest";

const executablePath = env.RNNKIT_CHROMIUM ?? "/usr/bin/chromium";

/** Whether there is a Chromium. */
export const isThere: boolean = executablePath !== "" && existsSync(executablePath);

/** Behind a test's name: why it is skipped. */
export const reason: string = isThere ? "" : " (skipped: no Chromium at RNNKIT_CHROMIUM)";

/** A test that needs a Chromium. */
export const chromiumTest: (name: string, run: () => Promise<void>) => void = test.skipIf(!isThere);

/** A file of this folder. */
export const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** A script of this package's source and tfjs, as one. */
export async function bundled(script: string, minify: boolean): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), "rnnkit-page-"));
  try {
    await mkdir(join(root, "node_modules/@rnnkit"), { recursive: true });
    await symlink(here(".."), join(root, "node_modules/@rnnkit/fused-rnn"));
    await symlink(here("../node_modules/@tensorflow"), join(root, "node_modules/@tensorflow"));
    await writeFile(join(root, "main.js"), script);
    await build({
      root,
      configFile: false,
      logLevel: "error",
      resolve: { conditions: ["@rnnkit/source", ...defaultClientConditions] },
      build: {
        minify,
        modulePreload: false,
        rolldownOptions: { input: join(root, "main.js"), output: { entryFileNames: "main.js" } },
      },
    });
    return await readFile(join(root, "dist/main.js"), "utf8");
  } finally {
    await rm(root, { recursive: true });
  }
}

/** Starts the browser. */
export function launched(): Promise<Browser> {
  const quiet = ["background-networking", "component-update", "sync"].map((x) => `--disable-${x}`);
  const args = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", ...quiet];
  return chromium.launch({ executablePath, args });
}

/** A page, or a worker of one. */
export interface Scope {
  evaluate(expression: string): Promise<unknown>;
}

/** Waits for the scope's script, which leaves a function of that **name**. */
export async function ready(scope: Scope, name: string): Promise<void> {
  const kind = () => scope.evaluate(`typeof ${name}`);
  await expect.poll(kind, { timeout: 60_000 }).toBe("function");
}

/** A worker of the page that runs the page's own script. */
export async function workerOf(page: Page): Promise<Worker> {
  const [worker] = await Promise.all([
    page.waitForEvent("worker"),
    page.evaluate('{ globalThis.worker = new Worker("./main.js", { type: "module" }) }'),
  ]);
  return worker;
}

/** Runs an expression there. */
export function run<T>(scope: Scope, expression: string): Promise<T> {
  return scope.evaluate(`(async () => (${expression}))()`) as Promise<T>;
}
