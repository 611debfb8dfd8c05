import { scoreTimeFigures, stepTimeFigures } from "../report/comparison-figures.ts";
import { reportDocument } from "../report/document.ts";
import { cell, number, table } from "../report/elements.ts";
import { escapeHtml } from "../report/html.ts";
import { median } from "../statistics.ts";
import { formatNumber } from "../terminal/format.ts";
import { codeName } from "./code.ts";
import { batchText, qualityText, stockGruText } from "./result-lines.ts";
import { rowsOf, type VariantRow } from "./rows.ts";
import type { Comparison, StepTimes } from "./schema.ts";
import { timeText } from "./table.ts";

/** A comparison with what it is called in the report: the name of its file. */
export interface Named {
  name: string;
  comparison: Comparison;
}

/**
 * One or several comparisons, of machines or versions, side by side in one HTML document: a pure function of them,
 * without script, loading nothing.
 */
export function renderComparisons(all: readonly Named[]): string {
  const title = `rnnkit comparison: ${[...new Set(all.map(({ comparison }) => comparison.task.title))].join(", ")}`;
  return reportDocument({
    title,
    main: `${originsSection(all)}
${timesSection(all)}
${picturesSection(all, "How long a step takes", ({ comparison }) => stepTimeFigures(comparison))}
${qualitySection(all)}
${picturesSection(all, "How good after how long", ({ comparison }) => scoreTimeFigures(comparison))}
${reasonsSection(all)}`,
  });
}

/** A letter a file: columns of their names would not stand side by side. */
const label = (all: readonly Named[], i: number) =>
  all.length === 1 ? "" : String.fromCharCode(65 + (i % 26)).repeat(1 + Math.floor(i / 26));

function originsSection(all: readonly Named[]): string {
  const rows = all.map(({ name, comparison }, i) => {
    const { code, machines, settings, task, status, updatedAt } = comparison;
    return [
      ...(all.length > 1 ? [cell(`${label(all, i)}: ${name}`)] : []),
      cell(
        `${updatedAt.slice(0, 10)} ${updatedAt.slice(11, 16)} UTC${status === "complete" ? "" : " (interrupted)"}`,
      ),
      cell(codeName(code)),
      cell(
        machines
          .map(
            ({ cpu, logicalCores, node, simd, adapter }) =>
              `${cpu}, ${logicalCores} cores, Node ${node}, ${simd}${adapter ? `, ${adapter}` : ""}`,
          )
          .join("; "),
      ),
      cell(
        `${task.title}, ${settings.units} units, ${batchText(comparison)}, ${settings.epochs} epochs, ${settings.optimizer} ${settings.learningRate}`,
      ),
    ];
  });
  const columns: [string][] = [
    ...(all.length > 1 ? ([["file"]] as [string][]) : []),
    ...([["written"], ["code"], ["machines"], ["task and settings"]] as [string][]),
  ];
  return `<section>
<h2>Where the numbers are from</h2>
${table(columns, rows)}
</section>`;
}

/** Rows of all, by key; each has a row of every comparison, or none. */
function joined(all: readonly Named[]): Map<string, (VariantRow | null)[]> {
  const rows = new Map<string, (VariantRow | null)[]>();
  for (const [i, { comparison }] of all.entries()) {
    for (const row of rowsOf(comparison)) {
      if (!rows.has(row.key))
        rows.set(
          row.key,
          all.map(() => null),
        );
      (rows.get(row.key) as (VariantRow | null)[])[i] = row;
    }
  }
  return rows;
}

