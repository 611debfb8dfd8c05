// The figures of `bench fit`, and how they are printed.

import { median } from "../statistics.ts";
import { type Column, tableRow } from "../terminal/text-table.ts";
import { type Ratio, ratioOf, ratioText } from "./ratio.ts";
import type { ScriptRow } from "./whole-scripts.ts";

/** One `fit` of one system, milliseconds. */
export interface FitTimes {
  system: string;
  /** Of each epoch, the first from the call of `fit` on. */
  epochs: number[];
  /** Between the last epoch's end and the end of `fit`. */
  endMs: number;
  /** How far its loss of an epoch in order is from ours, as a share of it; null with dropout. */
  lossError: number | null;
}

/** One model in one system, ours among them; medians over the fits. */
export interface FitRow {
  model: string;
  system: string;
  fits: number;
  epochs: number;
  firstMs: number;
  /** An epoch of the second half of them. */
  steadyMs: number;
  /** All of `fit`. */
  wholeMs: number;
  /** Of an epoch in order, from equal weights: |its − ours| / |ours|; null of ours, and with dropout. */
  lossError: number | null;
  /** Ours / its; null of ours. */
  ratio: { first: Ratio; steady: Ratio; whole: Ratio } | null;
}

/** A row a system: **fits** hold, fit by fit, the systems' times in the same order, ours first. */
export function fitRows(model: string, fits: readonly FitTimes[][]): FitRow[] {
  const [systems = []] = fits;
  const [ours, ...others] = systems.map((_, k) =>
    timesOf(fits.map((fit) => fit[k] as FitTimes)),
  ) as [SideTimes, ...SideTimes[]];
  return [ours, ...others].map((side) => ({
    ...{ model, system: side.system, fits: fits.length, epochs: side.count },
    ...{ firstMs: median(side.first), steadyMs: median(side.steady) },
    ...{ wholeMs: median(side.whole), lossError: side === ours ? null : side.lossError },
    ratio:
      side === ours
        ? null
        : {
            first: ratioOf(ours.first, side.first),
            steady: ratioOf(ours.steady, side.steady),
            whole: ratioOf(ours.whole, side.whole),
          },
  }));
}

interface SideTimes {
  system: string;
  /** Epochs of a fit. */
  count: number;
  lossError: number | null;
  first: number[];
  steady: number[];
  whole: number[];
}

function timesOf(fits: readonly FitTimes[]): SideTimes {
  const { system, epochs, lossError } = fits[0] as FitTimes;
  return {
    ...{ system, lossError },
    count: epochs.length,
    first: fits.map((fit) => fit.epochs[0] as number),
    steady: fits.flatMap((fit) => fit.epochs.slice(Math.floor(fit.epochs.length / 2))),
    whole: fits.map((fit) => fit.epochs.reduce((sum, ms) => sum + ms, fit.endMs)),
  };
}

/** Of `fitLine`. */
export const fitColumns = (epochs: number): Column[] => [
  { title: "model", width: 23, left: true },
  { title: "system", width: 26, left: true },
  { title: "first", width: 7 },
  { title: "steady", width: 7 },
  { title: `all ${epochs}`, width: 7 },
  { title: "ours / theirs: first", width: 21 },
  { title: "steady", width: 21 },
  { title: "all", width: 21 },
  { title: "loss off", width: 8 },
];

const ms = (x: number) => (x >= 1000 ? x.toFixed(0) : x.toPrecision(3));

/** A ratio; its range only where there were several turns. */
const times = (ratio: Ratio | undefined) =>
  !ratio ? "" : ratio.low === ratio.high ? ratio.median.toFixed(2) : ratioText(ratio);

const share = (x: number | null) => (x === null ? "" : x === 0 ? "0" : x.toExponential(0));

/** What a model's `fit` took in a system. */
export function fitLine(row: FitRow): string {
  const { model, system, firstMs, steadyMs, wholeMs, ratio } = row;
  return tableRow(fitColumns(row.epochs), [
    ...[model, system, ms(firstMs), ms(steadyMs), ms(wholeMs)],
    ...[times(ratio?.first), times(ratio?.steady), times(ratio?.whole)],
    share(row.lossError),
  ]);
}

/** Of `scriptLine`. */
export const scriptColumns: readonly Column[] = [
  { title: "model", width: 23, left: true },
  { title: "system", width: 26, left: true },
  { title: "seconds", width: 7 },
  { title: "ours / theirs", width: 21 },
  { title: "turns", width: 5 },
];

/** What a whole script took. */
export function scriptLine({ model, system, scriptMs, scriptRatio, turns }: ScriptRow): string {
  return tableRow(scriptColumns, [
    ...[model, system, (scriptMs / 1000).toFixed(2), times(scriptRatio ?? undefined)],
    String(turns),
  ]);
}
