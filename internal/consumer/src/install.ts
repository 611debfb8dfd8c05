// Packs every published package as a release does and installs the tarballs outside the workspace:
// one project per package with what that package declares and no more, one with all of them, one with a tfjs-node where
// there is one, one per README with what its install line brings, and one with what the guides import.
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
import { guidePackages } from "./guides.ts";
import { type Manifest, packages, readManifest, root } from "./packages.ts";
import { readmes } from "./readmes.ts";

declare module "vitest" {
  interface ProvidedContext {
    /**
     * Folder of the projects: `<package's folder name>`, `all`, `tfjs-node`, `readme-<owner>`, `guides`, and the
     * tarballs in `tarballs`.
     */
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
    if (process.env.RNNKIT_TFJS_NODE)
      installBeside(process.env.RNNKIT_TFJS_NODE, join(folder, "tfjs-node"), tarballs);
    for (const { owner, installed } of readmes)
      installAsNpm(join(folder, `readme-${owner}`), installed, tarballs);
    installAsNpm(join(folder, "guides"), guidePackages, tarballs);
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
  const modules = emptyProject(project);
  const waiting = [...names];
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    const manifest = unpack(name, modules, tarballs);
    for (const dependency of manifest ? declared(manifest) : []) {
      if (dependency.startsWith(scope)) waiting.push(dependency.slice(scope.length));
      else link(dependency, join(root, "packages", name, "node_modules"), modules);
    }
  }
}

/** All of ours beside a tfjs-node with the tfjs that it brings, and no other backend than that brings. */
function installBeside(home: string, project: string, tarballs: string): void {
  const [modules, scoped] = [emptyProject(project), join("node_modules", "@tensorflow")];
  for (const name of readdirSync(join(home, scoped)))
    link(join("@tensorflow", name), join(home, "node_modules"), modules);
  for (const { name, manifest } of packages) {
    unpack(name, modules, tarballs);
    for (const dependency of Object.keys(manifest.dependencies ?? {}))
      link(dependency, join(root, "packages", name, "node_modules"), modules);
  }
}

/** What `npm install` with these names brings: optional peers only where they are named. */
function installAsNpm(project: string, names: readonly string[], tarballs: string): void {
  const modules = emptyProject(project);
  const homes = packages.map(({ folder }) => join(folder, "node_modules"));
  const waiting = [...names];
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    if (name.startsWith(scope)) {
      const manifest = unpack(name.slice(scope.length), modules, tarballs);
      waiting.push(...(manifest ? required(manifest) : []));
    } else {
      const home = homes.find((folder) => existsSync(join(folder, String(name))));
      if (!home) throw new Error(`${project}: no package of ours has ${name}`);
      link(name, home, modules);
    }
  }
}

const scope = "@rnnkit/";

/** The project's empty folder of packages. */
function emptyProject(project: string): string {
  const modules = join(project, "node_modules");
  mkdirSync(modules, { recursive: true });
  writeFileSync(join(project, "package.json"), '{ "private": true, "type": "module" }\n');
  return modules;
}

/** One of ours, put where it belongs; undefined if it lies there already. */
function unpack(name: string, modules: string, tarballs: string): Manifest | undefined {
  const target = join(modules, scope, name);
  if (existsSync(target)) return undefined;
  mkdirSync(target, { recursive: true });
  const tarball = join(tarballs, tarballOf(name, tarballs));
  execFileSync("tar", ["-xzf", tarball, "-C", target, "--strip-components=1"]);
  return readManifest(target);
}

/** What the examples import besides ours, as their own manifest has it. */
function linkExamples(project: string): void {
  const examples = join(root, "examples");
  for (const dependency of declared(readManifest(examples))) {
    if (dependency.startsWith(scope)) continue;
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

function required({ dependencies, peerDependencies, peerDependenciesMeta }: Manifest): string[] {
  const isOptional = (name: string) => peerDependenciesMeta?.[name]?.optional === true;
  const peers = Object.keys(peerDependencies ?? {}).filter((name) => !isOptional(name));
  return [...Object.keys(dependencies ?? {}), ...peers];
}

function link(dependency: string, from: string, to: string): void {
  const source = join(from, dependency);
  const target = join(to, dependency);
  // An optional peer that the workspace has not installed is not installed here either.
  if (!existsSync(source) || existsSync(target)) return;
  mkdirSync(dirname(target), { recursive: true });
  symlinkSync(realpathSync(source), target, "dir");
}
