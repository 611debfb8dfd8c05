import { formatNumber } from "../terminal/format.ts";
import { type Column, tableHead, tableRow } from "../terminal/text-table.ts";
import { batchText, qualityText, stockGruText } from "./result-lines.ts";
import { type Ratio, rowsOf, type VariantRow } from "./rows.ts";
import type { Comparison, StepTimes } from "./schema.ts";

const columns: Column[] = [
  { title: "model", width: 7, left: true },
  { title: "cell", width: 18, left: true },
  { title: "by", width: 12, left: true },
  { title: "threads", width: 7 },
  { title: "a step, ms", width: 19 },
  { title: "/ first", width: 7 },
  { title: "predict", width: 7 },
  { title: "/ first", width: 7 },
  { title: "on the test part", width: 20 },
];

/** What a comparison found, for the terminal: which cell, by what, how fast, how good. */
export function comparisonTable(comparison: Comparison): string[] {
  const { task, settings } = comparison;
  const rows = rowsOf(comparison);
  const reasons = new Map<string, string[]>();
  for (const { key, reason } of rows) {
    if (reason !== null) reasons.set(reason, [...(reasons.get(reason) ?? []), key]);
  }
  const baselines = Object.entries(task.baselines).map(
    ([name, value]) => `${name} ${qualityText(value, task.measure)}`,
  );
  const ofGru = stockGruText(rows.map(({ variant }) => variant));
  return [
    `${task.title}: ${task.examples.train} examples of ${task.examples.steps} steps, ${settings.units} units, ` +
      `${batchText(comparison)}, ${settings.epochs} epochs, ${settings.optimizer} ${settings.learningRate}`,
    `  medians of ${settings.rounds} rounds (quartiles), / first: of each round; ± is the deviation between seeds`,
    "",
    tableHead(columns),
    ...rows.map((row) => tableRow(columns, cellsOf(row, task.measure))),
    "",
    `  beside it: ${baselines.join(", ")}`,
    ...(ofGru === null ? [] : [`  ${ofGru}`]),
    ...[...reasons].map(([reason, keys]) => `  ${keys.join(", ")}: ${reason}`),
  ];
}

function cellsOf(row: VariantRow, measure: Comparison["task"]["measure"]): string[] {
  const { variant, lane, ratio, quality } = row;
  return [
    variant.model,
    variant.cell,
    `${variant.implementation} ${variant.backend}`,
    variant.threads === null ? "" : String(variant.threads),
    timeText(lane?.train),
    ratioText(ratio?.train),
    lane?.predict ? formatNumber(lane.predict.medianMs, 3) : "–",
    ratioText(ratio?.predict),
    quality ? qualityText(quality.mean, measure, quality.deviation) : "–",
  ];
}

/** `1.10 (1.08–1.15)` */
export function timeText(times: StepTimes | null | undefined): string {
  if (!times) return "–";
  const { medianMs, lowMs, highMs } = times;
  return `${formatNumber(medianMs, 3)} (${formatNumber(lowMs, 3)}–${formatNumber(highMs, 3)})`;
}

function ratioText(ratio: Ratio | null | undefined): string {
  return ratio ? formatNumber(ratio.median, 3) : "–";
}
