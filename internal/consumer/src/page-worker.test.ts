// examples/page-worker, built by Vite from the packed packages, trains in a real Chromium.
import { cpSync, existsSync, readdirSync, readFileSync, symlinkSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { availableParallelism } from "node:os";
import { extname, join } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";
import { build } from "vite";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { root } from "./packages.ts";

const executablePath = process.env.RNNKIT_CHROMIUM ?? "/usr/bin/chromium";
const isThere = executablePath !== "" && existsSync(executablePath);
const reason = isThere ? "" : " (skipped: no Chromium at RNNKIT_CHROMIUM)";

const project = join(inject("projects"), "page-worker");
const dist = join(project, "dist");
const isolated = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
};
const types: Record<string, string> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".wasm": "application/wasm",
};

let browser: Browser;
beforeAll(async () => {
  if (!isThere) return;
  const example = join(root, "examples", "page-worker");
  for (const name of readdirSync(example).filter((file) => file !== "node_modules"))
    cpSync(join(example, name), join(project, name), { recursive: true });
  symlinkSync(join(inject("projects"), "all", "node_modules"), join(project, "node_modules"));
  await build({ root: project, logLevel: "error" });
  const args = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"];
  browser = await chromium.launch({ executablePath, args });
}, 120_000);
afterAll(() => browser?.close());

async function trained(headers: Record<string, string>): Promise<{ page: Page; server: Server }> {
  const server = createServer(({ url = "/" }, response) => {
    const file = join(dist, url === "/" ? "index.html" : url);
    const data = existsSync(file) ? readFileSync(file) : undefined;
    const type = types[extname(file)] ?? "text/plain";
    response.writeHead(data ? 200 : 404, { "content-type": type, ...headers }).end(data);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const page = await browser.newPage();
  await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  await page.evaluate(`
    globalThis.longTasks = [];
    new PerformanceObserver((list) => longTasks.push(...list.getEntries().map((task) => task.duration)))
      .observe({ type: "longtask" });
  `);
  await page.click("#train");
  await page.waitForFunction(
    "/the next value|rror/.test(document.getElementById('progress').textContent)",
    undefined,
    { timeout: 90_000 },
  );
  return { page, server };
}

const text = (page: Page, id: string) => page.textContent(`#${id}`);

// A machine that does other work at the time can stretch any task of the page: once more, then.
test.skipIf(!isThere)(
  `an isolated page trains on threads, its own with no long task${reason}`,
  { retry: 2 },
  async () => {
    const { page, server } = await trained(isolated);
    expect(await text(page, "progress")).toMatch(/^epoch 20: loss 0\.0\d+; the next value: /);
    const threads = availableParallelism() > 1 ? "[2-9]\\d*" : "1";
    expect(await text(page, "backend")).toMatch(
      new RegExp(`^wasm, SIMD, .*, ${threads} thread\\(s\\)$`),
    );
    expect(await page.evaluate("longTasks")).toEqual([]);
    await page.close();
    server.close();
  },
);

test.skipIf(!isThere)(`a page that is not isolated trains on one thread${reason}`, async () => {
  const { page, server } = await trained({});
  expect(await text(page, "progress")).toMatch(/^epoch 20: loss 0\.0\d+; the next value: /);
  expect(await text(page, "backend")).toMatch(/^wasm, SIMD, 1 thread, .*, 1 thread\(s\)$/);
  await page.close();
  server.close();
});
