import { basename, join } from "node:path";
import { writeWhole } from "./output.ts";
import { renderReport } from "./report/report.ts";
import { type Results, stringifyJson } from "./results.ts";

/**
 * Writes `<name>.json`, then `<name>.html` made from it, each under a temporary name first, so that
 * neither is ever seen half-written. Returns their paths.
 */
export function writeResults(
  folder: string,
  name: string,
  results: Results,
): { json: string; html: string } {
  const text = stringifyJson(results);
  const json = join(folder, `${name}.json`);
  const html = join(folder, `${name}.html`);
  writeWhole(json, text);
  writeWhole(html, renderReport(JSON.parse(text) as Results, basename(json)));
  return { json, html };
}
