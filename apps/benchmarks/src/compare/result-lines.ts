import { formatNumber, formatPercent, formatSeconds } from "../terminal/format.ts";
import type { JobResult } from "./perform-job.ts";
import type { Comparison, Task, Variant } from "./schema.ts";

/** What a result says in the terminal the moment it is there; **count** is its place among all. */
export function resultLines(result: JobResult, measure: Task["measure"], count: string): string[] {
  if (result.kind === "run") {
    const { key, outcome, reason, quality, trainSeconds } = result.run;
    const text = quality
      ? `${qualityText(quality.test, measure)} after ${formatSeconds(trainSeconds)}`
      : `${outcome}: ${reason}`;
    return [`  ${count}  ${key}  ${text}`];
  }
  const { key, lanes, seconds } = result.heat;
  return [
    `  ${count}  timed ${key} in ${formatSeconds(seconds)}`,
    ...lanes.map(
      ({ key, outcome, reason, train }) =>
        `         ${key}  ${train ? `${formatNumber(train.medianMs, 3)} ms a step` : `${outcome}: ${reason}`}`,
    ),
  ];
}

/** How many examples a step has: no more than there are. */
export function batchText({ settings: { batchSize }, task }: Comparison): string {
  const { train } = task.examples;
  return batchSize > train ? `batch ${train} (all; of ${batchSize})` : `batch ${batchSize}`;
}

/** What is to be known of a `gru` by stock layers among **variants**, which stands beside one by fused ones; else null. */
export function stockGruText(variants: readonly Variant[]): string | null {
  return variants.some(({ cell, implementation }) => cell === "gru" && implementation === "stock")
    ? "gru by stock layers has reset_after=False, the only form they know: another model than by fused ones; gru_reset_before is the same in both"
    : null;
}

/** A quality in words, alone or the mean of several, with their **deviation**. */
export function qualityText(
  value: number,
  measure: Task["measure"],
  deviation?: number | null,
): string {
  if (measure === "accuracy") {
    const spread = deviation ? ` ± ${(100 * deviation).toFixed(1)}` : "";
    return `accuracy ${formatPercent(value).replace(" %", `${spread} %`)}`;
  }
  return `RMSE ${formatNumber(value)}${deviation ? ` ± ${formatNumber(deviation, 2)}` : ""}`;
}
