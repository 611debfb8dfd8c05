// The page's charts; colours are the style sheet's, so that they follow light and dark.

import * as Plot from "@observablehq/plot";
import { type Ends, type Point, thinBand, thinPlaces } from "@rnnkit/benchmarks/charts/line-marks";
import type { Epoch } from "@rnnkit/benchmarks/results";
import type { Ahead, Horizon, Place, Predictions, SeriesData } from "../worker/messages.ts";

const base = { marginTop: 26, marginRight: 12, marginBottom: 34 } as const;

/** The height of every chart, so that a page does not move when one comes. */
export const chartHeight = 260;

const LEAST_MARGIN = 46;
const CHARACTER = 6.5;

/**
 * A plot whose margins have room for the longest number beside its left axis, and for half of the longest at the end
 * of the one below; what is in it is known once it is drawn.
 */
function plotWithRoom(options: Plot.PlotOptions): Element {
  const drawn = Plot.plot({ ...options, marginLeft: LEAST_MARGIN });
  const longest = (axis: "x" | "y") => {
    const labels = drawn.querySelectorAll(`[aria-label="${axis}-axis tick label"] text`);
    return Math.max(0, ...Array.from(labels, ({ textContent }) => textContent?.length ?? 0));
  };
  const marginLeft = Math.max(LEAST_MARGIN, 12 + CHARACTER * longest("y"));
  const marginRight = Math.max(base.marginRight, (CHARACTER * longest("x")) / 2);
  if (marginLeft === LEAST_MARGIN && marginRight === base.marginRight) return drawn;
  return Plot.plot({ ...options, marginLeft, marginRight });
}

/** A series, the test part marked, predictions over it, the forecast beyond its end. */
export function seriesPlot(
  data: SeriesData,
  predictions: Predictions | null,
  ahead: Ahead | null,
  words: { test: string },
  width: number,
): Element {
  const { at, values, testFrom, axis, valueLabel } = data;
  const x = (place: Place) => (axis.kind === "date" ? new Date(place) : Number(place));
  // Of a long series the few places that a line shows.
  const points = (values: readonly number[], first: number): Point[] =>
    thinPlaces(values).map((i) => ({ at: x(at[first + i] as Place), value: values[i] as number }));
  const series = points(values, 0);
  const predicted = points(predictions?.values ?? [], testFrom);
  const beyond =
    ahead?.values.map((value, i): Point => ({ at: x(ahead.at[i] as Place), value })) ?? [];
  const last: Point = { at: x(at.at(-1) as Place), value: values.at(-1) as number };
  const from = x(at[testFrom] as Place);
  const line = { x: "at", y: "value", strokeLinejoin: "round" } as const;
  const all = [...series, ...predicted, ...beyond];
  return plotWithRoom({
    ...base,
    ...{ width, height: chartHeight },
    x: {
      label: axis.label,
      tickFormat: axis.kind === "date" ? undefined : placeFormat(at as number[]),
      ticks: width / 90,
    },
    y: { label: valueLabel, grid: true, ticks: 5, nice: true },
    marks: [
      Plot.rect([{ x1: from, x2: last.at }], { x1: "x1", x2: "x2", fill: "var(--shade)" }),
      Plot.text([{ x: from, text: words.test }], {
        ...{ x: "x", text: "text", frameAnchor: "top-left", dx: 5, dy: 4 },
        fill: "var(--soft)",
      }),
      Plot.areaY(
        bandOf(predictions, (i) => at[testFrom + i] as Place, x),
        {
          ...{ ...band, fill: "var(--accent)" },
        },
      ),
      Plot.areaY(
        bandOf(ahead, (i) => ahead?.at[i] as Place, x),
        {
          ...{ ...band, fill: "var(--second)" },
        },
      ),
      Plot.line(series, { ...line, stroke: "var(--ink-line)", strokeWidth: 1.25 }),
      Plot.line(predicted, { ...line, stroke: "var(--accent)", strokeWidth: 1.75 }),
      // A line of one point is none.
      Plot.dot(predicted.length === 1 ? predicted : [], { ...line, r: 3, fill: "var(--accent)" }),
      Plot.line(beyond.length > 0 ? [last, ...beyond] : [], {
        ...{ ...line, stroke: "var(--second)", strokeWidth: 1.75, strokeDasharray: "5 3" },
      }),
      Plot.tip(all, Plot.pointerX({ x: "at", y: "value", ...tip })),
    ],
  });
}

