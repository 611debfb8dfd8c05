// Loading in a real browser: bundled by vite through the package's `exports`, as an app would bundle it.

import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { env } from "node:process";
import { fileURLToPath } from "node:url";
import { numbers, truth } from "@rnnkit/fixtures";
import { filesOf, pathOf, type Served, served } from "@rnnkit/test-kit/server";
import { tolerances } from "@rnnkit/test-kit/tolerances";
import { type Browser, chromium, type Page } from "playwright-core";
import { build, defaultClientConditions } from "vite";
import { afterAll, beforeAll, expect, test } from "vitest";
import { fileBytes, fileCase, filePath } from "../files.fixture.ts";

const executablePath = env.RNNKIT_CHROMIUM ?? "/usr/bin/chromium";
const isThere = executablePath !== "" && existsSync(executablePath);
const reason = isThere ? "" : " (skipped: no Chromium at RNNKIT_CHROMIUM)";
const chromiumTest = test.skipIf(!isThere);

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

let root: string;
let server: Served;
let browser: Browser;
let page: Page;

const script = `
import "@tensorflow/tfjs-backend-cpu";
import { tensor } from "@tensorflow/tfjs-core";
import { loadKerasModel, loadWeights, saveKerasModel } from "@rnnkit/keras-files";
const predicted = async (source, x, shape, dtype) => {
  const model = await loadKerasModel(source);
  return Array.from(await model.predict(tensor(x, shape, dtype)).data());
};
Object.assign(globalThis, { predicted, loadKerasModel, loadWeights, saveKerasModel });
`;

beforeAll(async () => {
  if (!isThere) return;
  root = await mkdtemp(join(tmpdir(), "rnnkit-page-"));
  await mkdir(join(root, "node_modules/@rnnkit"), { recursive: true });
  await symlink(here("../.."), join(root, "node_modules/@rnnkit/keras-files"));
  await symlink(here("../../node_modules/@tensorflow"), join(root, "node_modules/@tensorflow"));
  await writeFile(
    join(root, "index.html"),
    '<input type="file"><script type="module" src="./main.js"></script>',
  );
  await writeFile(join(root, "main.js"), script);
  await build({
    root,
    configFile: false,
    logLevel: "error",
    resolve: {
      conditions: ["@rnnkit/source", ...defaultClientConditions],
      dedupe: ["@tensorflow/tfjs-core", "@tensorflow/tfjs-layers"],
    },
    build: { minify: false },
  });
  const built = join(root, "dist");
  const [plain, strict] = [
    filesOf(built),
    filesOf(built, { "content-security-policy": "script-src 'self'" }),
  ];
  server = await served((request, response) => {
    const [, model] = pathOf(request.url).split("/models/");
    if (model) response.end(fileBytes(model));
    else (request.url === "/?strict" ? strict : plain)(request, response);
  });
  const quiet = ["background-networking", "component-update", "sync"].map((x) => `--disable-${x}`);
  const args = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", ...quiet];
  browser = await chromium.launch({ executablePath, args });
  page = await (await browser.newContext()).newPage();
  await page.goto(server.address);
  await page.waitForFunction(isReady);
}, 120_000);

afterAll(async () => {
  await browser?.close();
  server?.close();
  if (root) await rm(root, { recursive: true });
});

/** Asked of a page as a function: its text would be evaluated at each look, which a policy may forbid. */
const isReady = () => "predicted" in globalThis;

/** What the page predicts for a fixture's inputs from a model at a source, an expression of the page. */
async function predictedFrom(source: string, id: string): Promise<number[]> {
  const [input] = fileCase(id).inputs;
  const { shape, dtype } = input!;
  const x = JSON.stringify(Array.from(numbers(input!)));
  const call = `predicted(${source}, ${x}, ${JSON.stringify(shape)}, ${JSON.stringify(dtype)})`;
  return (await page.evaluate(call)) as number[];
}

chromiumTest(`a page's bundle imports no module of Node${reason}`, async () => {
  const folder = join(root, "dist/assets");
  const scripts = (await readdir(folder)).filter((name) => name.endsWith(".js"));
  expect(scripts.length).toBeGreaterThan(0);
  for (const name of scripts) {
    const code = await readFile(join(folder, name), "utf8");
    expect(code).not.toMatch(/^(import|export)\b.*["']node:/m);
  }
});

chromiumTest.each([".keras", ".h5"])(
  `Chromium opens %s by URL and by File and gives Keras's predictions${reason}`,
  async (end) => {
    const id = "file_embedding_lstm";
    const want = truth(fileCase(id).predictions[0]);
    const byUrl = await predictedFrom(`"/models/${id}${end}"`, id);
    expect(byUrl).toBeAllclose(want, tolerances.keras.predictions);
    await page.setInputFiles("input", filePath(`${id}${end}`));
    const byFile = await predictedFrom("document.querySelector('input').files[0]", id);
    expect(byFile).toEqual(byUrl);
  },
);

chromiumTest(`a broken file is an error in Chromium, and the next one loads${reason}`, async () => {
  const id = "file_simple_rnn";
  const cut = `fetch("/models/${id}.keras").then((r) => r.arrayBuffer()).then((b) => b.slice(0, 9000))`;
  const refused = `(async () => loadKerasModel(await ${cut}).then(String, (error) => error.message))()`;
  expect(await page.evaluate(refused)).toContain("expected a zip file with a directory");
  const got = await predictedFrom(`"/models/${id}.keras"`, id);
  expect(got).toBeAllclose(truth(fileCase(id).predictions[0]), tolerances.keras.predictions);
});

chromiumTest(
  `where a policy forbids WebAssembly, files open, and saving says what it lacks${reason}`,
  async () => {
    const strict = await (await browser.newContext()).newPage();
    await strict.goto(`${server.address}/?strict`);
    await strict.waitForFunction(isReady);
    const save =
      'loadKerasModel("/models/file_simple_rnn.keras").then(saveKerasModel).catch(({ message }) => message)';
    for (let i = 0; i < 2; i++) {
      expect(await strict.evaluate(save)).toMatch(
        /^keras-files: expected leave to compile WebAssembly, by which HDF5 .*; a page's Content-Security-Policy gives it by script-src 'wasm-unsafe-eval'$/,
      );
    }
  },
);
