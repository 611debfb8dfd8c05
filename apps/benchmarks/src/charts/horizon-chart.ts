import * as Plot from "@observablehq/plot";
import type { ForecastRun, JudgedForecasts } from "../results.ts";
import { formatNumber } from "../terminal/format.ts";
import type { Chart } from "./chart.ts";
import { BASELINE_DASHES, ink, SEASONAL_DASHES } from "./ink.ts";

/** What of a forecast's errors is drawn. */
export type DrawnHorizon = {
  data: Pick<ForecastRun["data"], "title" | "valueLabel">;
} & Pick<ForecastRun, "horizon">;

interface Kind {
  name: "model" | "lastValue" | "seasonal";
  words: string;
  stroke: string;
  symbol: "circle" | "square" | "triangle";
  strokeDasharray?: string;
}

const kinds: readonly Kind[] = [
  { name: "model", words: "model", stroke: ink.test, symbol: "circle" },
  {
    name: "lastValue",
    words: "last value",
    stroke: ink.baseline,
    symbol: "square",
    strokeDasharray: BASELINE_DASHES,
  },
  {
    name: "seasonal",
    words: "a season before",
    stroke: ink.seasonal,
    symbol: "triangle",
    strokeDasharray: SEASONAL_DASHES,
  },
];

/**
 * The errors of the test part, a step ahead after the other: the model's, and its baselines'. Null where there
 * is one step alone, or no errors yet.
 */
export function horizonChart({ data, horizon }: DrawnHorizon): Chart | null {
  const steps = horizon?.steps ?? [];
  if (steps.length < 2) return null;
  const shown = kinds.map((kind) => ({
    ...kind,
    points: steps.flatMap((judged, i) => {
      const value = judged[kind.name]?.rmse;
      if (value === undefined) return [];
      const title =
        `${i + 1} ahead, ${kind.words}: root mean squared error ${formatNumber(value)} ` +
        `over ${judged.count} forecasts`;
      return [{ ahead: i + 1, value, title }];
    }),
  }));
  const [first, last] = [steps[0], steps.at(-1)] as [JudgedForecasts, JudgedForecasts];
  return {
    label:
      `${data.title}: root mean squared error by steps ahead; the model's ${formatNumber(first.model.rmse)} one step ahead, ` +
      `${formatNumber(last.model.rmse)} ${steps.length} ahead, the last value's ${formatNumber(first.lastValue.rmse)} and ${formatNumber(last.lastValue.rmse)}`,
    span: "full",
    options: ({ narrow }) => ({
      height: narrow ? 220 : 240,
      x: {
        label: "steps ahead",
        domain: [0.5, steps.length + 0.5],
        ticks: steps.map((_, i) => i + 1).filter((n) => n % Math.ceil(steps.length / 12) === 0),
        tickFormat: "d",
      },
      y: { label: `RMSE of ${data.valueLabel}`, grid: true, nice: true, zero: true },
      marks: shown
        .filter(({ points }) => points.length > 0)
        .flatMap(({ points, stroke, symbol, strokeDasharray }) => [
          Plot.lineY(points, { x: "ahead", y: "value", stroke, strokeDasharray, strokeWidth: 1.8 }),
          Plot.dot(points, {
            ...{ x: "ahead", y: "value", symbol, fill: stroke, r: 3.5, title: "title" },
          }),
        ]),
    }),
  };
}
