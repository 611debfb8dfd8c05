import * as Plot from "@observablehq/plot";
import type { Heat, Lane, StepTimes } from "../compare/schema.ts";
import { formatNumber } from "../terminal/format.ts";
import { type Chart, fittedText } from "./chart.ts";
import { modelText, variantText } from "./compared.ts";
import { ink } from "./ink.ts";

/** Which of a heat's times. */
export type TimedPass = "train" | "predict";

const words = { train: "training step", predict: "prediction" } as const;

const ROW = 42;

/**
 * How long a step takes, a row a variant: a dot a round, a bar from quartile to quartile, a line at the median, on a
 * logarithmic axis. What was not measured says why in its row. Null where nothing was.
 */
export function stepTimeChart(heat: Heat, pass: TimedPass): Chart | null {
  const lanes = heat.lanes.map((lane) => ({ lane, name: variantText(lane), times: lane[pass] }));
  const measured = lanes
    .filter((row): row is Row => row.times !== null)
    .sort((a, b) => a.times.medianMs - b.times.medianMs);
  const [fastest, slowest] = [measured[0], measured.at(-1)];
  if (!fastest || !slowest) return null;
  const others = lanes.filter(({ times }) => times === null);
  const rows = [...measured, ...others];
  const samples = measured.flatMap(({ times }) => times.samplesMs);
  const domain = [Math.min(...samples) / 1.3, Math.max(...samples) * 1.3];
  const title = ({ name, times }: Row) =>
    `${name}: median ${said(times.medianMs)}, half of the rounds between ${said(times.lowMs)} and ${said(times.highMs)}`;
  return {
    label:
      `${modelText(heat)}: milliseconds of a ${words[pass]}; ${fastest.name} ${said(fastest.times.medianMs)}` +
      (measured.length > 1
        ? `, the slowest, ${slowest.name}, ${said(slowest.times.medianMs)}`
        : ""),
    span: "full",
    options: (size) => ({
      height: 56 + ROW * rows.length,
      marginLeft: 12,
      marginTop: 8,
      marginBottom: 48,
      x: {
        ...{ type: "log", label: `milliseconds of a ${words[pass]}`, grid: true, domain },
        ...{ ticks: size.narrow ? 3 : 6, tickFormat: (ms: number) => formatNumber(ms, 1) },
      },
      y: { type: "band", axis: null, domain: rows.map(({ name }) => name), padding: 0 },
      marks: [
        Plot.text(rows, {
          ...{ y: "name", frameAnchor: "left", textAnchor: "start", dy: -10, fill: "currentColor" },
          text: ({ name, lane, times }: (typeof rows)[number]) =>
            fittedText(
              times
                ? `${name}: ${said(times.medianMs)}`
                : `${name}: ${lane.outcome}, ${lane.reason}`,
              size.width - 24,
              size,
            ),
        }),
        Plot.ruleY(measured, {
          ...{ y: "name", x1: (row: Row) => row.times.lowMs, x2: (row: Row) => row.times.highMs },
          ...{ stroke: strokeOf, strokeWidth: 7, strokeOpacity: 0.35, dy: 8, title },
        }),
        Plot.dot(
          measured.flatMap((row) =>
            row.times.samplesMs.map((ms, i) => ({ ...row, ms, round: i + 1 })),
          ),
          {
            ...{ y: "name", x: "ms", r: 3, stroke: strokeOf, fill: "none", dy: 8 },
            symbol: (row: Row) => row.lane.implementation,
            title: ({ name, ms, round }: Row & { ms: number; round: number }) =>
              `${name}, round ${round}: ${said(ms)}`,
          },
        ),
        Plot.tickX(measured, {
          ...{ y: "name", x: (row: Row) => row.times.medianMs, stroke: "currentColor" },
          ...{ strokeWidth: 2, insetTop: ROW / 2, insetBottom: 4, title },
        }),
      ],
      symbol: { domain: ["fused", "stock"], range: ["circle", "square"] },
    }),
  };
}

interface Row {
  lane: Lane;
  name: string;
  times: StepTimes;
}

function strokeOf({ lane }: { lane: Lane }): string {
  return lane.implementation === "fused" ? ink.train : ink.baseline;
}

function said(ms: number): string {
  return `${formatNumber(ms, 3)} ms`;
}
