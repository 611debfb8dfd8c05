// examples/page-worker, built by Vite from the packed packages, trains in a real Chromium.
import { cpSync, existsSync, readdirSync, symlinkSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { filesOf, isolation, type Served, served } from "@rnnkit/test-kit/server";
import { type Browser, chromium, type Page } from "playwright-core";
import { build } from "vite";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { root } from "./packages.ts";

const executablePath = process.env.RNNKIT_CHROMIUM ?? "/usr/bin/chromium";
const isThere = executablePath !== "" && existsSync(executablePath);
const reason = isThere ? "" : " (skipped: no Chromium at RNNKIT_CHROMIUM)";

const project = join(inject("projects"), "page-worker");
const dist = join(project, "dist");

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

interface Trained {
  page: Page;
  server: Served;
  longest: number;
}

async function trained(headers: Readonly<Record<string, string>>): Promise<Trained> {
  const server = await served(filesOf(dist, headers));
  const page = await browser.newPage();
  await page.goto(server.address);
  await browser.startTracing(page, { categories: ["disabled-by-default-devtools.timeline"] });
  await page.click("#train");
  await page.waitForFunction(
    () => /the next value|rror/.test(document.getElementById("progress")?.textContent ?? ""),
    undefined,
    { timeout: 90_000 },
  );
  const longest = longestTask(await browser.stopTracing());
  return { page, server, longest };
}

interface TraceEvent {
  name: string;
  pid: number;
  tid: number;
  /** Microseconds that the thread computed, however long it waited for a core. */
  tdur?: number;
  args: { name?: string };
}

/** The most milliseconds that a task of a page's own thread computed. */
function longestTask(trace: Buffer): number {
  const { traceEvents } = JSON.parse(trace.toString()) as { traceEvents: TraceEvent[] };
  const threads = traceEvents
    .filter(({ name, args }) => name === "thread_name" && args.name === "CrRendererMain")
    .map(({ pid, tid }) => `${pid} ${tid}`);
  const tasks = traceEvents.filter(
    ({ name, pid, tid, tdur }) => name === "RunTask" && tdur && threads.includes(`${pid} ${tid}`),
  );
  expect(tasks.length).toBeGreaterThan(100);
  return Math.max(...tasks.map(({ tdur = 0 }) => tdur)) / 1000;
}

const text = (page: Page, id: string) => page.textContent(`#${id}`);

test.skipIf(!isThere)(
  `an isolated page trains on threads, its own with no long task${reason}`,
  async () => {
    const { page, server, longest } = await trained(isolation);
    expect(await text(page, "progress")).toMatch(/^epoch 20: loss 0\.0\d+; the next value: /);
    const threads = availableParallelism() > 1 ? "[2-9]\\d*" : "1";
    expect(await text(page, "backend")).toMatch(
      new RegExp(`^wasm, SIMD, .*, ${threads} thread\\(s\\)$`),
    );
    expect(longest).toBeLessThan(50);
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
