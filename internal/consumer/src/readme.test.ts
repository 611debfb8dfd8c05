// Every snippet of every README, pasted into a folder that has what that README's install line names.
import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import typescript from "typescript";
import { expect, inject, test } from "vitest";
import { packages } from "./packages.ts";
import { importsOf, readmes } from "./readmes.ts";
import { complaintsAbout } from "./type-check.ts";

const run = promisify(execFile);
const snippets = readmes.flatMap(({ owner, installed, snippets }) =>
  snippets.map(({ line, code }) => ({
    owner,
    installed,
    line,
    code,
    project: join(inject("projects"), `readme-${owner}`),
  })),
);

/** What the code does, as JavaScript or as TypeScript, its types taken off. */
function meaning(code: string, extension: "mjs" | "mts"): string {
  return typescript.transpileModule(code, {
    fileName: `snippet.${extension}`,
    compilerOptions: {
      target: typescript.ScriptTarget.ES2022,
      module: typescript.ModuleKind.ESNext,
      verbatimModuleSyntax: true,
    },
  }).outputText;
}

/** As it stands in a program that requires: in an async function, for what it awaits. */
function required(code: string): string {
  const lines = code.split("\n");
  const [imports, rest] = [true, false].map((isImport) =>
    lines.filter((line) => line.startsWith("import ") === isImport).join("\n"),
  );
  const { outputText } = typescript.transpileModule(`${imports}\n(async () => {\n${rest}\n})();`, {
    compilerOptions: {
      target: typescript.ScriptTarget.ES2022,
      module: typescript.ModuleKind.CommonJS,
    },
  });
  expect(outputText).toContain("require(");
  return outputText;
}

test.each(readmes)("$owner: its README installs, a backend included, then shows code", (readme) => {
  const { owner, installed, installLine, snippets } = readme;
  expect(snippets[0]?.line ?? 0).toBeGreaterThan(installLine);
  expect(installLine).toBeGreaterThan(0);
  const manifest = packages.find(({ name }) => name === owner)?.manifest;
  if (manifest) expect(installed).toContain(manifest.name);
  const isOnTfjs = Object.keys(manifest?.peerDependencies ?? {}).includes("@tensorflow/tfjs-core");
  const backend = installed.find((name) => name.startsWith("@tensorflow/tfjs-backend-"));
  if (isOnTfjs) expect(backend).toBe("@tensorflow/tfjs-backend-wasm");
});

test.each(snippets)("$owner, README line $line: at most 8 lines that run", async (snippet) => {
  const { code, installed, line, project } = snippet;
  expect(code.split("\n").filter((text) => text.trim() !== "").length).toBeLessThanOrEqual(8);
  expect(importsOf(code).filter((name) => !installed.includes(name))).toEqual([]);
  // So the run is that of the .ts file too: `ones<R3>(x)` is a call there, and here a comparison.
  expect(meaning(code, "mts")).toBe(meaning(code, "mjs"));
  const script = join(project, `line-${line}.mjs`);
  writeFileSync(script, code);
  const { stdout, stderr } = await run(process.execPath, [script], {
    cwd: project,
    timeout: 60_000,
  });
  expect(stdout.length).toBeLessThan(20_000);
  expect(stderr).toBe("");
});

test.each(["nodenext", "bundler"] as const)(
  "every snippet is right for a strict compiler under %s, but for the types of its own parameters",
  (resolution) => {
    const files = snippets.map(({ project, line, code }) => {
      const file = join(project, `line-${line}.ts`);
      writeFileSync(file, `${code}\nexport {};\n`);
      return file;
    });
    const isSomeone = () => false;
    expect(complaintsAbout(files, resolution, isSomeone, { noImplicitAny: false })).toEqual([]);
  },
);

test.each(readmes.filter(({ snippets }) => snippets.length > 0))(
  "$owner: its first snippet runs in a CommonJS program, by require",
  async (readme) => {
    const { owner, snippets } = readme;
    const project = join(inject("projects"), `readme-${owner}`);
    const script = join(project, "required.cjs");
    writeFileSync(script, required(snippets[0]?.code ?? ""));
    const { stderr } = await run(process.execPath, [script], { cwd: project, timeout: 60_000 });
    expect(stderr).toBe("");
  },
);
