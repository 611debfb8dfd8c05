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

type Snippet = (typeof snippets)[number];

const scriptOf = ({ project, line }: Snippet): string => join(project, `line-${line}.mjs`);

/** What each script of a process wrote to a stream. */
type Written = Map<string, string>;

const running = new Map<string, Promise<{ stdout: Written; stderr: Written }>>();

/**
 * Runs a snippet in one process with the others of its README that import the same, so that none has a backend by
 * another's import; the last one first, so that none lives on what one above it did.
 */
function ran(snippet: Snippet): Promise<{ stdout: Written; stderr: Written }> {
  const kindOf = ({ owner, code }: Snippet) => [owner, ...new Set(importsOf(code))].sort().join();
  const kind = kindOf(snippet);
  const alike = () => snippets.filter((other) => kindOf(other) === kind).toReversed();
  if (!running.has(kind)) running.set(kind, runInTurn(alike()));
  return running.get(kind)!;
}

async function runInTurn(alike: readonly Snippet[]): Promise<{ stdout: Written; stderr: Written }> {
  const [{ project, line }] = alike as [Snippet];
  const scripts = alike.map(scriptOf);
  for (const [i, { code }] of alike.entries()) writeFileSync(scripts[i]!, code);
  const mark = "-- script: ";
  const program = `for (const script of ${JSON.stringify(scripts)}) {
    console.log("${mark}" + script);
    console.error("${mark}" + script);
    await import(script).catch(console.error);
  }`;
  const file = join(project, `alike-${line}.mjs`);
  writeFileSync(file, program);
  const { stdout, stderr } = await run(process.execPath, [file], {
    cwd: project,
    timeout: 110_000,
  });
  const parted = (text: string): Written =>
    new Map(
      text
        .split(mark)
        .slice(1)
        .map((part) => {
          const [script = "", ...rest] = part.split("\n");
          return [script, rest.join("\n")];
        }),
    );
  return { stdout: parted(stdout), stderr: parted(stderr) };
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
  const { code, installed } = snippet;
  expect(code.split("\n").filter((text) => text.trim() !== "").length).toBeLessThanOrEqual(8);
  expect(importsOf(code).filter((name) => !installed.includes(name))).toEqual([]);
  // So the run is that of the .ts file too: `ones<R3>(x)` is a call there, and here a comparison.
  expect(meaning(code, "mts")).toBe(meaning(code, "mjs"));
  const [script, { stdout, stderr }] = [scriptOf(snippet), await ran(snippet)];
  expect(stdout.get(script)!.length).toBeLessThan(20_000);
  expect(stderr.get(script)).toBe("");
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
