import { readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { build } from "esbuild";
import typescript from "typescript";
import { expect, inject, test } from "vitest";
import { packages } from "./packages.ts";

const project = join(inject("projects"), "all");

/** Files of ours that a bundle of this code contains. */
async function bundled(code: string): Promise<string[]> {
  const { metafile } = await build({
    stdin: { contents: code, resolveDir: project },
    absWorkingDir: project,
    bundle: true,
    format: "esm",
    platform: "node",
    metafile: true,
    write: false,
    logLevel: "silent",
    plugins: [
      {
        name: "only ours",
        setup({ onResolve }) {
          onResolve({ filter: /^[^.]/ }, ({ path, kind }) =>
            kind === "entry-point" || path.startsWith("@rnnkit/")
              ? undefined
              : { path, external: true },
          );
        },
      },
    ],
  });
  const [output] = Object.values(metafile.outputs);
  return Object.entries(output?.inputs ?? {})
    .filter(([file, { bytesInOutput }]) => file.startsWith("node_modules") && bytesInOutput > 0)
    .map(([file]) => resolve(project, file));
}

function importsOf(file: string): string[] {
  return typescript
    .preProcessFile(readFileSync(file, "utf8"), true, true)
    .importedFiles.map(({ fileName }) => {
      if (fileName.startsWith(".")) return resolve(dirname(file), fileName);
      return fileName.startsWith("@rnnkit/")
        ? join(project, "node_modules", fileName, "dist", "index.js")
        : "";
    })
    .filter((path) => path !== "");
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
      .filter((name) => name !== "");
    if (!from.startsWith("@rnnkit/"))
      return names.map((name) => ({ name, file: resolve(dirname(index), from) }));
    const below = sourcesOf(join(project, "node_modules", from, "dist", "index.js"));
    return below.filter(({ name }) => names.includes(name));
  });
}

test.each(packages)("$name: importing nothing of it bundles nothing", async ({ manifest }) => {
  expect(await bundled(`import "${manifest.name}";`)).toEqual([]);
});

test.each(packages)(
  "$name: a name brings its own module and that one's imports, no other",
  async ({ name, manifest }) => {
    const index = join(project, "node_modules", manifest.name, "dist", "index.js");
    const sources = sourcesOf(index);
    expect(sources.length).toBeGreaterThan(0);
    for (const source of sources) {
      const needed = closure(source.file);
      const files = await bundled(
        `import { ${source.name} as x } from "${manifest.name}"; console.log(x);`,
      );
      const alien = files.filter((file) => !needed.has(file));
      expect(
        alien.map((file) => relative(project, file)),
        `${name}: ${source.name}`,
      ).toEqual([]);
      expect(files, source.name).toContain(source.file);
    }
  },
);
