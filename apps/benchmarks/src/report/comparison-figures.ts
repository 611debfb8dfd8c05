import { modelText } from "../charts/compared.ts";
import { scoreTimeChart } from "../charts/score-time-chart.ts";
import { stepTimeChart } from "../charts/step-time-chart.ts";
import type { Comparison } from "../compare/schema.ts";
import { figure, key } from "./elements.ts";
import { escapeHtml } from "./html.ts";

/** How fast: a figure a heat, its training steps and, beneath, its predictions. */
export function stepTimeFigures({ heats }: Pick<Comparison, "heats">): string[] {
  return heats.flatMap((heat) => {
    const charts = [stepTimeChart(heat, "train"), stepTimeChart(heat, "predict")].filter(
      (chart) => chart !== null,
    );
    if (charts.length === 0) return [];
    return [
      figure(
        charts,
        `${escapeHtml(modelText(heat))}: a dot a round, a bar from quartile to quartile, a line at the median. ` +
          key("round fused", "fused") +
          key("round stock", "stock"),
      ),
    ];
  });
}

/** How good against time, all runs in one figure; none before an epoch has ended. */
export function scoreTimeFigures(comparison: Pick<Comparison, "runs" | "task" | "axes">): string[] {
  const chart = scoreTimeChart(comparison);
  if (!chart) return [];
  const { cells, implementations } = comparison.axes;
  const caption =
    cells.map((cell, i) => key(`cell-${i + 1}`, cell.replaceAll("_", " "))).join("") +
    (implementations.includes("fused") ? key("solid", "fused") : "") +
    (implementations.includes("stock") ? key("dashed", "stock") : "");
  return [figure(chart, caption)];
}
