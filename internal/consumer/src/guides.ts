// The pages of docs/, whose blocks of JavaScript are one program a page, from top to bottom.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./packages.ts";
import { importsOf, snippetsOf } from "./readmes.ts";

/** A page with code, by its name. */
export interface Guide {
  name: string;
  code: string;
}

export const guides: readonly Guide[] = readdirSync(join(root, "docs"))
  .filter((file) => file.endsWith(".md"))
  .map((file) => ({ name: file, text: readFileSync(join(root, "docs", file), "utf8") }))
  .map(({ name, text }) => ({
    name,
    code: snippetsOf(text)
      .map(({ code }) => code)
      .join("\n"),
  }))
  .filter(({ code }) => code !== "");

/** What they import, and the backends among which selectBackend chooses. */
export const guidePackages: readonly string[] = [
  ...new Set([
    ...guides.flatMap(({ code }) => importsOf(code)),
    "@tensorflow/tfjs-backend-cpu",
    "@tensorflow/tfjs-backend-wasm",
  ]),
];
