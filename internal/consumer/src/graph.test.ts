import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, expect, test } from "vitest";
import { root } from "./packages.ts";

const { complaintsAbout }: { complaintsAbout(root: string): string[] } = await import(
  pathToFileURL(join(root, "scripts", "check-graph.mjs")).href
);

let tree = "";
afterEach(() => rmSync(tree, { recursive: true, force: true }));

/** What the check says of a tree of files: path to text, or to a manifest. */
function check(files: Record<string, string | object>): string[] {
  tree = mkdtempSync(join(tmpdir(), "rnnkit-graph-"));
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(tree, path)), { recursive: true });
    const text = typeof content === "string" ? content : JSON.stringify(content);
    writeFileSync(join(tree, path), text);
  }
  return complaintsAbout(tree);
}

const core = {
  "packages/core-rnn/package.json": { name: "@rnnkit/core-rnn" },
  "packages/core-rnn/src/index.ts": `export { lstm } from "./lstm.ts";`,
};
const fused = {
  name: "@rnnkit/fused-rnn",
  dependencies: { "@rnnkit/core-rnn": "workspace:^" },
  peerDependencies: { "@tensorflow/tfjs-core": "^4.22.0" },
};

test("allowed arrows, own files, peers and Node's modules pass", () => {
  const complaints = check({
    ...core,
    "packages/fused-rnn/package.json": fused,
    "packages/fused-rnn/src/index.ts": `
      import * as tf from "@tensorflow/tfjs-core";
      import { readFileSync } from "node:fs";
      import { lstm } from "@rnnkit/core-rnn";
      // import "not-declared";
      const text = 'import "only-a-string"';
      export { gru } from "./gru.ts";`,
  });
  expect(complaints).toEqual([]);
});

test("the program says so by its exit code", () => {
  const run = (files: Record<string, string | object>) => {
    check(files);
    const program = join(root, "scripts", "check-graph.mjs");
    const { status, stdout, stderr } = spawnSync(process.execPath, [program, tree]);
    return [status, `${stdout}${stderr}`.trim()];
  };
  expect(run(core)).toEqual([0, expect.stringContaining("every import follows an allowed arrow")]);
  expect(run({ "packages/new-one/package.json": { name: "@rnnkit/new-one" } })).toEqual([
    1,
    "packages/new-one: not in the package graph of scripts/check-graph.mjs",
  ]);
});

test("tests and what is generated may be as long as they are", () => {
  const long = "//\n".repeat(400);
  const complaints = check({
    ...core,
    "packages/core-rnn/src/lstm.test.ts": long,
    "packages/core-rnn/src/generated/lstm.ts": long + "/".repeat(400),
  });
  expect(complaints).toEqual([]);
});

test.each([
  [
    "an arrow that is not allowed",
    {
      "packages/core-rnn/package.json": {
        name: "@rnnkit/core-rnn",
        dependencies: { "@rnnkit/fused-rnn": "workspace:^" },
      },
      "packages/core-rnn/src/index.ts": `import { lstm } from "@rnnkit/fused-rnn";`,
    },
    "packages/core-rnn/package.json: core-rnn may not depend on @rnnkit/fused-rnn",
  ],
  [
    "a class of the platform asked for by instanceof",
    {
      ...core,
      "packages/core-rnn/src/lstm.ts": `export const is = (x: unknown) => x instanceof Float32Array;`,
    },
    "packages/core-rnn/src/lstm.ts: instanceof Float32Array is false for another realm's",
  ],
  [
    "an arrow that is not allowed, for tests alone",
    {
      "packages/preprocess/package.json": {
        name: "@rnnkit/preprocess",
        devDependencies: { "@rnnkit/keras-builders": "workspace:^" },
      },
    },
    "preprocess may not depend on @rnnkit/keras-builders",
  ],
  [
    "a test helper that would be shipped",
    {
      "packages/core-rnn/package.json": {
        name: "@rnnkit/core-rnn",
        dependencies: { "@rnnkit/test-kit": "workspace:^" },
      },
    },
    "core-rnn may not depend on @rnnkit/test-kit",
  ],
  [
    "a relative import into another package",
    {
      ...core,
      "packages/fused-rnn/package.json": fused,
      "packages/fused-rnn/src/a/b.ts": `export * from "../../../core-rnn/src/index.ts";`,
    },
    "packages/fused-rnn/src/a/b.ts: ../../../core-rnn/src/index.ts leaves its package",
  ],
  [
    "a relative import into a package whose name begins alike",
    {
      "packages/core-rnn/package.json": { name: "@rnnkit/core-rnn" },
      "packages/core-rnn/src/a.ts": `import "../../core-rnn-more/x.ts";`,
    },
    "../../core-rnn-more/x.ts leaves its package",
  ],
  [
    "an import that is not declared",
    { ...core, "packages/core-rnn/src/lstm.ts": `const x = await import("lodash/fp");` },
    "packages/core-rnn/src/lstm.ts: lodash is not declared in packages/core-rnn/package.json",
  ],
  [
    "a development dependency in shipped code",
    {
      "packages/core-rnn/package.json": {
        name: "@rnnkit/core-rnn",
        devDependencies: { "@rnnkit/fixtures": "workspace:^" },
      },
      "packages/core-rnn/src/a.test.ts": `import "@rnnkit/fixtures";`,
      "packages/core-rnn/src/a.ts": `import type { Case } from "@rnnkit/fixtures";`,
    },
    "packages/core-rnn/src/a.ts: @rnnkit/fixtures is not declared",
  ],
  [
    "a circle of imports, be it for types alone",
    {
      "packages/core-rnn/package.json": { name: "@rnnkit/core-rnn" },
      "packages/core-rnn/src/index.ts": `import "./a.ts";`,
      "packages/core-rnn/src/a.ts": `import "./deep/b.ts";`,
      "packages/core-rnn/src/deep/b.ts": `import type { A } from "../a.ts";`,
    },
    `packages/core-rnn/src: a.ts → ${join("deep", "b.ts")} → a.ts is a circle of imports`,
  ],
  [
    "a circle in the assembly",
    {
      "packages/core-rnn/package.json": { name: "@rnnkit/core-rnn" },
      "packages/core-rnn/assembly/a.ts": `import { b } from "./b";`,
      "packages/core-rnn/assembly/b.ts": `import { a } from "./a";`,
    },
    "packages/core-rnn/assembly: a.ts → b.ts → a.ts is a circle of imports",
  ],
  [
    "a file of more than 320 lines",
    { ...core, "packages/core-rnn/src/lstm.ts": "//\n".repeat(321) },
    "packages/core-rnn/src/lstm.ts: expected at most 320 lines, got 321",
  ],
  [
    "a line of the assembly of more than 120 characters",
    { ...core, "packages/core-rnn/assembly/a.ts": `\n${"/".repeat(121)}` },
    "packages/core-rnn/assembly/a.ts:2: expected at most 120 characters, got 121",
  ],
  [
    "a package that nobody has put in the graph",
    { "packages/new-one/package.json": { name: "@rnnkit/new-one" } },
    "packages/new-one: not in the package graph",
  ],
])("%s is refused", (_, files, complaint) => {
  expect(check(files)).toEqual([expect.stringContaining(complaint)]);
});
