import * as Plot from "@observablehq/plot";
import { parseHTML } from "linkedom";
import { formatNumber } from "./format.ts";
import { escapeHtml } from "./html.ts";
import type { Epoch, ForecastPart, ForecastRun, SentimentRun } from "./results.ts";

// Plot draws into any DOM; linkedom's lets it run in Node, so the report needs no script.
const { document } = parseHTML("<!doctype html><html><body></body></html>");

// Longer lines are thinned to this many points, keeping each stretch's lowest and highest.
const MAX_POINTS = 1600;

/** Colours are the report's CSS variables, so that a chart follows light and dark. */
const ink = {
  actual: "var(--ink-actual)",
  train: "var(--ink-train)",
  test: "var(--ink-test)",
  baseline: "var(--ink-baseline)",
} as const;

interface Point {
  at: number | Date;
  value: number;
}

/** The whole series, and the model's forecasts over its training and its test part. */
export function forecastChart(run: ForecastRun): string {
  const { train, test } = run;
  const boundary = position(test.at[0] as number | string, run);
  return draw({
    ariaLabel: `${run.data.title}: actual and predicted values, training and test part`,
    width: 960,
    height: 320,
    x: timeScale(run),
    y: { label: run.data.valueLabel, grid: true, nice: true },
    marks: [
      line([...points(train, train.actual, run), ...points(test, test.actual, run)], ink.actual),
      train.predicted ? line(points(train, train.predicted, run), ink.train) : null,
      test.predicted ? line(points(test, test.predicted, run), ink.test) : null,
      Plot.ruleX([boundary], {
        stroke: "currentColor",
        strokeOpacity: 0.5,
        strokeDasharray: "2,4",
      }),
      Plot.text([boundary], {
        x: (d) => d,
        text: () => "test part →",
        frameAnchor: "top",
        textAnchor: "start",
        dx: 6,
        dy: -12,
        fill: "currentColor",
        fillOpacity: 0.7,
      }),
    ],
  });
}

/** The test part alone: actual, predicted, and what the last value would have said. */
export function testChart(run: ForecastRun): string {
  const { test } = run;
  // A long test part is shown by its end: single steps must stay visible.
  const first = Math.max(0, test.actual.length - 240);
  const last = (values: number[]) => points(test, values, run).slice(first);
  return draw({
    ariaLabel: `${run.data.title}: test part, actual, predicted and last value`,
    width: 960,
    height: 300,
    x: timeScale(run),
    y: { label: run.data.valueLabel, grid: true, nice: true },
    marks: [
      line(last(test.lastValue), ink.baseline, "3,3"),
      line(last(test.actual), ink.actual),
      test.predicted ? line(last(test.predicted), ink.test) : null,
    ],
  });
}

/** Training loss over the epochs of a forecaster, on a logarithmic axis. */
export function forecastLossChart(run: ForecastRun): string {
  return draw({
    ariaLabel: `${run.data.title}: training loss per epoch`,
    width: 960,
    height: 220,
    x: epochScale(run.epochs),
    y: {
      label: "loss (mean squared error of scaled values)",
      type: "log",
      ticks: 3,
      tickFormat: (loss: number) => formatNumber(loss, 1),
      grid: true,
      nice: true,
    },
    marks: [curve(run.epochs, (epoch) => epoch.loss, ink.train)],
  });
}

/** Training and validation accuracy per epoch; **low** is the axis's lower end. */
export function accuracyChart(run: SentimentRun, low: number): string {
  const percent = (share: number | null) => (share === null ? null : 100 * share);
  return draw({
    ariaLabel: `${run.cell}: training and validation accuracy per epoch`,
    width: 470,
    height: 270,
    x: epochScale(run.epochs),
    y: { label: "accuracy (% of reviews)", grid: true, domain: [100 * low, 100] },
    marks: [
      curve(run.epochs, (epoch) => percent(epoch.accuracy), ink.train),
      curve(run.epochs, (epoch) => percent(epoch.validationAccuracy), ink.test),
    ],
  });
}

/** Training and validation loss per epoch; **high** is the axis's upper end. */
export function lossChart(run: SentimentRun, high: number): string {
  return draw({
    ariaLabel: `${run.cell}: training and validation loss per epoch`,
    width: 470,
    height: 270,
    x: epochScale(run.epochs),
    y: { label: "loss (binary cross-entropy, nats)", grid: true, domain: [0, high], nice: true },
    marks: [
      curve(run.epochs, (epoch) => epoch.loss, ink.train),
      curve(run.epochs, (epoch) => epoch.validationLoss, ink.test),
    ],
  });
}

/** `values` thinned to at most `most` points: of each stretch the lowest and the highest, in order. */
export function thin<T extends { value: number }>(values: T[], most: number = MAX_POINTS): T[] {
  if (values.length <= most) return values;
  const stretches = Math.floor(most / 2);
  const out: T[] = [];
  for (let s = 0; s < stretches; s++) {
    const start = Math.floor((s * values.length) / stretches);
    const end = Math.floor(((s + 1) * values.length) / stretches);
    let low = start;
    let high = start;
    for (let i = start; i < end; i++) {
      if ((values[i] as T).value < (values[low] as T).value) low = i;
      if ((values[i] as T).value > (values[high] as T).value) high = i;
    }
    out.push(values[Math.min(low, high)] as T);
    if (low !== high) out.push(values[Math.max(low, high)] as T);
  }
  return out;
}

function draw({ ariaLabel = "", ...options }: Plot.PlotOptions): string {
  const chart = Plot.plot({
    document: document as unknown as Document,
    marginLeft: 56,
    marginTop: 32,
    marginBottom: 40,
    style: { fontSize: "12px", background: "none" },
    ...options,
  });
  // linkedom writes attributes with a raw "<", so the one that holds free text is added here.
  return chart.outerHTML.replace(
    "<svg ",
    `<svg role="img" aria-label="${escapeHtml(String(ariaLabel))}" `,
  );
}

function line(data: Point[], stroke: string, strokeDasharray?: string): Plot.Line {
  return Plot.lineY(thin(data), { x: "at", y: "value", stroke, strokeDasharray, strokeWidth: 1.6 });
}

function curve(
  epochs: Epoch[],
  value: (epoch: Epoch) => number | null,
  stroke: string,
): Plot.Markish[] {
  const data = epochs.filter((epoch) => value(epoch) !== null);
  const line = Plot.lineY(data, { x: "epoch", y: value, stroke, strokeWidth: 2 });
  // Plot's own line markers have ids from a counter, and so would differ from call to call.
  return data.length > 24
    ? [line]
    : [line, Plot.dot(data, { x: "epoch", y: value, fill: stroke, r: 3 })];
}

function points(part: ForecastPart, values: number[], run: ForecastRun): Point[] {
  return values.map((value, i) => ({ at: position(part.at[i] as number | string, run), value }));
}

function position(at: number | string, run: ForecastRun): number | Date {
  return run.data.axis.kind === "date" ? new Date(at) : Number(at);
}

function timeScale(run: ForecastRun): Plot.ScaleOptions {
  const { label, kind } = run.data.axis;
  return kind === "date" ? { type: "utc", label } : { label, tickFormat: "d" };
}

function epochScale(epochs: Epoch[]): Plot.ScaleOptions {
  const last = Math.max(1, epochs.length);
  const every = Math.max(1, Math.ceil(last / 10));
  const ticks = Array.from({ length: last }, (_, i) => i + 1).filter(
    (n) => n === 1 || n % every === 0,
  );
  return { label: "epoch", domain: last === 1 ? [0, 2] : [1, last], ticks, tickFormat: "d" };
}
