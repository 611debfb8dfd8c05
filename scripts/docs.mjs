// @ts-check
// Builds the documentation into site/, which any static server can serve from any folder, and checks it: typedoc's
// warnings are errors, every link of a page and of the repository's markdown leads somewhere.
// With --external: prints what they link to elsewhere on the web, which is not asked.
import { rmSync } from "node:fs";
import { join } from "node:path";
import { buildSite } from "./docs-site.mjs";
import { checkMarkdown, checkSite } from "./links.mjs";
import { root } from "./workspace.mjs";

const site = join(root, "site");
const markdown = checkMarkdown(root);
rmSync(site, { recursive: true, force: true });
const isClean = await buildSite(site);
const built = checkSite(site);
const complaints = [...markdown.complaints, ...built.complaints];
for (const complaint of complaints) console.error(complaint);
if (!isClean || complaints.length > 0) process.exit(1);

// Not the lines of code that definitions point to.
const external = [...new Set([...markdown.external, ...built.external])]
  .filter((address) => !/#L\d+$/.test(address))
  .sort();
if (process.argv.includes("--external")) console.log(external.join("\n"));
console.log(
  `site/: ${built.pages} pages, ${built.links} links; ${markdown.files} markdown files; ` +
    `${external.length} addresses elsewhere (--external lists them)`,
);
