import * as Plot from "@observablehq/plot";
import type { ScalingRow } from "../bench/bench-rows.ts";
import { formatNumber } from "../terminal/format.ts";
import { type Chart, fittedText, plotWidth, type Size } from "./chart.ts";
import { ink } from "./ink.ts";

/** What of a size is varied. */
export type ScaledAxis = Exclude<ScalingRow["axis"], "large">;

/** What grows with it. */
export type ScaledCost = "medianMs" | "trainingBytes";

const axes: Record<ScaledAxis, string> = {
  T: "steps T",
  B: "batch B",
  H: "units H (and inputs)",
};

const costs = {
  medianMs: { label: "milliseconds of a training step", word: "time", unit: "ms", scale: 1 },
  trainingBytes: { label: "engine's memory (MB)", word: "memory", unit: "MB", scale: 1e-6 },
} as const;

/**
 * How a training step's cost grows with a size, both on logarithmic axes, and the power that fits the larger half of the
 * sizes, where the cost of a call no longer counts; its exponent stands at its line. Null with fewer than two sizes.
 */
export function scalingChart(rows: ScalingRow[], axis: ScaledAxis, cost: ScaledCost): Chart | null {
  const { label, word, unit, scale } = costs[cost];
  const points = rows
    .filter((row) => row.axis === axis && row[cost] > 0)
    .map((row) => ({ size: row.shape[axis], value: row[cost] * scale, p95: row.p95Ms }))
    .sort((a, b) => a.size - b.size);
  const larger = points.slice(Math.min(points.length - 2, Math.floor(points.length / 2)));
  const [first, last] = [larger[0], larger.at(-1)];
  if (!first || !last || larger.length < 2) return null;
  const { exponent, at } = fittedPower(larger.map(({ size, value }) => [size, value]));
  const law = `${word} ∝ ${axis}^${exponent.toFixed(2)}`;
  const fit = [first, last].map(({ size }) => ({ size, value: at(size) }));
  const ticks = (size: Size) =>
    sizesFor(
      points.map((point) => point.size),
      plotWidth(size),
    );
  return {
    label: `${rows[0]?.op}: ${label} over ${axes[axis]}, ${points[0]?.size} to ${last.size}; ${law} from ${first.size} on`,
    span: "half",
    options: (size) => ({
      height: size.narrow ? 260 : 280,
      x: { type: "log", axis: null },
      y: {
        ...{ type: "log", label, grid: true, nice: true },
        ...{ ticks: 4, tickFormat: (value: number) => formatNumber(value, 1) },
      },
      marks: [
        Plot.gridX(ticks(size)),
        // As text: a logarithmic axis leaves out what is no round number.
        Plot.axisX(ticks(size), {
          text: String,
          label: fittedText(axes[axis], size.width - 32, size),
        }),
        Plot.lineY(fit, {
          x: "size",
          y: "value",
          stroke: ink.test,
          strokeDasharray: "6,3",
          strokeWidth: 2,
        }),
        Plot.dot(points, {
          ...{ x: "size", y: "value", r: 4, fill: ink.train },
          title: ({ size, value, p95 }: (typeof points)[number]) =>
            `${axis} ${size}: ${formatNumber(value)} ${unit}` +
            (cost === "medianMs" ? `, 95 % of the rounds below ${formatNumber(p95)}` : ""),
        }),
        Plot.text(fit.slice(-1), {
          ...{ x: "size", y: "value", text: () => law, textAnchor: "end", dx: -12, dy: -6 },
          ...{ fill: "currentColor", stroke: ink.card, strokeWidth: 4 },
        }),
      ],
    }),
  };
}

/** The least-squares line through the logarithms: its slope is the exponent. */
export function fittedPower(points: (readonly [size: number, cost: number])[]): {
  exponent: number;
  at(size: number): number;
} {
  const logs = points.map(([size, cost]) => [Math.log(size), Math.log(cost)] as const);
  const mean = (k: 0 | 1) => logs.reduce((sum, log) => sum + log[k], 0) / logs.length;
  const [x0, y0] = [mean(0), mean(1)];
  const over = (of: (x: number, y: number) => number) =>
    logs.reduce((sum, [x, y]) => sum + of(x - x0, y - y0), 0);
  const exponent = over((x, y) => x * y) / over((x) => x * x);
  return { exponent, at: (size) => Math.exp(y0 + exponent * (Math.log(size) - x0)) };
}

/** The measured sizes, less those that have no room for their number beside the one before. */
function sizesFor(sizes: number[], width: number): number[] {
  const [least, most] = [sizes[0] as number, sizes.at(-1) as number];
  const place = (size: number) => (width * Math.log(size / least)) / Math.log(most / least);
  const kept: number[] = [];
  for (const size of sizes) {
    const before = kept.at(-1);
    if (before === undefined || place(size) - place(before) > 34) kept.push(size);
  }
  return kept;
}
