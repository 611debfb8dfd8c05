// The figures of `bench gpu`, and how they are printed.

import { type Column, tableRow } from "../terminal/text-table.ts";
import type { GpuAdapter } from "./gpu-device.ts";
import { type Shape, shapeText } from "./recurrent-ops.ts";

/** What the figures belong to: the first row of the results. */
export interface AdapterRow extends GpuAdapter {
  kind: "adapter";
  /** The matrix peak, GFLOP/s, and of which kernel on matrices of which size. */
  peakGflops: number;
  peakKernel: string;
  peakSize: number;
  /** The best of each kernel that was tried. */
  kernels: Record<string, number>;
}

/** Both ways of a recurrence on this device. */
export interface WayRow {
  kind: "ways";
  units: number;
  rowsMs: number;
  stepsMs: number;
}

/** One pass of one layer; milliseconds, medians. */
export interface LayerRow {
  kind: "layer";
  op: string;
  shape: Shape;
  pass: "forward" | "train";
  rounds: number;
  gpuMs: number;
  gpuP95Ms: number;
  /** By the device's own clock, pauses between its passes left out; null where it has none. */
  deviceMs: number | null;
  dispatches: number;
  gflop: number;
  gflops: number;
  /** Of the adapter's matrix peak, measured in the same rounds. */
  peakGflops: number;
  fractionOfPeak: number;
  /** The WASM engine; null where it would take too long. */
  wasmMs: number | null;
  /** tfjs-layers' own layer on webgpu; null where it was not asked for. */
  stockMs: number | null;
  /** Their time / ours. */
  ratio: { wasm: number | null; stock: number | null };
}

/** A training step or a prediction of a whole model; milliseconds, medians. */
export interface ModelRow {
  kind: "model";
  model: string;
  batchSize: number;
  pass: "train" | "predict";
  rounds: number;
  gpuMs: number;
  gpuP95Ms: number;
  deviceMs: number | null;
  dispatches: number;
  wasmMs: number;
  stockMs: number | null;
  ratio: { wasm: number; stock: number | null };
  /** Milliseconds and dispatches that are aimed at; null where nothing is. */
  goal: { ms: number; dispatches: number } | null;
}

export type GpuRow = AdapterRow | WayRow | LayerRow | ModelRow;

const ms = (x: number | null) => (x === null ? "–" : x >= 1000 ? x.toFixed(0) : x.toPrecision(3));
const times = (x: number | null) =>
  x === null ? "" : `${x >= 10 ? x.toFixed(0) : x.toPrecision(2)}x`;
const percent = (share: number) => `${(100 * share).toFixed(share < 0.1 ? 1 : 0)} %`;

const beside: readonly Column[] = [
  { title: "wasm ms", width: 8 },
  { title: "/ gpu", width: 6 },
  { title: "stock ms", width: 8 },
  { title: "/ gpu", width: 6 },
];

const besideOf = ({ wasmMs, stockMs, ratio }: LayerRow | ModelRow) => [
  ...[ms(wasmMs), times(ratio.wasm), ms(stockMs), times(ratio.stock)],
];

/** Of `wayLine`. */
export const wayColumns: readonly Column[] = [
  { title: "units", width: 5 },
  { title: "by rows ms", width: 10 },
  { title: "by steps ms", width: 11 },
  { title: "rows / steps", width: 12 },
];

/** One size both ways. */
export function wayLine({ units, rowsMs, stepsMs }: WayRow): string {
  return tableRow(wayColumns, [
    ...[String(units), ms(rowsMs), ms(stepsMs), (rowsMs / stepsMs).toFixed(2)],
  ]);
}

/** Of `layerLine`. */
export const layerColumns: readonly Column[] = [
  { title: "layer", width: 16, left: true },
  { title: "B×T×I×H", width: 17, left: true },
  { title: "pass", width: 7, left: true },
  { title: "gpu ms", width: 7 },
  { title: "p95", width: 7 },
  { title: "device", width: 7 },
  { title: "dispatches", width: 10 },
  { title: "GFLOP/s", width: 7 },
  { title: "of peak", width: 7 },
  ...beside,
  { title: "n", width: 4 },
];

/** One pass of one layer. */
export function layerLine(row: LayerRow): string {
  const { gpuMs, gpuP95Ms, deviceMs, dispatches, gflops, fractionOfPeak } = row;
  return tableRow(layerColumns, [
    ...[row.op, shapeText(row.shape), row.pass, ms(gpuMs), ms(gpuP95Ms), ms(deviceMs)],
    ...[String(dispatches), gflops.toPrecision(3), percent(fractionOfPeak)],
    ...[...besideOf(row), String(row.rounds)],
  ]);
}

/** Of `modelLine`. */
export const modelColumns: readonly Column[] = [
  { title: "model", width: 23, left: true },
  { title: "batch", width: 5 },
  { title: "pass", width: 7, left: true },
  { title: "gpu ms", width: 7 },
  { title: "p95", width: 7 },
  { title: "device", width: 7 },
  { title: "goal", width: 6 },
  { title: "dispatches", width: 10 },
  { title: "goal", width: 5 },
  ...beside,
  { title: "n", width: 4 },
];

/** A model's step, beside what is aimed at. */
export function modelLine(row: ModelRow): string {
  const { gpuMs, gpuP95Ms, deviceMs, dispatches, goal } = row;
  return tableRow(modelColumns, [
    ...[row.model, String(row.batchSize), row.pass, ms(gpuMs), ms(gpuP95Ms), ms(deviceMs)],
    ...[goal ? `≤ ${goal.ms}` : "", String(dispatches), goal ? `≤ ${goal.dispatches}` : ""],
    ...[...besideOf(row), String(row.rounds)],
  ]);
}
