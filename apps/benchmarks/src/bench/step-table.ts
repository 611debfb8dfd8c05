// The figures of `bench step`, and how they are printed.

import { type Column, tableRow } from "../terminal/text-table.ts";
import type { Goals, Reference } from "./tutorial-models.ts";

/** Times of one side of a model, milliseconds. */
export interface SideTimes {
  /** `model.trainOnBatch`, loss and metrics read. */
  trainMs: number;
  trainP95Ms: number;
  /** `model.predictOnBatch`, output read. */
  predictMs: number;
  predictP95Ms: number;
  /** A step inside `model.fit`, shuffling, slicing and logs included; not measured for stock. */
  fitMs: number | null;
}

/** One model, fused and of tfjs-layers' own layers. */
export interface StepRow {
  model: string;
  title: string;
  batchSize: number;
  rounds: number;
  fused: SideTimes | null;
  stock: SideTimes | null;
  /** How many operations of tfjs a training step of stock runs; null without it. */
  stockOperations: number | null;
  /** Stock / fused; null where one is missing. */
  ratio: { train: number; predict: number } | null;
  /** One core's matrix peak without fused multiply-add in these rounds, GFLOP/s. */
  peakGflops: number;
  /** Fused times as they would be at `GOAL_PEAK`: ms · peak / 59. */
  atGoalPeak: { trainMs: number; predictMs: number } | null;
  goals: Goals;
  references: readonly Reference[];
}

/** Of `stepLine`. */
export const stepColumns: readonly Column[] = [
  { title: "model", width: 23, left: true },
  { title: "train", width: 7 },
  { title: "p95", width: 7 },
  { title: "in fit", width: 7 },
  { title: "stock", width: 8 },
  { title: "its ops", width: 7 },
  { title: "ratio", width: 6 },
  { title: "goal", width: 5 },
  { title: "predict", width: 8 },
  { title: "p95", width: 7 },
  { title: "stock", width: 8 },
  { title: "ratio", width: 6 },
  { title: "goal", width: 5 },
  { title: "rounds", width: 6 },
];

const ms = (x: number | null | undefined): string =>
  x === null || x === undefined ? "–" : x >= 1000 ? x.toFixed(0) : x.toPrecision(3);
const times = (x: number | undefined): string =>
  x === undefined ? "" : `${x >= 10 ? x.toFixed(0) : x.toPrecision(2)}x`;
const atLeast = (x: number | undefined): string => (x === undefined ? "" : `≥${x}x`);

/** What a model took, both sides beside each other. */
export function stepLine(row: StepRow): string {
  const { model, fused, stock, stockOperations, ratio, goals, rounds: n } = row;
  return tableRow(stepColumns, [
    model,
    ...[ms(fused?.trainMs), ms(fused?.trainP95Ms), ms(fused?.fitMs), ms(stock?.trainMs)],
    String(stockOperations ?? "–"),
    ...[times(ratio?.train), atLeast(goals.trainRatio)],
    ...[ms(fused?.predictMs), ms(fused?.predictP95Ms), ms(stock?.predictMs)],
    ...[times(ratio?.predict), atLeast(goals.predictRatio)],
    String(n),
  ]);
}

/** Of `goalLines`. */
export const goalColumns: readonly Column[] = [
  { title: "model", width: 23, left: true },
  { title: "", width: 7, left: true },
  { title: "ms", width: 7 },
  { title: "peak", width: 6 },
  { title: "ms at 59", width: 8 },
  { title: "goal", width: 7 },
  { title: "Keras TF", width: 9 },
  { title: "Keras JAX", width: 9 },
  { title: "PyTorch", width: 9 },
];

/** A model beside its goals, training and prediction. */
export function goalLines({
  model,
  fused,
  atGoalPeak,
  peakGflops,
  goals,
  references,
}: StepRow): string[] {
  const line = (what: "train" | "predict") => {
    const goal = goals[`${what}Ms`];
    return tableRow(goalColumns, [
      model,
      what,
      ms(fused?.[`${what}Ms`]),
      peakGflops.toFixed(1),
      ms(atGoalPeak?.[`${what}Ms`]),
      goal === undefined ? "" : `≤ ${goal}`,
      ...references.map((reference) => ms(reference[`${what}Ms`])),
    ]);
  };
  return [line("train"), line("predict")];
}
