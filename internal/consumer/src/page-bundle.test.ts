// examples/page-bundle: built by Vite from the packed packages, then served as files, with no bundler in between.
import { cpSync, existsSync, readdirSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { filesOf, served } from "@rnnkit/test-kit/server";
import { chromium } from "playwright-core";
import { build } from "vite";
import { beforeAll, expect, inject, test } from "vitest";
import { root } from "./packages.ts";

const executablePath = process.env.RNNKIT_CHROMIUM ?? "/usr/bin/chromium";
const isThere = executablePath !== "" && existsSync(executablePath);
const reason = isThere ? "" : " (skipped: no Chromium at RNNKIT_CHROMIUM)";

const project = join(inject("projects"), "page-bundle");
const dist = join(project, "dist");

beforeAll(async () => {
  const example = join(root, "examples", "page-bundle");
  for (const name of readdirSync(example).filter((file) => !/^(node_modules|dist)$/.test(file)))
    cpSync(join(example, name), join(project, name), { recursive: true });
  symlinkSync(join(inject("projects"), "all", "node_modules"), join(project, "node_modules"));
  await build({ root: project, logLevel: "error" });
}, 120_000);

test("the bundle is one file, compressed below 1.9 MB", () => {
  expect(readdirSync(dist)).toEqual(["rnnkit.js"]);
  expect(gzipSync(readFileSync(join(dist, "rnnkit.js"))).length).toBeLessThan(1_900_000);
});

test.skipIf(!isThere)(`a page imports it, trains, saves and loads on wasm${reason}`, async () => {
  cpSync(join(project, "index.html"), join(dist, "index.html"));
  const server = await served(filesOf(dist));
  const args = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"];
  const browser = await chromium.launch({ executablePath, args });
  try {
    const page = await browser.newPage();
    const errors: string[] = [];
    page.on("pageerror", (error) => errors.push(String(error)));
    await page.goto(server.address);
    const said = page.locator("#said");
    await expect
      .poll(async () => errors.join() || (await said.textContent()), { timeout: 60_000 })
      .toMatch(/^\{/);
    const { backend, losses, forecasts } = JSON.parse((await said.textContent()) ?? "");
    expect(backend).toMatch(/^wasm, SIMD, 1 thread, /);
    expect(losses[2]).toBeLessThan(losses[0]);
    expect(forecasts[1]).toBe(forecasts[0]);
  } finally {
    await browser.close();
    server.close();
  }
});
