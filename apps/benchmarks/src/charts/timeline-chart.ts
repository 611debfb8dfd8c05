import * as Plot from "@observablehq/plot";
import { formatNumber } from "../terminal/format.ts";
import { type Chart, fittedText } from "./chart.ts";
import { comparedInk } from "./ink.ts";

/** What a training step does, one after the other. */
export const stepPhases = ["forward", "loss", "backward", "optimizer"] as const;

export type StepPhase = (typeof stepPhases)[number];

/** A stretch of a training step. */
export interface TimelineBar {
  /** A layer's name, or what is no layer's. */
  name: string;
  phase: StepPhase;
  /** Milliseconds from the beginning of the step. */
  startMs: number;
  endMs: number;
  /** The backend's kernels that ran in it, the most frequent first. */
  kernels: { name: string; times: number }[];
}

/** One training step of a model, measured. */
export interface StepTimeline {
  model: string;
  totalMs: number;
  bars: TimelineBar[];
}

const ROW = 26;

/** A training step as a Gantt chart: a row a stretch, in the order in which they begin; the colour is the phase's, which its name says too. */
export function timelineChart({ model, totalMs, bars }: StepTimeline): Chart {
  const rows = bars.map((bar, i) => {
    const ms = bar.endMs - bar.startMs;
    const kernels = bar.kernels.map(({ name, times }) => (times > 1 ? `${times} ${name}` : name));
    const name = bar.name === bar.phase ? bar.name : `${bar.name}, ${bar.phase}`;
    const text = `${name}: ${formatNumber(ms, 3)} ms, ${share(ms, totalMs)}`;
    return {
      ...{ ...bar, ms, row: String(i), text },
      title: kernels.length > 0 ? `${text}; kernels: ${kernels.slice(0, 6).join(", ")}` : text,
    };
  });
  const longest = [...rows].sort((a, b) => b.ms - a.ms).slice(0, 2);
  return {
    label:
      `${model}: one training step of ${formatNumber(totalMs, 3)} ms, stretch by stretch; ` +
      `the longest ${longest.map(({ text }) => text).join("; ")}`,
    span: "full",
    options: (size) => ({
      height: 56 + rows.length * (ROW + 14),
      ...{ marginLeft: 12, marginTop: 8, marginBottom: 48 },
      x: { label: "milliseconds into the step", domain: [0, totalMs], grid: true },
      y: { type: "band", axis: null, domain: rows.map(({ row }) => row), padding: 0 },
      marks: [
        Plot.barX(rows, {
          ...{ y: "row", x1: "startMs", x2: "endMs", insetTop: 20, insetBottom: 4, title: "title" },
          ...{ fill: ({ phase }: TimelineBar) => phaseInk(phase), rx: 2 },
          // A stretch too short to be seen is a line.
          ...{ stroke: ({ phase }: TimelineBar) => phaseInk(phase), strokeWidth: 1.5 },
        }),
        Plot.text(rows, {
          ...{ y: "row", frameAnchor: "left", textAnchor: "start", dy: -10, fill: "currentColor" },
          text: ({ text }: (typeof rows)[number]) => fittedText(text, size.width - 24, size),
          title: "title",
        }),
      ],
    }),
  };
}

/** The colour of a phase. */
export function phaseInk(phase: StepPhase): string {
  return comparedInk(stepPhases.indexOf(phase));
}

function share(ms: number, totalMs: number): string {
  return `${((100 * ms) / totalMs).toFixed(1)} %`;
}
