// What `npm run version` would make of the changesets, tried on the manifests alone.
import { execFileSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { packages, readManifest, root } from "./packages.ts";

const bumps = ["patch", "minor", "major"] as const;
type Bump = (typeof bumps)[number];
interface Changeset {
  names: ReadonlyMap<string, Bump>;
  text: string;
}

let tree = "";
afterEach(() => rmSync(tree, { recursive: true, force: true }));

const written: Changeset[] = readdirSync(join(root, ".changeset"))
  .filter((file) => file.endsWith(".md") && file !== "README.md")
  .map((file) => {
    const [, head = "", text = ""] =
      /^---\n(.*?)---\n(.*)$/s.exec(readFileSync(join(root, ".changeset", file), "utf8")) ?? [];
    const names = [...head.matchAll(/"(.+)": (\w+)/g)];
    return { names: new Map(names.map(([, name, bump]) => [name!, bump as Bump])), text };
  });

/** A copy of the workspace's manifests with these changesets alone, versioned. */
function versioned(changesets: readonly Changeset[]): string {
  tree = mkdtempSync(join(tmpdir(), "rnnkit-release-"));
  const manifests = ["packages", "internal", "apps"].flatMap((group) =>
    readdirSync(join(root, group)).map((name) => join(group, name, "package.json")),
  );
  const config = join(".changeset", "config.json");
  for (const file of ["package.json", "pnpm-workspace.yaml", "examples/package.json", config]) {
    mkdirSync(dirname(join(tree, file)), { recursive: true });
    cpSync(join(root, file), join(tree, file));
  }
  for (const file of manifests.filter((path) => existsSync(join(root, path)))) {
    mkdirSync(dirname(join(tree, file)), { recursive: true });
    cpSync(join(root, file), join(tree, file));
  }
  for (const [i, { names, text }] of changesets.entries()) {
    const head = [...names].map(([name, bump]) => `"${name}": ${bump}\n`).join("");
    writeFileSync(join(tree, ".changeset", `c${i}.md`), `---\n${head}---\n${text}`);
  }
  const git = (...args: string[]) => execFileSync("git", args, { cwd: tree, stdio: "ignore" });
  git("init");
  git("add", "--all");
  git("-c", "user.name=x", "-c", "user.email=x@y", "commit", "--message", "all");
  const changeset = join(root, "node_modules", "@changesets", "cli", "bin.js");
  execFileSync(process.execPath, [changeset, "version"], { cwd: tree, stdio: "ignore" });
  return tree;
}

function raised(version: string, bump: Bump): string {
  const [major = 0, minor = 0, patch = 0] = version.split(".").map(Number);
  if (bump === "major") return `${major + 1}.0.0`;
  return bump === "minor" ? `${major}.${minor + 1}.0` : `${major}.${minor}.${patch + 1}`;
}

/** The packages that a release would raise, and how. */
function changed(): Record<string, string> {
  const now = packages.map(({ name, manifest }) => {
    const { version } = readManifest(join(tree, "packages", name));
    const bump = bumps.find((each) => raised(manifest.version, each) === version);
    return [name, version === manifest.version ? "" : (bump ?? version)] as const;
  });
  return Object.fromEntries(now.filter(([, bump]) => bump !== ""));
}

test("each package gets the highest step that a changeset names for it, and their texts", () => {
  versioned(written);
  const steps = changed();
  for (const { name, manifest } of packages) {
    const own = written.filter(({ names }) => names.has(manifest.name));
    const step = Math.max(-1, ...own.map(({ names }) => bumps.indexOf(names.get(manifest.name)!)));
    if (step >= 0) expect(steps[name], name).toBe(bumps[step]);
    const file = join(tree, "packages", name, "CHANGELOG.md");
    const log = existsSync(file) ? readFileSync(file, "utf8") : "";
    for (const { text } of own) expect(log).toContain(text.trim().split("\n")[0]);
  }
  for (const { manifest } of packages) expect(manifest.version).toMatch(/^\d+\.\d+\.\d+$/);
});

test("packages are versioned apart: who depends on nothing that changed stays", () => {
  const one = (name: string, bump: Bump) => ({
    names: new Map([[`@rnnkit/${name}`, bump]]),
    text: "x\n",
  });
  versioned([one("preprocess", "minor"), one("datasets-imdb", "patch")]);
  expect(changed()).toEqual({ preprocess: "minor", "datasets-imdb": "patch" });
});

test("a minor step below a package is a patch of those on top of it, and breaks no peer's range", () => {
  versioned([{ names: new Map([["@rnnkit/fused-rnn", "minor"]]), text: "x\n" }]);
  expect(changed()).toEqual({
    "fused-rnn": "minor",
    "keras-builders": "patch",
    "keras-files": "patch",
  });
});
