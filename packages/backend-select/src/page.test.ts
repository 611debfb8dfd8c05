import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join } from "node:path";
import { chromium } from "playwright-core";
import { build } from "vite";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  buildPackage,
  makeProject,
  type RealPackage,
  removeTemporaryFolders,
} from "../test/temp-project.ts";

const executablePath = process.env.RNNKIT_CHROMIUM ?? "/usr/bin/chromium";
const hasBrowser = executablePath !== "" && existsSync(executablePath);
if (!hasBrowser) console.log("Chromium was not found: a page's backends are not tested");

let built: string;
beforeAll(async () => {
  built = await buildPackage();
}, 60_000);
afterAll(removeTemporaryFolders);

const withCpu: RealPackage[] = ["@tensorflow/tfjs-core", "@tensorflow/tfjs-backend-cpu"];

const types: Record<string, string> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".wasm": "application/wasm",
};

/** A page that bundles the package with Vite: absent optional packages must not stop the build. */
async function bundle(
  real: readonly RealPackage[],
  options: string,
  minify = true,
  before = "",
): Promise<string> {
  const project = makeProject(built, { real });
  writeFileSync(join(project, "index.html"), `<script type="module" src="./main.js"></script>`);
  writeFileSync(
    join(project, "main.js"),
    `import * as tf from "@tensorflow/tfjs-core";
     import { describeBackend, selectBackend } from "@rnnkit/backend-select";
     ${before}
     const s = await selectBackend(${options}).catch((e) => e.message);
     window.result = { ...s, s, now: tf.getBackend(), line: describeBackend() };`,
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

interface Page {
  // biome-ignore lint/suspicious/noExplicitAny: what the bundled page left on its window.
  result: any;
  said: string[];
  asked: string[];
}

async function open(folder: string, headers: Record<string, string> = {}): Promise<Page> {
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
    ],
  });
  try {
    const page = await browser.newPage();
    const said: string[] = [];
    const asked: string[] = [];
    page.on("request", (request) => asked.push(new URL(request.url()).pathname));
    page.on("console", (message) => said.push(message.text()));
    page.on("pageerror", (error) => said.push(String(error)));
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
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

const real: RealPackage[] = [...withCpu, "@tensorflow/tfjs-backend-wasm"];

test.runIf(hasBrowser)(
  "a bundled page computes on wasm from the folder it names",
  async () => {
    const { result, said } = await open(await bundle(real, `{ wasmPaths: "/wasm" }`));
    expect(result, said.join("\n")).toMatchObject({ name: "wasm", now: "wasm" });
    expect(result.candidates[0].reason).toBe("not in this runtime: a native addon needs Node");
    expect(result.line).toMatch(/^wasm, SIMD, 1 thread, tfjs 4\.22\.0, \w+ \d+$/);
    expect(said).toEqual([]);
  },
  60_000,
);

const isolated = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
};

test.runIf(hasBrowser)(
  "a cross-origin isolated page computes on tfjs's threads",
  async () => {
    const { result, said, asked } = await open(
      await bundle(real, `{ wasmPaths: "/wasm/" }`, false),
      isolated,
    );
    expect(result, said.join("\n")).toMatchObject({ name: "wasm", now: "wasm" });
    expect(result.line).toMatch(/^wasm, SIMD, \d+ threads?, /);
    expect(asked).toContain("/wasm/tfjs-backend-wasm-threaded-simd.wasm");
    expect(said).toEqual([]);
  },
  60_000,
);

test.runIf(hasBrowser)(
  "minified, where tfjs's threads hang, one thread is used",
  async () => {
    const { result, said, asked } = await open(
      await bundle(real, `{ wasmPaths: "/wasm/" }`),
      isolated,
    );
    expect(result, said.join("\n")).toMatchObject({ name: "wasm", now: "wasm" });
    expect(result.candidates[2].reason).toContain("does not outlive minification");
    expect(asked).toContain("/wasm/tfjs-backend-wasm-simd.wasm");
    expect(said).toEqual([]);
  },
  60_000,
);

test.runIf(hasBrowser)(
  "a page served instead of the .wasm file means cpu, quietly",
  async () => {
    const { result, said } = await open(await bundle(real, `{ wasmPaths: "/elsewhere" }`));
    expect(result, said.join("\n")).toMatchObject({ name: "cpu", now: "cpu" });
    expect(result.candidates[2].reason).toBe(
      "missing .wasm file: /elsewhere/tfjs-backend-wasm-simd.wasm is an HTML page",
    );
    expect(said).toEqual([]);
  },
  60_000,
);

test.runIf(hasBrowser)(
  "after calls that did not find the file, one that names the folder computes on wasm",
  async () => {
    const before = `window.first = await selectBackend();
      window.second = await selectBackend({ wasmPaths: "/elsewhere" });`;
    const options = `{ wasmPaths: "/wasm" }).then((s) => ({ ...s, before: [first, second] })`;
    const { result, said } = await open(await bundle(real, options, true, before));
    expect(result, said.join("\n")).toMatchObject({ name: "wasm", now: "wasm" });
    expect(result.before.map(({ name }: { name: string }) => name)).toEqual(["cpu", "cpu"]);
    expect(result.before[0].candidates[2].reason).toMatch(
      /^missing .wasm file: \S*tfjs-backend-wasm-simd.wasm is an HTML page$/,
    );
    expect(said).toEqual([]);
  },
  60_000,
);

test.runIf(hasBrowser)(
  "a policy that forbids WebAssembly means cpu, and is named",
  async () => {
    const policy = { "Content-Security-Policy": "script-src 'self'" };
    const { result } = await open(await bundle(real, `{ wasmPaths: "/wasm" }`), policy);
    expect(result).toMatchObject({ name: "cpu", now: "cpu" });
    expect(result.candidates[2].reason).toMatch(
      /^WebAssembly missing: this runtime forbids compiling it .* script-src 'wasm-unsafe-eval'$/,
    );
  },
  60_000,
);

test.runIf(hasBrowser)(
  "a page bundled without the wasm package computes on cpu",
  async () => {
    const { result, said } = await open(await bundle(withCpu, ""));
    expect(result, said.join("\n")).toMatchObject({ name: "cpu", now: "cpu" });
    expect(result.candidates[2].reason).toBe("not installed: @tensorflow/tfjs-backend-wasm");
    expect(said).toEqual([]);
  },
  60_000,
);
