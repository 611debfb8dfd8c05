// @ts-check
// Links that lead nowhere: in the repository's markdown, and in the pages of a built site. What lies elsewhere on the
// web is told, not asked: a check must not depend on it.
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import { anchorsOf, linksOf } from "./markdown.mjs";

const elsewhere = /^[a-z][a-z+.-]*:/i;

/** The markdown files that git knows, or would. @param {string} root */
function knownPages(root) {
  const pages = ["ls-files", "-co", "--exclude-standard", "--", "*.md"];
  const known = execFileSync("git", pages, { cwd: root, encoding: "utf8" }).split("\n");
  return known.filter((file) => file && existsSync(join(root, file)));
}

/**
 * Complaints about the links of markdown files, those that git knows unless they are named, and the addresses elsewhere
 * that they name.
 *
 * @param {string} root
 * @param {readonly string[]} [files]
 */
export function checkMarkdown(root, files = knownPages(root)) {
  /** @type {string[]} */
  const complaints = [];
  /** @type {Set<string>} */
  const external = new Set();
  for (const file of files) {
    for (const { address, line } of linksOf(readFileSync(join(root, file), "utf8"))) {
      if (elsewhere.test(address)) {
        external.add(address);
        continue;
      }
      const [path = "", anchor] = decodeURI(address).split("#");
      const target = path ? join(root, dirname(file), path) : join(root, file);
      const where = `${file}:${line}: ${address}`;
      if (!existsSync(target)) complaints.push(`${where} is no file`);
      else if (relative(root, target).startsWith(`..${sep}`))
        complaints.push(`${where} leaves the repository`);
      else if (anchor && target.endsWith(".md")) {
        if (!anchorsOf(readFileSync(target, "utf8")).has(anchor))
          complaints.push(`${where} names no heading`);
      }
    }
  }
  return { complaints, external: [...external], files: files.length };
}

/**
 * The same of a site's pages: addresses that are no file of it, anchors that are no element, and what would not
 * work in a subfolder.
 *
 * @param {string} site
 */
export function checkSite(site) {
  const pages = readdirSync(site, { recursive: true, encoding: "utf8" }).filter((file) =>
    /\.(html|svg)$/.test(file),
  );
  /** @type {Map<string, { ids: Set<string>, links: string[] }>} */
  const read = new Map();
  for (const page of pages) {
    const html = readFileSync(join(site, page), "utf8");
    const all = (/** @type {RegExp} */ pattern) =>
      [...html.matchAll(pattern)].map(([, found = ""]) => found.replaceAll("&amp;", "&"));
    read.set(resolve(site, page), {
      ids: new Set(all(/ (?:id|name)="([^"]*)"/g)),
      links: all(/ (?:href|src)="([^"]*)"/g),
    });
  }
  /** @type {Set<string>} */
  const complaints = new Set();
  /** @type {Set<string>} */
  const external = new Set();
  let checked = 0;
  for (const [page, { links }] of read) {
    for (const link of links) {
      if (elsewhere.test(link)) {
        external.add(link);
        continue;
      }
      checked++;
      const [path = "", anchor] = decodeURI(link).split("#");
      const named = path ? resolve(dirname(page), path) : page;
      const target = path.endsWith("/") ? join(named, "index.html") : named;
      const where = `${relative(site, page)}: ${link}`;
      if (path.startsWith("/")) complaints.add(`${where} works at the root of a server alone`);
      else if (!target.startsWith(resolve(site))) complaints.add(`${where} leaves the site`);
      else if (!existsSync(target) || statSync(target).isDirectory())
        complaints.add(`${where} is no file`);
      else if (anchor && !read.get(target)?.ids.has(anchor))
        complaints.add(`${where} names no element`);
    }
  }
  return {
    complaints: [...complaints],
    external: [...external],
    pages: pages.length,
    links: checked,
  };
}
