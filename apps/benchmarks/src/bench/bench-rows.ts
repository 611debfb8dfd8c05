// Rows of the benches that have pictures.
import type { StepTimeline } from "../charts/timeline-chart.ts";
import type { Shape } from "./recurrent-ops.ts";

/** What is varied while the rest stands still; *large* is the one big problem with its own goal. */
export type ScalingAxis = "T" | "B" | "H" | "large";

/** A training step (forward and backward through the tfjs op) of one size. */
export interface ScalingRow {
  op: string;
  axis: ScalingAxis;
  shape: Shape;
  rounds: number;
  medianMs: number;
  p95Ms: number;
  gflops: number;
  /** p in cost ∝ size^p from the row above; null in an axis' first row. */
  exponent: number | null;
  /** The engine's memory while forward's records wait for backward. */
  trainingBytes: number;
  /** The same exponent of the memory. */
  memoryExponent: number | null;
  goalMs: number | null;
}

/** One training step: of all that were timed layer by layer, the one of the median time. */
export interface TimelineRow extends StepTimeline {
  title: string;
  batchSize: number;
  rounds: number;
  threads: number;
  /** The median of the same step as a whole, as `fit` takes it; timed in turn with the others. */
  wholeMs: number;
}
