// Real Chromium on pages that Vite bundles: what selectBackend gives there.
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join } from "node:path";
import { chromium } from "playwright-core";
import { build } from "vite";
import { built } from "./selection.ts";
import { makeProject, type RealPackage } from "./temp-project.ts";

const executablePath = process.env.RNNKIT_CHROMIUM ?? "/usr/bin/chromium";
export const hasBrowser: boolean = executablePath !== "" && existsSync(executablePath);
if (!hasBrowser) console.log("Chromium was not found: a page's backends are not tested");

const types: Record<string, string> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".wasm": "application/wasm",
};

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
function serve(folder: string, headers: Record<string, string>): Promise<Server> {
  const server = createServer(({ url = "/" }, response) => {
    const path = join(folder, url === "/" ? "index.html" : url);
    const file = existsSync(path) ? path : join(folder, "index.html");
    response.writeHead(200, { "content-type": types[extname(file)] ?? "text/plain", ...headers });
    response.end(readFileSync(file));
  });
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server)));
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
    await page.goto(`http://${host}:${(server.address() as AddressInfo).port}/`);
    const waiting = page.waitForFunction("window.result", undefined, { timeout: 20_000 });
    const result = await waiting.then(
      (handle) => handle.jsonValue(),
      () => undefined,
    );
    return { result, said: said.filter((text) => !text.includes("favicon")), asked };
  } finally {
    await browser.close();
    server.close();
  }
}
