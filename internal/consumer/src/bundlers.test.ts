// The first snippet of every README, bundled for a page by Vite and by webpack from the packed packages, says in
// Chromium what it says in Node.
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { filesOf, type Served, served } from "@rnnkit/test-kit/server";
import { type Browser, chromium } from "playwright-core";
import { build as buildByVite } from "vite";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import webpack from "webpack";
import { readmes } from "./readmes.ts";

const executablePath = process.env.RNNKIT_CHROMIUM ?? "/usr/bin/chromium";
const isThere = executablePath !== "" && existsSync(executablePath);
const reason = isThere ? "" : " (skipped: no Chromium at RNNKIT_CHROMIUM)";

const project = join(inject("projects"), "all");
const source = join(project, "bundlers");
const wasm = join(project, "node_modules", "@tensorflow", "tfjs-backend-wasm", "dist");
/** What a snippet prints depends on where it runs. */
const elsewhere = "backend-select";

let browser: Browser | undefined;
let inNode: Record<string, string[]>;
const servers: Served[] = [];

beforeAll(async () => {
  mkdirSync(source, { recursive: true });
  writeFileSync(
    join(source, "said.js"),
    `export const said = {};
     let owner = "";
     export const of = (name) => { said[owner = name] = []; };
     // Kernels of another SIMD round otherwise.
     const rounded = (_, value) => typeof value === "number" ? Number(value.toPrecision(5)) : value;
     console.log = (...args) => said[owner]?.push(JSON.stringify(args, rounded));`,
  );
  const imports = readmes.map(({ owner, snippets }) => {
    writeFileSync(join(source, `${owner}.js`), snippets[0]?.code ?? "");
    return `of("${owner}"); await import("./${owner}.js");`;
  });
  const tell = `if (typeof document === "undefined") process.stdout.write(JSON.stringify(said));
     else document.body.textContent = JSON.stringify(said);`;
  writeFileSync(
    join(source, "main.js"),
    `import { of, said } from "./said.js";\n${imports.join("\n")}\n${tell}\n`,
  );
  const main = join(source, "main.js");
  inNode = JSON.parse(execFileSync(process.execPath, [main], { cwd: project, encoding: "utf8" }));
  if (isThere) browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
});

afterAll(async () => {
  await browser?.close();
  for (const server of servers) server.close();
});

/** What the page says that loads this script, with tfjs's WebAssembly beside it. */
async function saidByPage(folder: string, script: string): Promise<Record<string, string[]>> {
  for (const file of readdirSync(wasm).filter((name) => name.endsWith(".wasm")))
    cpSync(join(wasm, file), join(folder, file));
  writeFileSync(join(folder, "index.html"), `<!doctype html><body>${script}</body>`);
  const server = await served(filesOf(folder));
  servers.push(server);
  const page = await browser!.newPage();
  const errors: string[] = [];
  page.on("pageerror", (error) => errors.push(String(error)));
  await page.goto(server.address);
  await expect
    .poll(async () => errors.join() || (await page.textContent("body")), { timeout: 60_000 })
    .toMatch(/^\{/);
  return JSON.parse((await page.textContent("body")) ?? "");
}

const bundlers = {
  async Vite() {
    const outDir = join(project, "by-vite");
    await buildByVite({
      root: source,
      logLevel: "error",
      build: {
        outDir,
        lib: { entry: "main.js", formats: ["es"], fileName: () => "main.js" },
        target: "es2022",
      },
    });
    return saidByPage(outDir, '<script type="module" src="/main.js"></script>');
  },
  async webpack() {
    const path = join(project, "by-webpack");
    const complaints = await new Promise<string[]>((resolve, reject) =>
      webpack(
        {
          context: source,
          entry: "./main.js",
          mode: "production",
          target: "web",
          output: { path, filename: "main.js", publicPath: "/" },
          performance: false,
          optimization: { minimize: false },
        },
        (error, stats) => {
          if (error || !stats) return reject(error);
          const { errors = [], warnings = [] } = stats.toJson({ errors: true, warnings: true });
          resolve([...errors, ...warnings].map(({ message }) => message));
        },
      ),
    );
    expect(complaints).toEqual([]);
    return saidByPage(path, '<script src="/main.js"></script>');
  },
};

test.skipIf(!isThere).each(Object.entries(bundlers))(
  `%s: a page says what Node says${reason}`,
  async (_, built) => {
    const { [elsewhere]: selection, ...same } = await built();
    const { [elsewhere]: selectionInNode, ...others } = inNode;
    expect(same).toEqual(others);
    expect(Object.values(same).flat().length).toBeGreaterThan(4);
    expect(selectionInNode?.[0]).toContain("Node ");
    expect(selection?.[0]).toMatch(/^\["wasm, .*Chrom/);
    expect(selection?.[1]).toBe("[true]");
  },
  120_000,
);
