// Examples, run as their readers run them: a process of its own, against the packed packages.
import { execFile } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { expect, inject } from "vitest";
import { root } from "./packages.ts";

/** The folder of a project with all packages in it, into which the examples are copied. */
export const project = join(inject("projects"), "all");

export const examples = join(root, "examples");

const run = promisify(execFile);

/**
 * Runs an example, a path in `examples`, with other words in the place of some of its own, such as smaller sizes.
 * Resolves to what it prints.
 */
export async function runExample(
  example: string,
  smaller: Record<string, string> = {},
): Promise<string> {
  let code = readFileSync(join(examples, example), "utf8");
  for (const [words, others] of Object.entries(smaller)) {
    expect(code.split(words).length - 1, `${words} in ${example}`).toBe(1);
    code = code.replace(words, () => others);
  }
  const file = join(project, example);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, code);
  const { stdout, stderr } = await run(process.execPath, [file], { cwd: dirname(file) });
  expect(stderr).toBe("");
  return stdout;
}

/** Puts what examples import or read beside them. */
export function copyBeside(...paths: string[]): void {
  for (const path of paths) cpSync(join(examples, path), join(project, path), { recursive: true });
}

/** The numbers that the pattern's groups find, which must be there. */
export function numbersIn(text: string, pattern: RegExp): number[] {
  const found = text.match(pattern);
  expect(found, `${pattern} in ${text}`).not.toBeNull();
  return found!.slice(1).map(Number);
}
