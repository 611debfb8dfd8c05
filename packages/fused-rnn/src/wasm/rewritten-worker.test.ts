// Bundles the package as tools do that rewrite functions, and runs it on threads in a process of its own.

import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, defaultServerConditions, type InlineConfig, type Plugin } from "vite";
import { afterAll, expect, test } from "vitest";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const root = mkdtempSync(join(tmpdir(), "rnnkit-rewritten-"));
afterAll(() => rmSync(root, { recursive: true }));

mkdirSync(join(root, "node_modules"));
symlinkSync(here("../../node_modules/@tensorflow"), join(root, "node_modules/@tensorflow"));
writeFileSync(
  join(root, "main.js"),
  `
import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-layers";
import { setThreads } from "${here("../index.ts")}";
import { trained, workersUp } from "${here("../page-call.fixture.ts")}";
const sizes = [24, 32, 33, 64];
const all = () => JSON.stringify(["simpleRnn", "lstm", "gruAfter", "gruBefore"].map((cell) => trained(cell, sizes)));
setThreads(1);
const one = all();
setThreads(2);
const workers = await workersUp(1, sizes);
let same = 0;
for (let run = 0; run < 5; run++) if (all() === one) same++;
console.log(JSON.stringify({ workers, same, functions: globalThis.functionsCounted }));
process.exit(0);
`,
);

/** A counter at the head of every function, reached through a name of its module, as coverage tools put it there. */
const counting: Plugin = {
  name: "counting",
  enforce: "post",
  transform(code) {
    const heads: number[] = [];
    const visit = (node: unknown): void => {
      if (typeof node !== "object" || node === null) return;
      for (const child of Object.values(node)) visit(child);
      const { type, body } = node as { type?: string; body?: { type: string; start: number } };
      if (/Function/.test(type ?? "") && body?.type === "BlockStatement")
        heads.push(body.start + 1);
    };
    visit(this.parse(code));
    let counted = code;
    for (const at of heads.sort((a, b) => b - a)) {
      counted = `${counted.slice(0, at)} functionEntered();${counted.slice(at)}`;
    }
    return `function functionEntered() { globalThis.functionsCounted = (globalThis.functionsCounted ?? 0) + 1; }
${counted}`;
  },
};

const ways: Record<string, { plugins?: Plugin[]; minify?: boolean; keepNames?: boolean }> = {
  "counters in functions": { plugins: [counting] },
  "other names": { minify: true },
  "other names, the old ones kept beside": { minify: true, keepNames: true },
};

test.each(Object.keys(ways))(
  "with %s a worker takes blocks and gives the bits of one thread",
  async (way) => {
    const { plugins = [], minify = false, keepNames = false } = ways[way]!;
    const outDir = join(root, String(Object.keys(ways).indexOf(way)));
    const config: InlineConfig = {
      ...{ root, plugins, configFile: false, logLevel: "error" },
      ssr: {
        resolve: { conditions: ["@rnnkit/source", ...defaultServerConditions] },
        noExternal: [/^@rnnkit\//],
      },
      build: {
        ...{ outDir, minify, ssr: "main.js", target: "es2022" },
        rolldownOptions: { output: { keepNames, entryFileNames: "main.mjs" } },
      },
    };
    await build(config);
    const ran = execFileSync(process.execPath, [join(outDir, "main.mjs")], { encoding: "utf8" });
    const { workers, same, functions } = JSON.parse(ran);
    expect({ workers, same }).toEqual({ workers: 1, same: 5 });
    if (plugins.length > 0) expect(functions).toBeGreaterThan(1000);
  },
);
