import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { basename, dirname, extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { tolerances } from "@rnnkit/test-kit/tolerances";
import type { Browser, Page } from "playwright-core";
import { median } from "../statistics.ts";
import { type Column, tableHead, tableRow } from "../terminal/text-table.ts";
import { UsageError } from "../terminal/usage-error.ts";
import { relativeError } from "./agreement.ts";
import type { Bench } from "./bench-session.ts";
import type { PageNumbers, PageScope, PageSetup, PageTimes } from "./page-timing.ts";
import { rounds } from "./rounds.ts";

export interface PageOptions {
  /** Of `tutorialModels`. */
  model: string;
  /** The browser's file. */
  chromium: string;
  /** Rounds of five steps and five predictions in each place. */
  rounds: number;
  /** Threads of the engine. Default: as many as it chooses. */
  threads?: number;
  seed: number;
}

/** The model in one place, milliseconds. */
export interface PageRow extends PageScope {
  place: "page" | "worker";
  /** Whether tfjs was let load its threaded module. */
  letThreads: boolean;
  rounds: number;
  trainMs: number;
  predictMs: number;
  /** Medians over the rounds of the time by that of the same place with tfjs on one thread. */
  trainRatio: number;
  predictRatio: number;
}

const columns: Column[] = [
  { title: "place", width: 16, left: true },
  { title: "tfjs", width: 24, left: true },
  { title: "engine", width: 10, left: true },
  { title: "train ms", width: 9 },
  { title: "predict ms", width: 10 },
  { title: "by one thread of tfjs", width: 21 },
  { title: "n", width: 4 },
];

const IN_A_ROW = 5;

/** Throws unless there is a browser to run. */
export function checkBrowser(chromium: string): void {
  if (existsSync(chromium)) return;
  throw new UsageError(`--chromium: expected a Chromium, got nothing at ${chromium}`);
}

/**
 * `bench page`: training steps and predictions in a real Chromium, in a page and in a worker, isolated and not, with
 * tfjs's threaded module and without, in turn.
 */
export async function benchPage(options: PageOptions, bench: Bench<PageRow>): Promise<void> {
  const root = await mkdtemp(join(tmpdir(), "rnnkit-page-bench-"));
  let server: Server | undefined;
  let browser: Browser | undefined;
  try {
    server = await serve(await bundle(root));
    const { chromium } = await import("playwright-core");
    const args = ["--no-sandbox", "--disable-gpu", "--no-first-run"];
    browser = await chromium.launch({ executablePath: options.chromium, args });
    const { port } = server.address() as AddressInfo;
    await measureAll(browser, `http://127.0.0.1:${port}`, options, bench);
  } finally {
    await browser?.close();
    server?.close();
    await rm(root, { recursive: true });
  }
}

/** The script of the page; not minified, as tfjs's threads do not outlive that. */
async function bundle(root: string): Promise<string> {
  const { build, defaultClientConditions } = await import("vite");
  const own = fileURLToPath(import.meta.url);
  // Run from its TypeScript it measures that of the others too.
  const source = extname(own) === ".ts" ? ["@rnnkit/source"] : [];
  const work = join(dirname(own), `page-timing${extname(own)}`);
  await writeFile(join(root, "main.js"), `import ${JSON.stringify(work)};\n`);
  await build({
    root,
    configFile: false,
    logLevel: "error",
    resolve: { conditions: [...source, ...defaultClientConditions] },
    build: {
      minify: false,
      modulePreload: false,
      rolldownOptions: { input: join(root, "main.js"), output: { entryFileNames: "main.js" } },
    },
  });
  return readFile(join(root, "dist/main.js"), "utf8");
}

const isolation = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
};

