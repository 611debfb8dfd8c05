import * as Plot from "@observablehq/plot";
import type { Comparison, TrainedRun } from "../compare/schema.ts";
import type { Epoch } from "../results.ts";
import { formatNumber, formatPercent, formatSeconds } from "../terminal/format.ts";
import type { Chart } from "./chart.ts";
import { modelText, variantText } from "./compared.ts";
import { BASELINE_DASHES, comparedInk, comparedSymbol, ink, VALIDATION_DASHES } from "./ink.ts";

// Times that are further apart than this factor stand on a logarithmic axis.
const FAR_APART = 15;

/** What of a comparison is drawn. */
export type DrawnRuns = Pick<Comparison, "runs" | "task" | "axes">;

/**
 * How good each run was after how many seconds of training, a line a run, a point an epoch: accuracy, or the root
 * mean squared error in the series' unit. Colour and symbol are the cell's, in the order of `axes.cells`; fused is
 * solid, stock dashed. Null before an epoch has ended.
 */
export function scoreTimeChart({ runs, task, axes }: DrawnRuns): Chart | null {
  const scored = runs
    .map((run) => ({ run, points: pointsOf(run, task) }))
    .filter(({ points }) => points.length > 0);
  if (scored.length === 0) return null;
  const isAccuracy = task.measure === "accuracy";
  const say = (score: number) => (isAccuracy ? formatPercent(score / 100) : formatNumber(score));
  const all = scored.flatMap(({ points }) => points);
  const seconds = all.map((point) => point.seconds);
  const isLog = Math.min(...seconds) > 0 && Math.max(...seconds) > FAR_APART * Math.min(...seconds);
  const best = all.reduce((most, point) =>
    (isAccuracy ? point.score > most.score : point.score < most.score) ? point : most,
  );
  const baselines = Object.entries(task.baselines).map(([name, score]) => ({
    name: `${name} ${say(isAccuracy ? 100 * score : score)}`,
    score: isAccuracy ? 100 * score : score,
  }));
  return {
    label:
      `${task.title}: ${isAccuracy ? "accuracy" : "root mean squared error"} against seconds of training, ` +
      `${scored.length} runs; the best ${say(best.score)} after ${formatSeconds(best.seconds)}, ${best.name}`,
    span: "full",
    options: ({ narrow }) => ({
      height: narrow ? 300 : 380,
      x: {
        ...{ type: isLog ? "log" : "linear", label: "seconds of training", grid: true },
        ...(isLog
          ? { ticks: narrow ? 3 : 6, tickFormat: (at: number) => formatNumber(at, 1) }
          : { zero: true }),
      },
      y: {
        label: isAccuracy ? "accuracy (% of test reviews)" : `RMSE of ${task.unit}`,
        ...{ grid: true, nice: true },
      },
      marks: [
        Plot.ruleY(baselines, {
          ...{ y: "score", stroke: ink.baseline, strokeDasharray: BASELINE_DASHES, title: "name" },
        }),
        Plot.text(baselines, {
          ...{ y: "score", text: "name", frameAnchor: "right", textAnchor: "end", dy: -7 },
          ...{ fill: "currentColor", stroke: ink.card, strokeWidth: 4 },
        }),
        ...scored.flatMap(({ run, points }) => {
          const n = Math.max(0, axes.cells.indexOf(run.cell));
          const stroke = comparedInk(n);
          const strokeDasharray = run.implementation === "stock" ? VALIDATION_DASHES : undefined;
          return [
            Plot.lineY(points, {
              x: "seconds",
              y: "score",
              stroke,
              strokeDasharray,
              strokeWidth: 1.6,
            }),
            Plot.dot(points, {
              ...{ x: "seconds", y: "score", symbol: comparedSymbol(n), stroke, r: 3 },
              fill: run.implementation === "stock" ? ink.card : stroke,
              title: (point: Scored) =>
                `${point.name}, epoch ${point.epoch}: ${say(point.score)} after ${formatSeconds(point.seconds)}`,
            }),
          ];
        }),
      ],
    }),
  };
}

interface Scored {
  name: string;
  epoch: number;
  seconds: number;
  score: number;
}

function pointsOf(run: TrainedRun, task: DrawnRuns["task"]): Scored[] {
  const name = `${modelText(run)}, ${variantText(run)}, seed ${run.seed}`;
  let seconds = 0;
  return run.epochs.flatMap((epoch) => {
    seconds += epoch.seconds;
    const score = scoreOf(epoch, task);
    return score === null ? [] : [{ name, epoch: epoch.epoch, seconds, score }];
  });
}

function scoreOf(epoch: Epoch, { measure, lossUnit }: DrawnRuns["task"]): number | null {
  if (measure === "accuracy") {
    return epoch.validationAccuracy === null ? null : 100 * epoch.validationAccuracy;
  }
  if (epoch.validationLoss === null || lossUnit === null) return null;
  return Math.sqrt(epoch.validationLoss) * lossUnit;
}
