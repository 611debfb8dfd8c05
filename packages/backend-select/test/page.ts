// Real Chromium on pages that Vite bundles: what selectBackend gives there.
import { cpSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { extname, join } from "node:path";
import { filesOf, pathOf, type Served, served } from "@rnnkit/test-kit/server";
import { chromium } from "playwright-core";
import { build } from "vite";
import { built } from "./selection.ts";
import { makeProject, type RealPackage } from "./temp-project.ts";

const executablePath = process.env.RNNKIT_CHROMIUM ?? "/usr/bin/chromium";
export const hasBrowser: boolean = executablePath !== "" && existsSync(executablePath);
if (!hasBrowser) console.log("Chromium was not found: a page's backends are not tested");

/** A page that bundles the package with Vite: absent optional packages must not stop the build. */
export async function bundle(
  real: readonly RealPackage[],
  options: string,
  minify = true,
  before = "",
  after = "undefined",
): Promise<string> {
  const project = makeProject(built, { real });
  writeFileSync(join(project, "index.html"), `<script type="module" src="./main.js"></script>`);
  writeFileSync(
    join(project, "main.js"),
    `import * as tf from "@tensorflow/tfjs-core";
     import { describeBackend, selectBackend } from "@rnnkit/backend-select";
     ${before}
     const s = await selectBackend(${options}).catch((e) => e.message);
     window.result = { ...s, s, now: tf.getBackend(), line: describeBackend(), after: await (${after}) };`,
  );
  await build({ root: project, logLevel: "error", build: { target: "es2022", minify } });
  const out = join(project, "dist");
  const wasm = join(project, "node_modules/@tensorflow/tfjs-backend-wasm/dist");
  if (existsSync(wasm)) {
    mkdirSync(join(out, "wasm"));
    cpSync(wasm, join(out, "wasm"), {
      recursive: true,
      dereference: true,
      filter: (path) => !extname(path) || extname(path) === ".wasm",
    });
  }
  return out;
}

/** Serves a folder; like a development server, it answers every unknown path with the page. */
function serve(folder: string, headers: Record<string, string>): Promise<Served> {
  const files = filesOf(folder, headers);
  return served((request, response) => {
    if (!existsSync(join(folder, pathOf(request.url)))) request.url = "/";
    files(request, response);
  });
}

interface Manner {
  /** Of Chromium's. */
  flags?: string[];
  /** What the page is asked for by. */
  host?: string;
  /** A script that runs before the page's own. */
  before?: string;
}

interface Page {
  // biome-ignore lint/suspicious/noExplicitAny: what the bundled page left on its window.
  result: any;
  said: string[];
  asked: string[];
}

export async function open(
  folder: string,
  headers: Record<string, string> = {},
  { flags = [], host = "127.0.0.1", before }: Manner = {},
): Promise<Page> {
  const server = await serve(folder, headers);
  const browser = await chromium.launch({
    executablePath,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      ...flags,
    ],
  });
  try {
    const page = await browser.newPage();
    const said: string[] = [];
    const asked: string[] = [];
    page.on("request", (request) => asked.push(new URL(request.url()).pathname));
    page.on("console", (message) => said.push(message.text()));
    page.on("pageerror", (error) => said.push(String(error)));
    if (before) await page.addInitScript(before);
    await page.goto(server.address.replace("127.0.0.1", host));
    // A function, not its text: text is evaluated at each look, which a page's policy may forbid.
    const result = await page
      .waitForFunction(() => (globalThis as { result?: unknown }).result, undefined, {
        timeout: 40_000,
      })
      .then((handle) => handle.jsonValue())
      .catch((cause: Error) => {
        throw new Error(`the page left no result; it said: ${said.join("\n") || "nothing"}`, {
          cause,
        });
      });
    return { result, said: said.filter((text) => !text.includes("favicon")), asked };
  } finally {
    await browser.close();
    server.close();
  }
}
