// @ts-check
// What the tools for documentation ask of markdown: its prose without its code, its links, the anchors of its headings.

const code = /^(`{3,}|~{3,}).*\n[\s\S]*?^\1[ \t]*$|(?<!`)(`+)(?!`)[^\n]*?(?<!`)\2(?!`)/gm;

/** The text, with the prose between its blocks and spans of code changed. @param {string} text @param {(prose: string) => string} change */
export function outsideCode(text, change) {
  let [changed, at] = ["", 0];
  for (const match of text.matchAll(code)) {
    changed += change(text.slice(at, match.index)) + match[0];
    at = match.index + match[0].length;
  }
  return changed + change(text.slice(at));
}

/** The addresses that links and images of a page name, each with its line. @param {string} text */
export function linksOf(text) {
  /** @type {{ address: string, line: number }[]} */
  const links = [];
  // Code goes, its lines stay.
  const prose = text.replace(code, (found) => found.replace(/[^\n]/g, "`"));
  const line = (/** @type {number} */ at) => prose.slice(0, at).split("\n").length;
  for (const { 1: address = "", index } of prose.matchAll(/\]\(\s*<?([^)>\s]+)>?[^)]*\)/g))
    links.push({ address, line: line(index) });
  for (const { 1: address = "", index } of prose.matchAll(/^ {0,3}\[[^\]]+\]:\s*<?(\S+?)>?\s*$/gm))
    links.push({ address, line: line(index) });
  for (const { 1: address = "", index } of prose.matchAll(/<(https?:[^>\s]+)>/g))
    links.push({ address, line: line(index) });
  return links;
}

/** The anchors of a page's headings, as GitHub makes them. @param {string} text */
export function anchorsOf(text) {
  /** @type {Set<string>} */
  const anchors = new Set();
  const headings = text.replace(/^(`{3,}|~{3,}).*\n[\s\S]*?^\1[ \t]*$/gm, "");
  for (const [, heading = ""] of headings.matchAll(/^#{1,6}[ \t]+(.+?)[ \t#]*$/gm)) {
    const words = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, "$1").replace(/[`*]/g, "");
    const base = words
      .toLowerCase()
      .replace(/[^\p{L}\p{M}\p{N}\p{Pc}\- ]/gu, "")
      .replaceAll(" ", "-");
    let anchor = base;
    for (let n = 1; anchors.has(anchor); n++) anchor = `${base}-${n}`;
    anchors.add(anchor);
  }
  for (const [, id = ""] of text.matchAll(/<a (?:id|name)="([^"]+)"/g)) anchors.add(id);
  return anchors;
}
