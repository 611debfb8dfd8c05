import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, inject, test } from "vitest";
import { tarballOf } from "./install.ts";
import { packages, root } from "./packages.ts";

const projects = inject("projects");
const tarballs = join(projects, "tarballs");

test.each(packages)(
  "$name: the tarball has licence, readme, build and source, no tests",
  ({ name }) => {
    const list = execFileSync("tar", ["-tzf", join(tarballs, tarballOf(name, tarballs))], {
      encoding: "utf8",
    });
    const files = list.trim().split("\n");
    for (const file of ["package.json", "README.md", "LICENSE", "dist/index.js", "src/index.ts"])
      expect(files).toContain(`package/${file}`);
    const allowed = /^package\/(package\.json|README\.md|CHANGELOG\.md|LICENSE|dist\/.+|src\/.+)$/;
    expect(files.filter((file) => !allowed.test(file))).toEqual([]);
    expect(files.filter((file) => /\.(test|bench)\.|\.tsbuildinfo$/.test(file))).toEqual([]);
  },
);

test.each(packages)("$name: its licence is the repository's", ({ name }) => {
  const licence = join(projects, name, "node_modules", "@rnnkit", name, "LICENSE");
  expect(readFileSync(licence, "utf8")).toBe(readFileSync(join(root, "LICENSE"), "utf8"));
});

test.each(packages)("$name: every declared version is one that npm understands", ({ name }) => {
  const text = readFileSync(
    join(projects, name, "node_modules", "@rnnkit", name, "package.json"),
    "utf8",
  );
  expect(text).not.toMatch(/"(workspace|catalog|link|file):/);
  const { dependencies = {}, peerDependencies = {} } = JSON.parse(text);
  for (const version of Object.values({ ...dependencies, ...peerDependencies }))
    expect(version).toMatch(/^([\^~]?\d+\.\d+\.\d+|>=\d+\.\d+\.\d+ <\d+\.0\.0)$/);
  for (const [dependency, version] of Object.entries(dependencies)) {
    const sibling = packages.find(({ manifest }) => manifest.name === dependency);
    if (sibling) expect(version).toBe(`^${sibling.manifest.version}`);
  }
});
