import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root: string = dirname(dirname(dirname(dirname(fileURLToPath(import.meta.url)))));

export interface Manifest {
  name: string;
  version: string;
  private?: boolean;
  packageManager?: string;
  exports: Record<string, Target>;
  dependencies?: Record<string, string>;
  peerDependencies?: Record<string, string>;
  peerDependenciesMeta?: Record<string, { optional?: boolean }>;
}

/** A value of `exports`: a file, or files by condition. */
export type Target = string | { readonly [condition: string]: Target };

export function readManifest(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
}

export interface PublishedPackage {
  /** Name of its folder, and its own without the scope. */
  name: string;
  folder: string;
  manifest: Manifest;
}

/** Everything that is published: whatever lies in packages/ and is not private. */
export const packages: readonly PublishedPackage[] = readdirSync(join(root, "packages"))
  .map((name) => ({ name, folder: join(root, "packages", name) }))
  .filter(({ folder }) => existsSync(join(folder, "package.json")))
  .map(({ name, folder }) => ({ name, folder, manifest: readManifest(folder) }))
  .filter(({ manifest }) => manifest.private !== true);
