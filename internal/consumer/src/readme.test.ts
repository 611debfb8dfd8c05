import { execFile } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import typescript from "typescript";
import { expect, inject, test } from "vitest";
import { packages, root } from "./packages.ts";
import { complaintsAbout } from "./type-check.ts";

const run = promisify(execFile);
const project = join(inject("projects"), "all");

interface Snippet {
  /** The package's folder name, or "the repository". */
  owner: string;
  line: number;
  file: string;
  code: string;
}

const readmes = [
  { owner: "the repository", path: join(root, "README.md") },
  ...packages.map(({ name, folder }) => ({ owner: name, path: join(folder, "README.md") })),
];
const snippets = readmes.flatMap(({ owner, path }) => (existsSync(path) ? read(owner, path) : []));

function read(owner: string, path: string): Snippet[] {
  const text = readFileSync(path, "utf8");
  return [...text.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map((match) => {
    const line = text.slice(0, match.index).split("\n").length;
    const file = join(project, `${owner.replaceAll(" ", "-")}-${line}.ts`);
    return { owner, line, file, code: String(match[1]) };
  });
}

test.each(packages)("$name: its README shows code", ({ name }) => {
  expect(snippets.filter(({ owner }) => owner === name).length).toBeGreaterThan(0);
});

test.each(snippets)("$owner, README line $line: at most 8 lines that run", async (snippet) => {
  const { code, file } = snippet;
  expect(code.split("\n").filter((line) => line.trim() !== "").length).toBeLessThanOrEqual(8);
  const { outputText } = typescript.transpileModule(code, {
    compilerOptions: {
      target: typescript.ScriptTarget.ES2022,
      module: typescript.ModuleKind.ESNext,
    },
  });
  const script = file.replace(/\.ts$/, ".mjs");
  writeFileSync(script, outputText);
  const { stdout } = await run(process.execPath, [script], { cwd: project, timeout: 60_000 });
  expect(stdout.length).toBeLessThan(20_000);
});

test("every snippet is right for a strict compiler", () => {
  for (const { file, code } of snippets) writeFileSync(file, `${code}\nexport {};\n`);
  const files = snippets.map(({ file }) => file);
  expect(complaintsAbout(files, "nodenext", () => false)).toEqual([]);
});
