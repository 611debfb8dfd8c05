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

const DASHES = "5,4";

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

/**
 * The test part alone: actual and predicted, and what the last value would have said where
 * **lastValue** asks for it. A long part is shown by its end: single steps must stay visible.
 */
export function testChart(run: ForecastRun, lastValue: boolean): string {
  const { test } = run;
  const first = Math.max(0, test.actual.length - 240);
  const last = (values: number[]) => points(test, values, run).slice(first);
  return draw({
    ariaLabel: `${run.data.title}: test part, actual${lastValue ? ", predicted and last value" : " and predicted"}`,
    width: 960,
    height: 300,
    x: timeScale(run),
    y: { label: run.data.valueLabel, grid: true, nice: true },
    marks: [
      lastValue ? line(last(test.lastValue), ink.baseline, "3,3") : null,
      line(last(test.actual), ink.actual),
      test.predicted ? line(last(test.predicted), ink.test) : null,
    ],
  });
}

/** Loss over the epochs on a logarithmic axis: training solid, validation, where there is one, dashed. */
export function trainingChart(title: string, epochs: Epoch[], label: string): string {
  const validated = epochs.some((epoch) => epoch.validationLoss !== null);
  return draw({
    ariaLabel: `${title}: training ${validated ? "and validation " : ""}loss per epoch`,
    width: 960,
    height: 220,
    x: epochScale(epochs),
    y: {
      label,
      // A constant series can be learnt to a loss of 0, which has no place there.
      type: epochs.some((epoch) => epoch.loss <= 0 || epoch.validationLoss === 0)
        ? "linear"
        : "log",
      ticks: 3,
      tickFormat: (loss: number) => formatNumber(loss, 1),
      grid: true,
      nice: true,
    },
    marks: [
      curve(epochs, (epoch) => epoch.loss, ink.train),
      curve(epochs, (epoch) => epoch.validationLoss, ink.train, DASHES),
    ],
  });
}

/** What the tutorial's `plot_history` draws over the epochs of several cells. */
export type Measure = "accuracy" | "loss";

/**
 * All cells in one chart: the colour is the cell's, training is solid and validation dashed. The
 * n-th run has the n-th of the report's colours for cells.
 */
export function historyChart(runs: SentimentRun[], measure: Measure): string {
  const percent = (share: number | null) => (share === null ? null : 100 * share);
  const [trained, validated] =
    measure === "accuracy"
      ? [(epoch: Epoch) => percent(epoch.accuracy), (e: Epoch) => percent(e.validationAccuracy)]
      : [(epoch: Epoch) => epoch.loss, (epoch: Epoch) => epoch.validationLoss];
  const longest = runs.reduce<Epoch[]>(
    (most, { epochs }) => (epochs.length > most.length ? epochs : most),
    [],
  );
  return draw({
    ariaLabel: `${runs.map(({ cell }) => cell).join(", ")}: training and validation ${measure} per epoch`,
    width: 470,
    height: 320,
    x: epochScale(longest),
    y: {
      label:
        measure === "accuracy" ? "accuracy (% of reviews)" : "loss (binary cross-entropy, nats)",
      grid: true,
      nice: true,
    },
    marks: runs.flatMap(({ epochs }, i) => {
      const stroke = `var(--ink-cell-${i + 1})`;
      return [curve(epochs, trained, stroke), curve(epochs, validated, stroke, DASHES)];
    }),
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
  strokeDasharray?: string,
): Plot.Markish[] {
  const data = epochs.filter((epoch) => value(epoch) !== null);
  const line = Plot.lineY(data, { x: "epoch", y: value, stroke, strokeDasharray, strokeWidth: 2 });
  // A line of one point is none. Plot's own markers have ids that differ from call to call.
  const fill = strokeDasharray ? "var(--card)" : stroke;
  return data.length === 1
    ? [line, Plot.dot(data, { x: "epoch", y: value, stroke, fill, r: 3 })]
    : [line];
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
