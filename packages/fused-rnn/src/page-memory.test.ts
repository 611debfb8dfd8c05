// The kernels that run inside tfjs's own memory, in a real Chromium: in an isolated page tfjs's threads share that
// memory, elsewhere they do not.

import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { basename, dirname, extname, join } from "node:path";
import { isolation, type Served, served } from "@rnnkit/test-kit/server";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect } from "vitest";
import {
  bundled,
  chromiumTest,
  here,
  isThere,
  launched,
  ready,
  reason,
  run,
  type Scope,
  workerOf,
} from "./page-browser.fixture.ts";
import { inTfjsMemory } from "./page-memory.fixture.ts";

const script = `
import { inTfjsMemory } from "${here("./page-memory.fixture.ts")}";
Object.assign(globalThis, { inTfjsMemory });
`;

let server: Served;
let browser: Browser;

beforeAll(async () => {
  if (!isThere) return;
  // Minified, tfjs's threaded module never starts.
  const code = await bundled(script, false);
  const folder = dirname(createRequire(import.meta.url).resolve("@tensorflow/tfjs-backend-wasm"));
  server = await served(async ({ url = "" }, response) => {
    const name = basename(url);
    const headers = url.startsWith("/isolated/") || extname(name) === ".wasm" ? isolation : {};
    const answer = (type: string, body: string | Buffer) =>
      response.writeHead(200, { "content-type": type, ...headers }).end(body);
    if (extname(name) === ".wasm") answer("application/wasm", await readFile(join(folder, name)));
    else if (name === "main.js") answer("text/javascript", code);
    else answer("text/html", '<script type="module" src="./main.js"></script>');
  });
  browser = await launched();
}, 120_000);

afterAll(async () => {
  await browser?.close();
  server?.close();
});

chromiumTest(
  `over memory that tfjs's threads share, in a page and in a worker, they give the bits of memory that is its own${reason}`,
  async () => {
    const results: unknown[] = [];
    for (const place of ["plain", "isolated"]) {
      const page = await browser.newPage();
      await page.goto(`${server.address}/${place}/`);
      const scopes: Scope[] = [page, await workerOf(page)];
      for (const scope of scopes) {
        await ready(scope, inTfjsMemory.name);
        const { isShared, ...result } = await run<{ isShared: boolean }>(
          scope,
          `${inTfjsMemory.name}("/wasm/")`,
        );
        expect(isShared).toBe(place === "isolated");
        results.push(result);
      }
      await page.close();
    }
    const refusal = "gather: expected indices from 0 to 6, got 7";
    expect(results[0]).toMatchObject({ refusal });
    for (const result of results) expect(result).toEqual(results[0]);
  },
);
