import { readFileSync } from "node:fs";
import { SourceMap } from "node:module";
import { dirname, join, relative, resolve } from "node:path";
import { build } from "esbuild";
import typescript, { ModuleKind, ScriptTarget } from "typescript";
import { expect, inject, test } from "vitest";
import { packages } from "./packages.ts";

const project = join(inject("projects"), "all");

/** Acts when it is imported, so it comes with any name of its package. */
const acting = join("fused-rnn", "src", "tfjs", "first-backend.ts");

/** Of each program: source files of ours with code in its bundle, as the source maps say that are packed. */
async function bundled(programs: readonly string[]): Promise<string[][]> {
  const { outputFiles } = await build({
    // All at once: what they share is parsed once.
    entryPoints: programs.map((_, i) => ({ in: `program:${i}`, out: `${i}` })),
    absWorkingDir: project,
    outdir: project,
    bundle: true,
    format: "esm",
    platform: "node",
    // Sums of numbers are worked out, as they are where a bundle is made for users.
    minifySyntax: true,
    sourcemap: "external",
    sourcesContent: false,
    write: false,
    logLevel: "silent",
    plugins: [
      {
        name: "only ours",
        setup({ onLoad, onResolve }) {
          onResolve({ filter: /^program:/ }, ({ path }) => ({ path, namespace: "program" }));
          onLoad({ filter: /./, namespace: "program" }, ({ path }) => ({
            contents: programs[Number(path.slice("program:".length))],
            resolveDir: project,
          }));
          onResolve({ filter: /^[^.]/ }, ({ path, kind }) =>
            kind === "entry-point" || path.startsWith("@rnnkit/")
              ? undefined
              : { path, external: true },
          );
        },
      },
    ],
  });
  const textOf = (name: string) =>
    outputFiles.find(({ path }) => path === join(project, name))!.text;
  return programs.map((_, i) => sourcesIn(textOf(`${i}.js`), textOf(`${i}.js.map`)));
}

/** Files of ours that lines of a bundle are from. */
function sourcesIn(bundle: string, map: string): string[] {
  const sources = new SourceMap(JSON.parse(map));
  const files = bundle.split("\n").flatMap((text, line) => {
    const entry = sources.findEntry(line, text.length);
    const isMapped = "originalSource" in entry && entry.generatedLine === line;
    return isMapped ? (entry.originalSource ?? []) : [];
  });
  return [...new Set(files)]
    .map((file) => resolve(project, file))
    .filter((file) => file.includes(join("node_modules", "@rnnkit")));
}

const imports = new Map<string, string[]>();

/** Files of ours that it imports when it runs. */
function importsOf(file: string): string[] {
  const known = imports.get(file) ?? readImports(file);
  imports.set(file, known);
  return known;
}

function readImports(file: string): string[] {
  const { outputText } = typescript.transpileModule(readFileSync(file, "utf8"), {
    compilerOptions: { module: ModuleKind.ESNext, target: ScriptTarget.ESNext },
  });
  return typescript.preProcessFile(outputText, true, true).importedFiles.flatMap(({ fileName }) => {
    if (fileName.startsWith(".")) return resolve(dirname(file), fileName);
    return fileName.startsWith("@rnnkit/") ? indexOf(fileName) : [];
  });
}

/** The source of a package's entry: of *@rnnkit/name*, or of *@rnnkit/name/folder*. */
function indexOf(entry: string): string {
  const [scope = "", name = "", ...folder] = entry.split("/");
  return join(project, "node_modules", scope, name, "src", ...folder, "index.ts");
}

/** The file and all that it imports, and they import. */
function closure(start: string): Set<string> {
  const seen = new Set<string>();
  const waiting = [start];
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (seen.has(file)) continue;
    seen.add(file);
    waiting.push(...importsOf(file));
  }
  return seen;
}

/** Each name that an index exports, with the file it is from, of a package below where that one has it. */
function sourcesOf(index: string): { name: string; file: string }[] {
  const text = readFileSync(index, "utf8");
  return [...text.matchAll(/export \{([^}]*)\} from "([^"]+)"/g)].flatMap(([, list, from = ""]) => {
    const names = String(list)
      .split(",")
      .map((name) => name.trim().split(" as ").at(-1) ?? "")
      .filter((name) => name !== "" && !name.startsWith("type "));
    if (!from.startsWith("@rnnkit/"))
      return names.map((name) => ({ name, file: resolve(dirname(index), from) }));
    const below = sourcesOf(indexOf(from));
    return below.filter(({ name }) => names.includes(name));
  });
}

test.each(packages)(
  "$name: a name brings its own module and that one's imports, no other; no name brings nothing",
  async ({ name, manifest }) => {
    const sources = sourcesOf(indexOf(manifest.name));
    expect(sources.length).toBeGreaterThan(0);
    const [ofNone, ...ofNames] = await bundled([
      `import "${manifest.name}";`,
      ...sources.map(
        (source) => `import { ${source.name} as x } from "${manifest.name}"; console.log(x);`,
      ),
    ]);
    expect(ofNone).toEqual([]);
    for (const [i, source] of sources.entries()) {
      const [needed, files] = [closure(source.file), ofNames[i]!];
      const alien = files.filter((file) => !needed.has(file) && !file.endsWith(acting));
      expect(
        alien.map((file) => relative(project, file)),
        `${name}: ${source.name}`,
      ).toEqual([]);
      expect(files, source.name).toContain(source.file);
    }
  },
);
