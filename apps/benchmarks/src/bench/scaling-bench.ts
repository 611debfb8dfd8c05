import { engineMemory } from "@rnnkit/fused-rnn";
import * as tf from "@tensorflow/tfjs-core";
import { growthExponent, median, quantile } from "../statistics.ts";
import { formatNumber } from "../terminal/format.ts";
import { type Column, tableHead, tableRow } from "../terminal/text-table.ts";
import { checkAgreement } from "./agreement.ts";
import type { ScalingAxis, ScalingRow } from "./bench-rows.ts";
import type { Bench } from "./bench-session.ts";
import { recurrentFlops } from "./flops.ts";
import {
  createProblem,
  differentiate,
  gateCount,
  opNamed,
  type Shape,
  shapeText,
} from "./recurrent-ops.ts";
import { rounds } from "./rounds.ts";

const base = { dx: false } as const;

/** The tables: each axis from its smallest to its largest size. */
export const scalingShapes: Readonly<Record<ScalingAxis, readonly Shape[]>> = {
  T: [50, 100, 200, 500, 1000, 2000, 5000].map((T) => ({ ...base, B: 32, T, I: 32, H: 32 })),
  B: [1, 2, 4, 8, 16, 32, 64, 128, 256].map((B) => ({ ...base, B, T: 200, I: 32, H: 32 })),
  H: [8, 16, 32, 64, 128, 256, 512, 1024].map((H) => ({ ...base, B: 32, T: 20, I: H, H })),
  large: [{ ...base, B: 64, T: 100, I: 256, H: 256 }],
};

/** Milliseconds of a training step of the *large* LSTM that are aimed at, on two threads. */
export const LARGE_GOAL_MS = 170;

export interface ScalingOptions {
  op: string;
  /** Time for each row. */
  seconds: number;
  seed: number;
}

const columns: Column[] = [
  { title: "axis", width: 5, left: true },
  { title: "B×T×I×H", width: 15, left: true },
  { title: "median ms", width: 10 },
  { title: "p95 ms", width: 10 },
  { title: "GFLOP/s", width: 7 },
  { title: "exponent", width: 8 },
  { title: "memory MB", width: 10 },
  { title: "exponent", width: 8 },
  { title: "goal", width: 8 },
  { title: "n", width: 4 },
];

/** `bench scaling`: how time and memory of a training step grow with T, B and H (I = H there). */
export async function benchScaling(
  options: ScalingOptions,
  bench: Bench<ScalingRow>,
  axes: Readonly<Record<ScalingAxis, readonly Shape[]>> = scalingShapes,
): Promise<void> {
  const op = opNamed(options.op);
  checkAgreement(op, []);
  bench.line();
  bench.line(bench.colors.bold("All kernels agree. Timing."));
  bench.line(
    bench.colors.dim(
      "  training step through the tfjs op; exponent p from the row above: cost ∝ size^p (1 linear, 2 squared)",
    ),
  );
  for (const [name, shapes] of Object.entries(axes)) {
    const axis = name as ScalingAxis;
    bench.line();
    bench.line(tableHead(columns));
    let above: ScalingRow | undefined;
    for (const shape of shapes) {
      const problem = createProblem(op, shape, options.seed);
      let trainingBytes = 0;
      // Cost between the two clock readings only: asking for the memory is no part of a step.
      const round = () => {
        let asking = 0;
        const startedAt = performance.now();
        tf.tidy(
          () =>
            void differentiate(problem, () => {
              const askedAt = performance.now();
              trainingBytes = engineMemory().used;
              asking = performance.now() - askedAt;
            }),
        );
        return performance.now() - startedAt - asking;
      };
      const plan = { warmUp: 3, least: 5, seconds: options.seconds, signal: bench.signal };
      const times = await rounds(round, plan);
      problem.dispose();
      if (times.length === 0) return;
      const medianMs = median(times);
      const size = (of: Shape) => (axis === "large" ? 1 : of[axis]);
      const exponent = (cost: (row: ScalingRow) => number, own: number) =>
        above ? growthExponent([size(above.shape), cost(above)], [size(shape), own]) : null;
      const isGoal = axis === "large" && op.name === "lstm";
      const row: ScalingRow = {
        ...{ op: op.name, axis, shape, rounds: times.length, medianMs },
        p95Ms: quantile(times, 0.95),
        gflops: recurrentFlops(shape, gateCount(op), "train") / medianMs / 1e6,
        exponent: exponent((row) => row.medianMs, medianMs),
        trainingBytes,
        memoryExponent: exponent((row) => row.trainingBytes, trainingBytes),
        goalMs: isGoal ? LARGE_GOAL_MS : null,
      };
      bench.record(row);
      bench.line(rowText(row));
      above = row;
    }
  }
}

function rowText(row: ScalingRow): string {
  const exponent = (p: number | null) => (p === null ? "" : p.toFixed(2));
  return tableRow(columns, [
    row.axis,
    shapeText(row.shape),
    row.medianMs.toFixed(3),
    row.p95Ms.toFixed(3),
    row.gflops.toFixed(1),
    exponent(row.exponent),
    formatNumber(row.trainingBytes / 1e6, 3),
    exponent(row.memoryExponent),
    row.goalMs === null ? "" : `≤ ${row.goalMs}`,
    String(row.rounds),
  ]);
}
