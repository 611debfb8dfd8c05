// Packs every published package as a release does and installs the tarballs outside the workspace:
// one project per package with what that package declares and no more, and one with all of them.
import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { TestProject } from "vitest/node";
import { type Manifest, packages, readManifest, root } from "./packages.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** Folder of the projects: `<package's folder name>`, `all`, and the tarballs in `tarballs`. */
    projects: string;
  }
}

export default function install(project: TestProject): () => void {
  const folder = mkdtempSync(join(realpathSync(tmpdir()), "rnnkit-consumer-"));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  try {
    const tarballs = join(folder, "tarballs");
    pack(tarballs);
    for (const { name } of packages) installInto(join(folder, name), [name], tarballs);
    installInto(
      join(folder, "all"),
      packages.map(({ name }) => name),
      tarballs,
    );
    linkExamples(join(folder, "all"));
  } catch (error) {
    remove();
    throw error;
  }
  project.provide("projects", folder);
  return remove;
}

function pack(destination: string): void {
  for (const { name, folder } of packages)
    if (!existsSync(join(folder, "dist"))) throw new Error(`packages/${name}: build it first`);
  const { packageManager } = readManifest(root);
  const line = ["--yes", "--loglevel=error", `${packageManager}`, "--recursive"];
  const filters = packages.map(({ manifest }) => `--filter=${manifest.name}`);
  execFileSync("npx", [...line, ...filters, "pack", "--pack-destination", destination], {
    cwd: root,
    stdio: ["ignore", "ignore", "inherit"],
    shell: process.platform === "win32",
  });
}

/** Ours come from their tarballs, with what they declare; the rest is linked from the workspace. */
function installInto(project: string, names: readonly string[], tarballs: string): void {
  const modules = join(project, "node_modules");
  mkdirSync(modules, { recursive: true });
  writeFileSync(join(project, "package.json"), '{ "private": true, "type": "module" }\n');
  const waiting = [...names];
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    const target = join(modules, "@rnnkit", name);
    if (existsSync(target)) continue;
    mkdirSync(target, { recursive: true });
    const tarball = join(tarballs, tarballOf(name, tarballs));
    execFileSync("tar", ["-xzf", tarball, "-C", target, "--strip-components=1"]);
    const manifest = readManifest(target);
    for (const dependency of declared(manifest)) {
      if (dependency.startsWith("@rnnkit/")) waiting.push(dependency.slice("@rnnkit/".length));
      else link(dependency, join(root, "packages", name, "node_modules"), modules);
    }
  }
}

/** What the examples import besides ours, as their own manifest has it. */
function linkExamples(project: string): void {
  const examples = join(root, "examples");
  for (const dependency of declared(readManifest(examples))) {
    if (dependency.startsWith("@rnnkit/")) continue;
    link(dependency, join(examples, "node_modules"), join(project, "node_modules"));
  }
}

export function tarballOf(name: string, tarballs: string): string {
  const found = readdirSync(tarballs).find((file) =>
    new RegExp(`^rnnkit-${name}-\\d+\\.\\d+\\.\\d+\\.tgz$`).test(file),
  );
  if (!found) throw new Error(`no tarball of ${name} in ${readdirSync(tarballs)}`);
  return found;
}

function declared(manifest: Manifest): string[] {
  return Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies });
}

function link(dependency: string, from: string, to: string): void {
  const source = join(from, dependency);
  const target = join(to, dependency);
  // An optional peer that the workspace has not installed is not installed here either.
  if (!existsSync(source) || existsSync(target)) return;
  mkdirSync(dirname(target), { recursive: true });
  symlinkSync(realpathSync(source), target, "dir");
}