/** A page at /plain/ and one at /isolated/, their script, and tfjs's files. */
async function serve(script: string): Promise<Server> {
  const entry = createRequire(import.meta.url).resolve("@tensorflow/tfjs-backend-wasm");
  const server = createServer(async ({ url = "" }, response) => {
    const headers = url.startsWith("/plain/") ? {} : isolation;
    const answer = (type: string, body: string | Buffer) =>
      response.writeHead(200, { "content-type": type, ...headers }).end(body);
    const name = basename(url);
    if (extname(name) === ".wasm") {
      answer("application/wasm", await readFile(join(dirname(entry), name)));
    } else if (name === "main.js") answer("text/javascript", script);
    else answer("text/html", '<script type="module" src="./main.js"></script>');
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
}

/** A page, or a worker of one. */
interface Scope {
  evaluate(expression: string): Promise<unknown>;
}

/** A scope made ready. */
interface Ready {
  place: PageRow["place"];
  letThreads: boolean;
  scope: PageScope;
  numbers: PageNumbers;
  measure(count: number): Promise<PageTimes>;
}

async function open(
  browser: Browser,
  url: string,
  place: PageRow["place"],
  setup: PageSetup,
): Promise<Ready> {
  const page = await browser.newPage();
  await page.goto(url);
  const where: Scope = place === "page" ? page : await workerOf(page);
  while ((await where.evaluate("typeof preparePage")) !== "function") await page.waitForTimeout(20);
  const asked = JSON.stringify(setup);
  return {
    place,
    letThreads: setup.tfjsThreads,
    scope: (await where.evaluate(`preparePage(${asked})`)) as PageScope,
    numbers: (await where.evaluate("checkPage()")) as PageNumbers,
    measure: (count) => where.evaluate(`measurePage(${count})`) as Promise<PageTimes>,
  };
}

async function workerOf(page: Page): Promise<Scope> {
  const [worker] = await Promise.all([
    page.waitForEvent("worker"),
    page.evaluate('{ globalThis.worker = new Worker("./main.js", { type: "module" }) }'),
  ]);
  return worker;
}

async function measureAll(
  browser: Browser,
  address: string,
  { model, rounds: least, threads, seed }: PageOptions,
  bench: Bench<PageRow>,
): Promise<void> {
  const all: Ready[] = [];
  for (const [kind, allowed] of [
    ["plain", [false]],
    ["isolated", [false, true]],
  ] as const) {
    for (const place of ["page", "worker"] as const) {
      for (const tfjsThreads of allowed) {
        const setup = { model, tfjsThreads, threads, seed };
        all.push(await open(browser, `${address}/${kind}/`, place, setup));
      }
    }
  }
  checkNumbers(all);
  const measured = await rounds(
    async () => {
      const times: { train: number; predict: number }[] = [];
      for (const { measure } of all) {
        const { train, predict } = await measure(IN_A_ROW);
        times.push({ train: median(train), predict: median(predict) });
      }
      return times;
    },
    { warmUp: 2, least, seconds: 0, signal: bench.signal },
  );
  if (measured.length === 0) return;
  bench.line();
  bench.line(bench.colors.dim(`  ${model}, batch 32, medians, in turn`));
  bench.line();
  bench.line(tableHead(columns));
  for (const [k, { place, letThreads, scope }] of all.entries()) {
    const one = all.findIndex(
      (other) =>
        other.place === place && other.scope.isolated === scope.isolated && !other.letThreads,
    );
    const of = (what: "train" | "predict", at: number) => measured.map((times) => times[at]![what]);
    const ratio = (what: "train" | "predict") =>
      median(of(what, k).map((ms, round) => ms / of(what, one)[round]!));
    const row: PageRow = {
      ...{ place, letThreads, ...scope, rounds: measured.length },
      ...{ trainMs: median(of("train", k)), predictMs: median(of("predict", k)) },
      ...{ trainRatio: ratio("train"), predictRatio: ratio("predict") },
    };
    bench.record(row);
    bench.line(rowText(row));
  }
}

/** Throws unless the model gives the same numbers in all places. */
function checkNumbers(all: readonly Ready[]): void {
  const values = all.map(({ numbers: { predicted, said } }) => [...predicted, ...said]);
  const error = Math.max(...values.map((each) => relativeError(each, values[0]!)));
  const allowed = tolerances.models.predictions.ofLargest;
  if (error <= allowed) return;
  throw new Error(
    `bench page: expected the same numbers in all places to ${allowed} of the largest, got ${error}`,
  );
}

const counted = (n: number): string => `${n} thread${n === 1 ? "" : "s"}`;

function rowText(row: PageRow): string {
  return tableRow(columns, [
    `${row.place}${row.isolated ? ", isolated" : ""}`,
    `${counted(row.tfjsThreads)}${row.sharedMemory ? ", shared memory" : ""}`,
    counted(row.threads),
    row.trainMs.toFixed(1),
    row.predictMs.toFixed(1),
    `${row.trainRatio.toFixed(2)}, ${row.predictRatio.toFixed(2)}`,
    String(row.rounds),
  ]);
}
