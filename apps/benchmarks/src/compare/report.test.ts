import { linkSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseHTML } from "linkedom";
import { expect, test } from "vitest";
import { runCommandLine } from "../commands/command-line.ts";
import { stringifyJson } from "../results.ts";
import { memoryTerminal } from "../terminal/memory-terminal.ts";
import { renderComparisons } from "./report.ts";
import { qualityOf, ratioOf, rowsOf } from "./rows.ts";
import { sampleComparison } from "./sample-comparison.ts";
import type { Comparison } from "./schema.ts";
import { comparisonTable } from "./table.ts";

test("ratios are of each round, so a machine that slows down for all does not show in them", () => {
  const times = (samplesMs: number[]) => ({ samplesMs, medianMs: 0, lowMs: 0, highMs: 0 });
  expect(ratioOf(times([2, 20, 4]), times([1, 10, 2]))).toEqual({ median: 2, low: 2, high: 2 });
});

test("quality is the mean over seeds and the sample's deviation, which one seed has not", () => {
  const run = (test: number) => ({ quality: { test, train: null, testLoss: null } });
  expect(qualityOf([run(1), run(3), { quality: null }])).toEqual({
    ...{ mean: 2, deviation: Math.SQRT2, seeds: 2 },
  });
  expect(qualityOf([run(1)])).toEqual({ mean: 1, deviation: null, seeds: 1 });
  expect(qualityOf([{ quality: null }])).toBeNull();
});

test("the terminal's table has a row a variant, and a reason once for all that have it", () => {
  const lines = comparisonTable(sampleComparison());
  const rows = lines.filter((line) => /^ {2}single /.test(line));
  expect(rows.length).toBe(rowsOf(sampleComparison()).length);
  expect(rows[1]).toMatch(/lstm +fused wasm +2 +0\.800 \(.*\) +0\.727 .* RMSE 25\.50 ± 0\.71$/);
  expect(lines.join("\n")).toContain("gru by stock layers has reset_after=False");
  expect(lines.join("\n")).toMatch(
    /single\/lstm\/fused\/webgpu, single\/gru\/fused\/webgpu: cannot/,
  );
});

test("a batch that is larger than the training part is said as what it is", () => {
  const comparison = sampleComparison();
  comparison.settings.batchSize = comparison.task.examples.train + 1;
  const said = new RegExp(`batch ${comparison.task.examples.train} .all; of`);
  expect(comparisonTable(comparison)[0]).toMatch(said);
  expect(renderComparisons([{ name: "a.json", comparison }])).toMatch(said);
});

test("a report never takes the place of what it is made of, by whatever path", async () => {
  const folder = mkdtempSync(join(tmpdir(), "rnnkit-report-"));
  const [file, link] = [join(folder, "a.json"), join(folder, "link.html")] as const;
  writeFileSync(file, stringifyJson(sampleComparison()));
  linkSync(file, link);
  for (const html of [file, join(folder, ".", "a.json"), link]) {
    const terminal = memoryTerminal();
    expect(await runCommandLine(["report", file, "--html", html], terminal)).toBe(2);
    expect(terminal.text.err).toMatch(
      /--html: expected another file than those that are read, got/,
    );
    expect(readFileSync(file, "utf8")).toBe(stringifyJson(sampleComparison()));
  }
  const terminal = memoryTerminal();
  expect(await runCommandLine(["report", file, "--html", join(file, "x.html")], terminal)).toBe(2);
  expect(terminal.text.err).toMatch(/--html: expected a folder to write to/);
});

test("two machines stand side by side, the second beside the first; a hostile name stays text", async () => {
  const folder = mkdtempSync(join(tmpdir(), "rnnkit-report-"));
  const [a, b] = ["a.json", "b&<i>.json"].map((name) => join(folder, name)) as [string, string];
  const quick = sampleComparison(2);
  Object.assign(quick.machines[0]!, { cpu: "<b>Another</b> processor" });
  writeFileSync(a, stringifyJson(sampleComparison()));
  writeFileSync(b, stringifyJson(quick));
  const terminal = memoryTerminal();
  const html = join(folder, "both.html");
  expect(await runCommandLine(["report", a, b, "--html", html], terminal)).toBe(0);
  expect(terminal.text.out).toContain(html);
  const { document } = parseHTML(readFileSync(html, "utf8"));
  expect(document.querySelectorAll("script, i, b").length).toBe(0);
  const table = document.querySelectorAll("table")[1]!;
  const head = [...table.querySelectorAll("th")].map((th) => th.textContent);
  expect(head).toEqual([
    ...["variant", "A ms", "/ first of its cell"],
    ...["B ms", "/ first of its cell", "/ A"],
  ]);
  const row = [...table.querySelectorAll("tbody tr")]
    .map((tr) => [...tr.querySelectorAll("td")].map((td) => td.textContent))
    .find(([key]) => key === "single/lstm/stock/cpu");
  expect(row?.at(-1)).toBe("0.500");
  for (const name of ["A: a.json", "B: b&<i>.json"]) {
    expect(document.body.textContent).toContain(name);
  }
  expect(document.body.textContent).toContain("<b>Another</b> processor");
});

test("times of two files are divided by each other only where a step is of the same size", () => {
  const comparison = sampleComparison();
  const ratio = (other: Comparison) => {
    const pair = [comparison, other].map((comparison, i) => ({ name: `${i}.json`, comparison }));
    const { document } = parseHTML(renderComparisons(pair));
    return document.querySelectorAll("table")[1]?.querySelector("tbody td:last-child")?.textContent;
  };
  const other = sampleComparison(2);
  expect(ratio(other)).toBe("0.500");
  expect(ratio({ ...other, settings: { ...other.settings, units: 8 } })).toBe("–");
  const examples = { ...other.task.examples, steps: 500 };
  expect(ratio({ ...other, task: { ...other.task, examples } })).toBe("–");
});

test("one comparison has no names of files", () => {
  const html = renderComparisons([{ name: "x.json", comparison: sampleComparison() }]);
  expect(html).not.toContain("x.json");
});
