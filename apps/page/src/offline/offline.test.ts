import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { filesOf, pathOf, type Served, served } from "@rnnkit/test-kit/server";
import { type Browser, chromium, type Page } from "playwright-core";
import { build } from "vite";
import { afterAll, beforeAll, expect, test } from "vitest";
import { offline } from "./offline-plugin.ts";

// A small page of the page's kind, built with its plugin and served by a server that sets no header: what is shown
// comes from the first chunk, one that is loaded late, a worker, and a file of public/.
const here = fileURLToPath(new URL(".", import.meta.url));
let folder: string;
let server: Served;
let browser: Browser;
let requests: string[] = [];
let isUp = true;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "offline-"));
  mkdirSync(join(folder, "public"));
  writeFileSync(join(folder, "public", "data.txt"), "data");
  await buildAs("one");
  const files = filesOf(join(folder, "dist"));
  server = await served((request, response) => {
    const path = pathOf(request.url).replace(/^\/app\//, "/");
    requests.push(path.slice(1));
    if (!isUp) return request.socket.destroy();
    request.url = path;
    files(request, response);
  });
  browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });
});

afterAll(async () => {
  await browser?.close();
  server?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Builds the page anew, in which all chunks say `name`. */
async function buildAs(name: string): Promise<void> {
  const files = {
    "index.html": `<!doctype html><title>${name}</title><button>late</button><script type="module" src="./main.ts"></script>`,
    "main.ts": `
      import { offlineState, hasUpdate, startOffline } from "${here}offline.ts";
      Object.assign(globalThis, { seen: { name: "${name}", settled: false, get state() { return offlineState.value; },
        get update() { return hasUpdate.value; } },
        late: async () => (await import("./late.ts")).late,
        data: async () => (await fetch("./data.txt")).text(),
        fromWorker: () => new Promise((resolve, reject) => {
          const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
          worker.onerror = () => reject(new Error("worker"));
          worker.onmessage = ({ data }) => resolve(data);
        }) });
      sessionStorage.setItem("loads", String(1 + Number(sessionStorage.getItem("loads"))));
      void startOffline().then(() => { seen.settled = true; });`,
    "late.ts": `export const late = "late ${name}";`,
    "worker.ts": `postMessage("worker ${name} " + self.crossOriginIsolated);`,
  };
  for (const [path, content] of Object.entries(files)) writeFileSync(join(folder, path), content);
  await build({
    root: folder,
    configFile: false,
    base: "./",
    logLevel: "silent",
    worker: { format: "es" },
    plugins: [offline()],
  });
}

const address = () => `${server.address}/app/`;

/** A page of a visitor who was never here. */
async function newVisitor(): Promise<Page> {
  isUp = true;
  return (await browser.newContext()).newPage();
}

async function untilReady(page: Page, name: string): Promise<void> {
  await page.waitForFunction(
    (expected) => {
      const { seen } = globalThis as unknown as { seen?: { name: string; state: string } };
      return crossOriginIsolated && seen?.state === "ready" && seen.name === expected;
    },
    name,
    { timeout: 60_000 },
  );
}

const all = (page: Page) =>
  page.evaluate(async () => {
    const { late, data, fromWorker } = globalThis as unknown as Record<
      string,
      () => Promise<string>
    >;
    return [await late!(), await data!(), await fromWorker!()];
  });

const loads = (page: Page) => page.evaluate(() => sessionStorage.getItem("loads"));

test("without a network a visited page comes whole: late chunks, workers and files too", async () => {
  const page = await newVisitor();
  await page.goto(address());
  await untilReady(page, "one");
  isUp = false;
  requests = [];
  await page.goto(`${address()}?cell=lstm#part`);
  await untilReady(page, "one");
  expect(await all(page)).toEqual(["late one", "data", "worker one true"]);
  // The browser asks for a newer service worker; the page asks for nothing.
  expect(requests.filter((path) => path !== "service-worker.js")).toEqual([]);
  await page.context().close();
});

test("a server without headers is enough for threads: the page is loaded once more, and never again", async () => {
  const page = await newVisitor();
  await page.goto(address());
  await untilReady(page, "one");
  expect(await loads(page)).toBe("2");
  await page.reload();
  await untilReady(page, "one");
  expect(await loads(page)).toBe("3");
  await page.context().close();
});

test("a visitor who has begun is not interrupted; the next visit is isolated", async () => {
  const page = await newVisitor();
  // The touch comes before the service worker does.
  await page.addInitScript(() => {
    addEventListener("DOMContentLoaded", () => dispatchEvent(new Event("pointerdown")));
  });
  await page.goto(address());
  await page.waitForFunction(
    () => (globalThis as unknown as { seen?: { state: string } }).seen?.state === "ready",
  );
  await page.waitForTimeout(200);
  expect(await loads(page)).toBe("1");
  await page.reload();
  await untilReady(page, "one");
  expect(await loads(page)).toBe("2");
  await page.context().close();
});

test("a new build takes over at the next visit, whole, while a page of the old one keeps its own chunks", async () => {
  const page = await newVisitor();
  await page.goto(address());
  await untilReady(page, "one");
  const old = await page.context().newPage();
  await old.goto(address());
  await untilReady(old, "one");
  const chunks = readdirSync(join(folder, "dist", "assets"));
  await buildAs("two");
  expect(readdirSync(join(folder, "dist", "assets"))).not.toEqual(chunks);

  // With two pages open the old build stays; the new one is there and waits.
  await page.reload();
  await page.waitForFunction(
    () => (globalThis as unknown as { seen?: { update: boolean } }).seen?.update === true,
  );
  expect(await page.title()).toBe("one");
  expect(await all(old)).toEqual(["late one", "data", "worker one true"]);

  await old.close();
  await page.reload();
  await untilReady(page, "two");
  expect(await all(page)).toEqual(["late two", "data", "worker two true"]);
  const caches = await page.evaluate(() => globalThis.caches.keys());
  expect(caches.length).toBe(1);
  isUp = false;
  await page.reload();
  await untilReady(page, "two");
  await page.context().close();
});

test("a file that is not of the build, as in the middle of an upload, is not kept", async () => {
  await buildAs("three");
  const page = await newVisitor();
  writeFileSync(join(folder, "dist", "data.txt"), "of another build");
  await page.goto(address());
  await page.waitForFunction(
    () => (globalThis as unknown as { seen?: { settled: boolean } }).seen?.settled,
  );
  const kept = await page.evaluate(async () => {
    const registration = await navigator.serviceWorker.getRegistration();
    const { state } = (globalThis as unknown as { seen: { state: string } }).seen;
    return [state, registration?.active ?? null, registration?.waiting ?? null];
  });
  expect(kept).toEqual(["none", null, null]);
  await page.context().close();
});
