// The package in a real browser: bundled by vite through its `exports`, as an app would bundle it.
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { env } from "node:process";
import { fileURLToPath } from "node:url";
import { readFixture } from "@rnnkit/fixtures";
import { filesOf, pathOf, type Served, served } from "@rnnkit/test-kit/server";
import { type Browser, chromium, type Page } from "playwright-core";
import { build, defaultClientConditions } from "vite";
import { afterAll, beforeAll, expect, test } from "vitest";
import { cacheCases } from "./cache-conformance.fixture.ts";
import { whole } from "./file-server.fixture.ts";
import { loadData } from "./index.ts";
import { hasRealFiles, realImdb, realReason } from "./real-file.fixture.ts";
import { tinyImdb } from "./tiny-imdb.fixture.ts";

const executablePath = env.RNNKIT_CHROMIUM ?? "/usr/bin/chromium";
const isThere = executablePath !== "" && existsSync(executablePath);
const reason = isThere ? "" : " (skipped: no Chromium at RNNKIT_CHROMIUM)";
const chromiumTest = test.skipIf(!isThere);

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const { bytes, sha256 } = tinyImdb();
const words = new TextEncoder().encode('{"the": 1, "constructor": 2}');
const wordsHash = "0".repeat(64);

let root: string;
let server: Served;
let browser: Browser;
let page: Page;
const requested: string[] = [];

const script = `
import * as imdb from "@rnnkit/datasets-imdb";
import { pageCache } from "${here("./page-cache.ts")}";
import { cacheCases } from "${here("./cache-conformance.fixture.ts")}";
Object.assign(globalThis, { imdb, pageCache, cacheCases });
`;

beforeAll(async () => {
  if (!isThere) return;
  root = await mkdtemp(join(tmpdir(), "rnnkit-page-"));
  await mkdir(join(root, "node_modules/@rnnkit"), { recursive: true });
  await symlink(here(".."), join(root, "node_modules/@rnnkit/datasets-imdb"));
  await writeFile(join(root, "index.html"), '<script type="module" src="./main.js"></script>');
  await writeFile(join(root, "main.js"), script);
  await build({
    root,
    configFile: false,
    logLevel: "error",
    resolve: { conditions: ["@rnnkit/source", ...defaultClientConditions] },
    build: { minify: false },
  });
  const built = filesOf(join(root, "dist"));
  server = await served(async (request, response) => {
    const path = pathOf(request.url);
    requested.push(path);
    if (path === "/imdb.npz") whole(bytes)(response, request);
    else if (path === "/broken.npz") whole(bytes.map((byte) => byte ^ 1))(response, request);
    else if (path === "/real.npz") whole(await readFile(realImdb))(response, request);
    else if (path === "/words.json") whole(words)(response, request);
    else built(request, response);
  });
  const quiet = ["background-networking", "component-update", "sync"].map((x) => `--disable-${x}`);
  const args = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", ...quiet];
  browser = await chromium.launch({ executablePath, args });
  page = await (await browser.newContext()).newPage();
  await open();
}, 120_000);

afterAll(async () => {
  await browser?.close();
  server?.close();
  if (root) await rm(root, { recursive: true });
});

async function open(): Promise<void> {
  await page.goto(server.address);
  await page.waitForFunction(() => "imdb" in globalThis);
}

/** Runs an expression in the page. */
function inPage<T>(expression: string): Promise<T> {
  return page.evaluate(`(async () => (${expression}))()`) as Promise<T>;
}

const wrapped = (call: string) =>
  inPage<{ code: string; message: string }>(
    `${call}.then(() => undefined, ({ code, message }) => ({ code, message }))`,
  );