function timesSection(all: readonly Named[]): string {
  const isLikeFirst = all.map((named) => stepOf(named) === stepOf(all[0] as Named));
  return (["train", "predict"] as const)
    .map((pass) => {
      const columns: [string, "number"?][] = [["variant"]];
      for (const i of all.keys()) {
        columns.push([`${label(all, i)} ms`.trim(), "number"], ["/ first of its cell", "number"]);
        if (i > 0) columns.push([`/ ${label(all, 0)}`, "number"]);
      }
      const rows = [...joined(all)].map(([key, ofEach]) => [
        cell(key),
        ...ofEach.flatMap((row, i) => [
          number(timeText(row?.lane?.[pass])),
          number(row?.ratio ? formatNumber(row.ratio[pass].median, 3) : "–"),
          ...(i > 0
            ? [number(isLikeFirst[i] ? between(row?.lane?.[pass], ofEach[0]?.lane?.[pass]) : "–")]
            : []),
        ]),
      ]);
      const what = pass === "train" ? "A training step" : "A prediction";
      return `<section>
<h2>${what}</h2>
<p class="quiet">Milliseconds of a batch, medians and quartiles. Times of one cell were measured in turn on one machine, and divided
round by round; times of two files were not, and are divided only where a step is of the same size.${gruSentence(all)}</p>
${table(columns, rows)}
</section>`;
    })
    .join("\n");
}

/** All that decides how much a step computes: the times of two others are not to be divided. */
function stepOf({ comparison: { task, settings } }: Named): string {
  const { kind, examples } = task;
  const batch = Math.min(settings.batchSize, examples.train);
  return JSON.stringify([
    ...[kind, examples.steps, examples.features],
    ...[batch, settings.units, settings.optimizer],
  ]);
}

/** What its readers would else divide by each other, after a space. */
function gruSentence(all: readonly Named[]): string {
  const rows = all.flatMap(({ comparison }) => rowsOf(comparison));
  const text = stockGruText(rows.map(({ variant }) => variant));
  return text === null ? "" : ` ${escapeHtml(text)}.`;
}

/** Median / median: of two files there are no rounds in common. */
function between(times: StepTimes | null | undefined, first: StepTimes | null | undefined) {
  if (!times || !first) return "–";
  return formatNumber(median(times.samplesMs) / median(first.samplesMs), 3);
}

/** The figures of each comparison under its name. */
function picturesSection(
  all: readonly Named[],
  title: string,
  figuresOf: (named: Named) => string[],
): string {
  const parts = all.map((named) => {
    const figures = figuresOf(named).join("\n");
    return all.length > 1 && figures ? `<h3>${escapeHtml(named.name)}</h3>\n${figures}` : figures;
  });
  if (parts.every((part) => part === "")) return "";
  return `<section>
<h2>${escapeHtml(title)}</h2>
${parts.join("\n")}
</section>`;
}

function qualitySection(all: readonly Named[]): string {
  const columns: [string, "number"?][] = [["variant"]];
  for (const i of all.keys()) {
    columns.push([`${label(all, i)} test part`.trim(), "number"], ["seeds", "number"]);
  }
  const rows = [...joined(all)].map(([key, ofEach]) => [
    cell(key),
    ...ofEach.flatMap((row, i) => {
      const quality = row?.quality;
      const { measure } = (all[i] as Named).comparison.task;
      return [
        number(quality ? qualityText(quality.mean, measure, quality.deviation) : "–"),
        number(String(quality?.seeds ?? 0)),
      ];
    }),
  ]);
  const baselines = all.map(({ comparison: { task } }, i) => {
    const texts = Object.entries(task.baselines).map(
      ([name, value]) => `${name} ${qualityText(value, task.measure)}`,
    );
    return `${all.length > 1 ? `${label(all, i)}: ` : ""}${texts.join(", ")}`;
  });
  return `<section>
<h2>What was learnt</h2>
<p class="quiet">Mean and deviation over seeds. Beside it, of what has learnt nothing: ${escapeHtml([...new Set(baselines)].join("; "))}.${gruSentence(all)}</p>
${table(columns, rows)}
</section>`;
}

function reasonsSection(all: readonly Named[]): string {
  const rows = all.flatMap(({ name, comparison }) =>
    rowsOf(comparison)
      .filter(({ reason }) => reason !== null)
      .map(({ key, reason }) => [
        ...(all.length > 1 ? [cell(name)] : []),
        cell(key),
        cell(reason as string),
      ]),
  );
  if (rows.length === 0) return "";
  const columns: [string][] = [
    ...(all.length > 1 ? ([["file"]] as [string][]) : []),
    ...([["variant"], ["why"]] as [string][]),
  ];
  return `<section>
<h2>What was not measured</h2>
${table(columns, rows)}
</section>`;
}
