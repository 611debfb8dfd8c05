// The pages of docs/, whose blocks of JavaScript are one program a page, from top to bottom.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./packages.ts";
import { installedBy, snippetsOf } from "./readmes.ts";

/** A page with code, by its name. */
export interface Guide {
  name: string;
  code: string;
  /** What its `npm install` line names. */
  installed: string[];
}

export const guides: readonly Guide[] = readdirSync(join(root, "docs"))
  .filter((file) => file.endsWith(".md"))
  .map((file) => ({ name: file, text: readFileSync(join(root, "docs", file), "utf8") }))
  .map(({ name, text }) => ({
    name,
    installed: installedBy(text),
    code: snippetsOf(text)
      .map(({ code }) => code)
      .join("\n"),
  }))
  .filter(({ code }) => code !== "");

/** What their lines install. */
export const guidePackages: readonly string[] = [
  ...new Set(guides.flatMap(({ installed }) => installed)),
];