chromiumTest(`a page's bundle has no module of Node${reason}`, async () => {
  const folder = join(root, "dist/assets");
  const scripts = (await readdir(folder)).filter((name) => name.endsWith(".js"));
  expect(scripts.length).toBeGreaterThan(0);
  for (const name of scripts) {
    const code = await readFile(join(folder, name), "utf8");
    expect(code).not.toMatch(/["']node:|vite-browser-external|env-paths/);
  }
});

chromiumTest(
  `Chromium reads what Node reads, and finds it in its cache after a reload${reason}`,
  async () => {
    const path = join(root, "imdb.npz");
    await writeFile(path, bytes);
    const expected = await loadData({ path, sha256, numWords: 300 });
    const call = `imdb.loadData({ url: "/imdb.npz", sha256: "${sha256}", numWords: 300,
    onProgress: ({ loaded, total }) => (globalThis.last = [loaded, total]) })`;
    const read = `${call}.then(({ train, test }) =>
    [train, test].map(({ x, y }) => [x.toArrays(), Array.from(y)]))`;
    const plain = [expected.train, expected.test].map(({ x, y }) => [x.toArrays(), Array.from(y)]);
    expect(await inPage(read)).toEqual(plain);
    expect(await inPage("globalThis.last")).toEqual([bytes.length, bytes.length]);
    await open();
    expect(await inPage(read)).toEqual(plain);
    expect(requested.filter((path) => path === "/imdb.npz")).toHaveLength(1);
  },
);

test.skipIf(!isThere || !hasRealFiles)(
  `Chromium reads the real file as Keras does${reason || realReason}`,
  async () => {
    const digests = `imdb.loadData({ url: "/real.npz", numWords: 10000 }).then(({ train, test }) =>
      Promise.all([train, test].map(({ x }) => crypto.subtle.digest("SHA-256", x.values)))).then(
      (found) => found.map((digest) => Array.from(new Uint8Array(digest))))`;
    const [golden] = readFixture("imdb_load_data.json").cases;
    const found = await inPage<number[][]>(digests);
    expect(found.map((digest) => Buffer.from(digest).toString("hex"))).toEqual([
      golden.train.sha256_tokens_int32le,
      golden.test.sha256_tokens_int32le,
    ]);
  },
);

test("a page has the same functions as Node", async () => {
  const [page, node] = await Promise.all([import("./index.browser.ts"), import("./index.ts")]);
  expect(Object.keys(page).sort()).toEqual(Object.keys(node).sort());
});

chromiumTest(`a wrong hash in Chromium is an error and nothing is cached${reason}`, async () => {
  const call = `imdb.loadData({ url: "/broken.npz", sha256: "${sha256}", cacheDir: "empty" })`;
  expect((await wrapped(call)).code).toBe("hash");
  expect(await inPage("(await (await caches.open('empty')).keys()).length")).toBe(0);
});

chromiumTest(
  `what a user picks, or drops in an iframe, is read and verified${reason}`,
  async () => {
    await page.evaluate(() => document.body.append(document.createElement("iframe")));
    const load = (file: string) =>
      inPage(`await (async () => {
      const bytes = new Uint8Array(await (await fetch("/imdb.npz")).arrayBuffer());
      const { File: Foreign, Uint8Array: Bytes } = frames[0];
      const { train, test } = await imdb.loadData({ ${file}, sha256: "${sha256}" });
      return train.x.length + test.x.length;
    })()`);
    for (const file of [
      ...['file: new File([bytes], "imdb.npz")', 'file: new Foreign([bytes], "imdb.npz")'],
      ...["file: bytes", "file: Bytes.from(bytes)", "file: Bytes.from(bytes).buffer"],
      "url: URL.createObjectURL(new Blob([bytes])), cacheDir: null",
    ])
      expect([file, await load(file)]).toEqual([file, 24]);
  },
);

chromiumTest(`the word index is read, and path is refused, in Chromium${reason}`, async () => {
  const index = 'imdb.getWordIndex({ url: "/words.json", sha256: null })';
  expect(await inPage(`Array.from(await ${index})`)).toEqual([
    ["the", 1],
    ["constructor", 2],
  ]);
  const wrong = await wrapped(`imdb.getWordIndex({ url: "/words.json", sha256: "${wordsHash}" })`);
  expect(wrong.code).toBe("hash");
  const refused = await wrapped('imdb.loadData({ path: "/data/imdb.npz" })');
  expect(refused).toEqual({
    code: "option",
    message: "loadData: expected url or file in a page, got path",
  });
});

chromiumTest(`synthetic reviews are the same in Chromium as in Node${reason}`, async () => {
  const { syntheticReviews } = await import("./synthetic-reviews.ts");
  const options = { count: 5, seed: 9 };
  const here = syntheticReviews(options).x.toArrays();
  const there = `imdb.syntheticReviews(${JSON.stringify(options)}).x.toArrays()`;
  expect(await inPage(there)).toEqual(here);
});

for (const fact of Object.keys(cacheCases))
  chromiumTest(`Cache API: ${fact}${reason}`, async () => {
    const run = `cacheCases[${JSON.stringify(fact)}](pageCache("conformance"))`;
    expect(await inPage(`${run}.then(() => "holds", String)`)).toBe("holds");
  });
