// Programs that esbuild has bundled for Node, with the flags that backend-select's README gives.
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { afterAll, expect, inject, test } from "vitest";
import { root } from "./packages.ts";
import { readmes } from "./readmes.ts";

const project = join(inject("projects"), "all");
const elsewhere = mkdtempSync(join(tmpdir(), "rnnkit-bundle-"));
afterAll(() => rmSync(elsewhere, { recursive: true }));

const readme = readFileSync(join(root, "packages/backend-select/README.md"), "utf8");
const lines = readme
  .replaceAll("\\\n", "")
  .split("\n")
  .filter((line) => line.startsWith("npx esbuild "));

/** What the program prints, bundled by a line of the README and run in a folder that has nothing else. */
async function printed(line: string, code: string): Promise<string[]> {
  const flag = (name: string) =>
    new RegExp(`--${name}=("(?<quoted>[^"]*)"|(?<bare>\\S+))`).exec(line)?.groups;
  const banner = /"--banner:js=([^"]*)"/.exec(line)?.[1] ?? "";
  const isModule = flag("format")?.bare === "esm";
  const file = join(elsewhere, isModule ? "main.mjs" : "main.cjs");
  await build({
    stdin: { contents: code, resolveDir: project },
    absWorkingDir: project,
    bundle: true,
    platform: "node",
    format: isModule ? "esm" : "cjs",
    mainFields: flag("main-fields")?.bare?.split(",") ?? [],
    banner: { js: banner },
    outfile: file,
    logLevel: "error",
    logOverride: { "ignored-bare-import": "error" },
  });
  const { stdout, stderr, status } = spawnSync(process.execPath, [file], { encoding: "utf8" });
  expect(status, stderr).toBe(0);
  return stdout.trim().split("\n");
}

test("the README gives a line for CommonJS and one for ES modules", () => {
  expect(lines.map((line) => /main\.[cm]js(?= )/.exec(line)?.[0])).toEqual([
    "main.cjs",
    "main.mjs",
  ]);
});

test.each(lines)("the README's first example survives: %s", async (line) => {
  const code = readmes.find(({ owner }) => owner === "rnnkit")?.snippets[0]?.code ?? "";
  expect(code).toContain('import "@tensorflow/tfjs-backend-cpu"');
  const said = await printed(line, `${code}\nconsole.log(String(positive.shape));`);
  expect(said.at(-1)).toBe("1,1");
});

test.each(lines)("a folder named after a call that had none gives wasm: %s", async (line) => {
  const wasm = join(project, "node_modules/@tensorflow/tfjs-backend-wasm/dist");
  mkdirSync(elsewhere, { recursive: true });
  writeFileSync(join(elsewhere, "package.json"), "{}");
  const said = await printed(
    line,
    `import { selectBackend } from "@rnnkit/backend-select";
     (async () => {
       const first = await selectBackend();
       const second = await selectBackend({ wasmPaths: ${JSON.stringify(wasm)} });
       const { reason } = first.candidates.find(({ name }) => name === "wasm");
       console.log(JSON.stringify({ first: first.name, reason, second: second.name }));
     })();`,
  );
  const { first, reason, second } = JSON.parse(said.at(-1) ?? "");
  expect([first, second]).toEqual(["cpu", "wasm"]);
  expect(reason).toContain("a bundled program passes wasmPaths");
});
