// The READMEs as a newcomer reads them: one line that installs, and snippets to paste.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { packages, root } from "./packages.ts";

export interface Snippet {
  line: number;
  code: string;
  /** The file whose code it is, where the block says one behind its language. */
  listing?: string | undefined;
}

export interface Readme {
  /** The package's folder name, or "rnnkit", the repository's. */
  owner: string;
  /** What its first `npm install` line names, in that order. */
  installed: string[];
  /** The line of that line; 0 without one. */
  installLine: number;
  snippets: Snippet[];
}

const installLine = /^npm install (.+)$/m;

export const readmes: readonly Readme[] = [
  { owner: "rnnkit", path: join(root, "README.md") },
  ...packages.map(({ name, folder }) => ({ owner: name, path: join(folder, "README.md") })),
].map(({ owner, path }) => read(owner, existsSync(path) ? readFileSync(path, "utf8") : ""));

function read(owner: string, text: string): Readme {
  const lineAt = (index: number) => text.slice(0, index).split("\n").length;
  const install = installLine.exec(text);
  return {
    owner,
    installed: installedBy(text),
    installLine: install ? lineAt(install.index) : 0,
    snippets: snippetsOf(text),
  };
}

/** What a page's first `npm install` line names. */
export function installedBy(text: string): string[] {
  return installLine.exec(text)?.[1]?.trim().split(/\s+/) ?? [];
}

/** The blocks of JavaScript of a page. */
export function snippetsOf(text: string): Snippet[] {
  const blocks = text.matchAll(/^```(?:js|ts|javascript|typescript)(?: (\S+))?\n([\s\S]*?)^```$/gm);
  return [...blocks].map(({ index, 1: listing, 2: code }) => ({
    line: text.slice(0, index).split("\n").length,
    code: String(code),
    listing,
  }));
}

/** The packages that code imports, Node's own not among them. */
export function importsOf(code: string): string[] {
  return [...code.matchAll(/(?:\bfrom|\bimport)\s*\(?"((?:@[^/"]+\/)?[^/"]+)[^"]*"/g)]
    .map((match) => String(match[1]))
    .filter((name) => !name.startsWith("node:"));
}