/** Years and rows have no commas, and none between them is named; a fraction of a second stays one. */
function placeFormat(at: readonly number[]): (place: number) => string {
  const isWhole = at.every(Number.isInteger);
  return (place) => (isWhole && !Number.isInteger(place) ? "" : String(place));
}

const band = { x: "at", y1: "lower", y2: "upper", fillOpacity: 0.18 } as const;

/** The band around what was forecast, where there is one. */
function bandOf(
  forecast: { lower: number[] | null; upper: number[] | null } | null,
  place: (i: number) => Place,
  x: (place: Place) => number | Date,
): Ends[] {
  const { lower, upper } = forecast ?? {};
  if (!lower || !upper) return [];
  return thinBand(
    lower.map((low, i) => ({ at: x(place(i)), lower: low, upper: upper[i] as number })),
  );
}

/** Mean absolute errors by steps ahead, the model's beside its baselines'. */
export function horizonPlot(
  { model, lastValue, seasonal }: Horizon,
  words: { model: string; lastValue: string; seasonal: string; steps: string },
  width: number,
): Element {
  const rows = (values: number[] | null, of: string) =>
    (values ?? []).map((y, i) => ({ x: i + 1, y, of }));
  const all = [
    ...rows(lastValue, words.lastValue),
    ...rows(seasonal, words.seasonal),
    ...rows(model, words.model),
  ];
  return plotWithRoom({
    ...base,
    ...{ width, height: chartHeight },
    x: {
      label: words.steps,
      domain: [1, model.length],
      // No more than whole steps: those between would be written as if they were.
      ticks: Math.min(model.length - 1, width / 90),
      tickFormat: "d",
    },
    y: { label: "MAE", grid: true, ticks: 5, zero: true, nice: true },
    color: {
      domain: [words.model, words.lastValue, words.seasonal],
      range: ["var(--accent)", "var(--soft)", "var(--second)"],
    },
    marks: [
      Plot.line(all, { x: "x", y: "y", z: "of", stroke: "of", strokeWidth: 1.75 }),
      Plot.tip(all, Plot.pointer({ x: "x", y: "y", channels: { of: "of" }, ...tip })),
    ],
  });
}

const tip = { fill: "var(--paper)", stroke: "var(--rule)" } as const;

/** Losses or accuracies, a point an epoch, of training and of examples that are not trained on. */
export function epochPlot(
  epochs: readonly Epoch[],
  kind: "loss" | "accuracy",
  words: { training: string; unseen: string; epoch: string },
  width: number,
): Element {
  const rows = epochs.flatMap((epoch) => {
    const unseen = kind === "loss" ? epoch.validationLoss : epoch.validationAccuracy;
    const own = kind === "loss" ? epoch.loss : epoch.accuracy;
    return [
      { x: epoch.epoch, y: own, of: words.training },
      { x: epoch.epoch, y: unseen, of: words.unseen },
    ].filter(({ y }) => y !== null && Number.isFinite(y));
  });
  const losses = kind === "loss" ? rows.map(({ y }) => y as number) : [];
  // Losses that fall to a part of what they were; those that hardly do would lie flat between powers of ten.
  const isLog = Math.min(...losses) > 0 && Math.max(...losses) >= 5 * Math.min(...losses);
  const dash = { x: "x", y: "y", z: "of", stroke: "of" } as const;
  return plotWithRoom({
    ...base,
    ...{ width, height: chartHeight },
    x: {
      label: words.epoch,
      domain: [1, Math.max(2, epochs.length)],
      ticks: Math.min(epochs.length, width / 60),
      tickFormat: (epoch: number) => (Number.isInteger(epoch) ? String(epoch) : ""),
    },
    y: isLog
      ? { type: "log", label: null, grid: true, ticks: 4, tickFormat: "~g", nice: true }
      : {
          label: kind === "accuracy" ? "%" : null,
          grid: true,
          ticks: 5,
          nice: true,
          percent: kind === "accuracy",
        },
    color: { domain: [words.training, words.unseen], range: ["var(--soft)", "var(--accent)"] },
    marks: [
      Plot.line(rows, { ...dash, strokeWidth: 1.75 }),
      Plot.dot(rows, { ...dash, fill: "of", r: epochs.length > 40 ? 0 : 2 }),
      Plot.tip(rows, Plot.pointer({ x: "x", y: "y", channels: { of: "of" }, ...tip })),
    ],
  });
}
