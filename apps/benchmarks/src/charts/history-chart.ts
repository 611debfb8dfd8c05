import * as Plot from "@observablehq/plot";
import type { Epoch, SentimentRun } from "../results.ts";
import { formatNumber, formatPercent } from "../terminal/format.ts";
import type { Chart } from "./chart.ts";
import { comparedInk, comparedSymbol, ink, VALIDATION_DASHES } from "./ink.ts";

// With more epochs than these a symbol is drawn on each of so many.
const MOST_SYMBOLS = 12;

/** Loss over the epochs on a logarithmic axis: training solid, validation, where there is one, dashed. */
export function trainingChart(title: string, epochs: Epoch[], label: string): Chart {
  const validated = epochs.some((epoch) => epoch.validationLoss !== null);
  const last = epochs.at(-1);
  const finding = last
    ? `; ${formatNumber(epochs[0]?.loss)} after the first epoch, ${formatNumber(last.loss)} after the last` +
      (last.validationLoss === null ? "" : `, validation ${formatNumber(last.validationLoss)}`)
    : "";
  return {
    label: `${title}: training ${validated ? "and validation " : ""}loss per epoch${finding}`,
    span: "full",
    options: ({ narrow }) => ({
      height: narrow ? 200 : 220,
      x: epochScale(epochs, narrow ? 6 : 10),
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
        ...curve(epochs, (epoch) => epoch.loss, { stroke: ink.train }),
        ...curve(epochs, (epoch) => epoch.validationLoss, {
          stroke: ink.train,
          strokeDasharray: VALIDATION_DASHES,
        }),
        values(epochs, "training", (epoch) => epoch.loss, formatNumber),
        values(epochs, "validation", (epoch) => epoch.validationLoss, formatNumber),
      ],
    }),
  };
}

/** What the tutorial's `plot_history` draws over the epochs of several cells. */
export type Measure = "accuracy" | "loss";

/** A cell's name and what it learnt. */
export type CellHistory = Pick<SentimentRun, "cell" | "epochs">;

/**
 * All cells in one chart: colour and symbol are the cell's, training is solid and validation dashed.
 * The n-th run has the n-th of `comparedInk`'s colours and of `comparedSymbol`'s symbols.
 */
export function historyChart(runs: CellHistory[], measure: Measure): Chart {
  const percent = (share: number | null) => (share === null ? null : 100 * share);
  const [trained, validated] =
    measure === "accuracy"
      ? [(epoch: Epoch) => percent(epoch.accuracy), (e: Epoch) => percent(e.validationAccuracy)]
      : [(epoch: Epoch) => epoch.loss, (epoch: Epoch) => epoch.validationLoss];
  const say = (value: number) =>
    measure === "accuracy" ? formatPercent(value / 100) : formatNumber(value);
  const longest = runs.reduce<Epoch[]>(
    (most, { epochs }) => (epochs.length > most.length ? epochs : most),
    [],
  );
  const findings = runs.flatMap(({ cell, epochs }) => {
    const last = epochs.findLast((epoch) => validated(epoch) !== null);
    return last ? [`${cell} ${say(validated(last) as number)}`] : [];
  });
  return {
    label:
      `${runs.map(({ cell }) => cell).join(", ")}: training and validation ${measure} per epoch` +
      (findings.length > 0 ? `; validation at the end: ${findings.join(", ")}` : ""),
    span: "half",
    options: ({ narrow }) => ({
      height: narrow ? 280 : 320,
      x: epochScale(longest, narrow ? 6 : 10),
      y: {
        label:
          measure === "accuracy" ? "accuracy (% of reviews)" : "loss (binary cross-entropy, nats)",
        grid: true,
        nice: true,
      },
      marks: runs.flatMap(({ cell, epochs }, i) => {
        const stroke = comparedInk(i);
        const every = Math.ceil(longest.length / MOST_SYMBOLS);
        const marked = epochs.filter((_, n) => (n + i) % every === 0);
        const symbol = comparedSymbol(i);
        return [
          ...curve(epochs, trained, { stroke }),
          ...curve(epochs, validated, { stroke, strokeDasharray: VALIDATION_DASHES }),
          ...[trained, validated].map((value, n) =>
            Plot.dot(
              marked.filter((epoch) => value(epoch) !== null),
              { x: "epoch", y: value, stroke, fill: n === 0 ? stroke : ink.card, symbol, r: 3 },
            ),
          ),
          values(epochs, `${cell}, training`, trained, say),
          values(epochs, `${cell}, validation`, validated, say),
        ];
      }),
    }),
  };
}

type Value = (epoch: Epoch) => number | null;

function curve(epochs: Epoch[], value: Value, style: Plot.LineYOptions): Plot.Markish[] {
  const data = epochs.filter((epoch) => value(epoch) !== null);
  if (data.length === 0) return [];
  const line = Plot.lineY(data, { x: "epoch", y: value, strokeWidth: 2, ...style });
  // A line of one point is none. Plot's own markers have ids that differ from call to call.
  const { stroke, strokeDasharray } = style;
  const fill = strokeDasharray ? ink.card : (stroke as string);
  return data.length === 1
    ? [line, Plot.dot(data, { x: "epoch", y: value, stroke, fill, r: 3 })]
    : [line];
}

/** Dots that are not seen and say the value of an epoch to who points at it. */
function values(
  epochs: Epoch[],
  what: string,
  value: Value,
  say: (value: number) => string,
): Plot.Markish {
  return Plot.dot(
    epochs.filter((epoch) => value(epoch) !== null),
    {
      ...{ x: "epoch", y: value, r: 7, fill: "transparent" },
      title: (epoch: Epoch) => `epoch ${epoch.epoch}, ${what}: ${say(value(epoch) as number)}`,
    },
  );
}

function epochScale(epochs: Epoch[], most: number): Plot.ScaleOptions {
  const last = Math.max(1, epochs.length);
  const every = Math.max(1, Math.ceil(last / most));
  const ticks = Array.from({ length: last }, (_, i) => i + 1).filter(
    (n) => n === 1 || n % every === 0,
  );
  return { label: "epoch", domain: last === 1 ? [0, 2] : [1, last], ticks, tickFormat: "d" };
}
