// The pages that are written by hand: their code runs, and what they repeat of the repository is what stands there.
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { tolerances } from "@rnnkit/test-kit/tolerances";
import { expect, inject, test } from "vitest";
import { guides } from "./guides.ts";
import { root } from "./packages.ts";
import { importsOf, snippetsOf } from "./readmes.ts";

const run = promisify(execFile);
const page = (file: string) => readFileSync(join(root, file), "utf8");

/** The rows of a page's tables, cell by cell. */
function rowsOf(text: string): string[][] {
  return [...text.matchAll(/^\|(.*)\|$/gm)]
    .map(([, row = ""]) => row.split(/(?<!\\)\|/).map((cell) => cell.trim().replaceAll("\\|", "|")))
    .filter((cells) => !cells.every((cell) => /^:?-+:?$/.test(cell)));
}

test.each(guides)("$name: its blocks are one program, which runs", async ({ name, code }) => {
  const project = join(inject("projects"), "guides");
  const script = join(project, `${name}.mjs`);
  writeFileSync(script, code);
  const { stdout, stderr } = await run(process.execPath, [script], { cwd: project });
  expect(stdout).not.toBe("");
  expect(stderr).toBe("");
});

test.each(guides)("$name: its install line names what its blocks import", ({ code, installed }) => {
  expect(importsOf(code).filter((name) => !installed.includes(name))).toEqual([]);
});

test("docs/numerics.md has the tolerances by which the tests judge", () => {
  const text = page("docs/numerics.md");
  const [from, to] = [text.indexOf("<!-- tolerances:"), text.indexOf("<!-- /tolerances -->")];
  const number = (value: number) => (value === 0 ? "" : value.toExponential());
  const rows = Object.entries(tolerances).flatMap(([compared, quantities]) =>
    Object.entries(quantities).map(([quantity, { rtol, atol, ofLargest, reason }]) => [
      `\`${compared}.${quantity}\``,
      ...[rtol, atol, ofLargest].map(number),
      reason,
    ]),
  );
  expect(rowsOf(text.slice(from, to)).slice(1)).toEqual(rows);
});

test("README.zh-CN.md has README.md's figures, code and links", () => {
  const [english, chinese] = [page("README.md"), page("README.zh-CN.md")];
  const numbers = (text: string) =>
    rowsOf(text).map((row) => row.flatMap((cell) => cell.match(/\d+(?:[.,]\d+)*/g) ?? []));
  expect(numbers(chinese)).toEqual(numbers(english));
  const blocks = (text: string) => snippetsOf(text).map(({ code }) => code);
  expect(blocks(chinese)).toEqual(blocks(english));
  expect(chinese.match(/^npm install .*$/m)?.[0]).toBe(english.match(/^npm install .*$/m)?.[0]);
  const links = (text: string) =>
    new Set([...text.matchAll(/\]\(([^)]+)\)/g)].map(([, link = ""]) => link));
  const own = ["README.md", "README.zh-CN.md", "docs/zh/tutorial.md", "docs/README.md"];
  const shared = (text: string) => [...links(text)].filter((link) => !own.includes(link)).sort();
  expect(shared(chinese)).toEqual(shared(english));
  expect(links(english)).toContain("README.zh-CN.md");
  expect(links(chinese)).toContain("README.md");
});

/** Code without its comments and its blank lines. */
function meaning(code: string): string[] {
  return code
    .split("\n")
    .map((line) => line.replace(/(?:^|\s+)\/\/ .*$/, "").trim())
    .filter((line) => line !== "");
}

test("docs/zh/tutorial.md has every listing of examples/tutorial, line by line", () => {
  const shown = new Map<string, string[]>();
  for (const { code, listing = "" } of snippetsOf(page("docs/zh/tutorial.md")))
    shown.set(listing, [...(shown.get(listing) ?? []), ...meaning(code)]);
  const folder = join(root, "examples", "tutorial");
  const listings = readdirSync(folder).filter((file) => file.endsWith(".js"));
  expect([...shown.keys()].sort()).toEqual(listings.sort());
  for (const [file, lines] of shown)
    expect(lines, file).toEqual(meaning(readFileSync(join(folder, file), "utf8")));
});

test("docs/zh/tutorial.md ends with a link to each numbered example", () => {
  const numbered = readdirSync(join(root, "examples")).filter((file) => /^\d+-.*\.js$/.test(file));
  const uses = page("docs/zh/tutorial.md").split("\n## ").at(-1) as string;
  expect(numbered.length).toBeGreaterThan(11);
  expect(numbered.filter((file) => !uses.includes(`(../../examples/${file})`))).toEqual([]);
});

test("figures that docs/zh/tutorial.md gives stand in a README", () => {
  const sources = ["README.md", "apps/benchmarks/README.md"].map(page).join("\n");
  const figures = page("docs/zh/tutorial.md").match(/\d+(?:\.\d+)? %|\d\.\d{3}/g) ?? [];
  expect(figures.length).toBeGreaterThan(20);
  expect(figures.filter((figure) => !sources.includes(figure))).toEqual([]);
});

interface Links {
  checkMarkdown(
    root: string,
    files: readonly string[],
  ): { complaints: string[]; external: string[] };
  checkSite(site: string): { complaints: string[] };
}
const scripts = pathToFileURL(join(root, "scripts", "links.mjs")).href;
const { checkMarkdown, checkSite } = (await import(scripts)) as Links;

/** Files in a folder of their own while `use` runs. */
function inFolder<T>(files: Record<string, string>, use: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), "rnnkit-links-"));
  try {
    for (const [file, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, file)), { recursive: true });
      writeFileSync(join(folder, file), text);
    }
    return use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("a link of a markdown file to no file, no heading or out of the repository is found", () => {
  const files = {
    "a.md": "# One `two`\n## 数字 3.5\n[a](#one-two) [b](#数字-35) [c](docs/b.md#x-1) [d](#two)\n",
    "docs/b.md": "# x\n# x\n`[code](no.md)`\n[e](no.md) ![f](../../etc) [g](https://x.org/y)\n",
  };
  inFolder(files, (folder) => {
    const { complaints, external } = checkMarkdown(folder, Object.keys(files));
    expect(complaints).toEqual([
      "a.md:3: #two names no heading",
      "docs/b.md:4: no.md is no file",
      "docs/b.md:4: ../../etc is no file",
    ]);
    expect(external).toEqual(["https://x.org/y"]);
  });
});

test("a link of a site to no page, no element, or at the root of its server is found", () => {
  const files = {
    "index.html":
      '<a href="sub/a.html#here">a</a> <a href="no.html">b</a> <a href="/sub/a.html">c</a>',
    "sub/a.html":
      '<p id="here"></p> <a href="../index.html#no">d</a> <a href="https://x.org">e</a>',
  };
  expect(inFolder(files, (folder) => checkSite(folder).complaints)).toEqual([
    "index.html: no.html is no file",
    "index.html: /sub/a.html works at the root of a server alone",
    "sub/a.html: ../index.html#no names no element",
  ]);
});
