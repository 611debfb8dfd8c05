// The figures of `bench peers`, and how they are printed.

import { type Column, tableRow } from "../terminal/text-table.ts";
import { type Ratio, ratioText } from "./ratio.ts";

/** Milliseconds of one system, the median of each round; none of what it does not do. */
export interface SystemTimes {
  system: string;
  train: number[];
  predict: number[];
}

/** The fastest of the others. */
export interface Best {
  system: string;
  ms: number;
  /** Ours / its, turn by turn. */
  ratio: Ratio;
}

/** One model in one system, ours among them; milliseconds, medians; null where it does not train. */
export interface PeerRow {
  model: string;
  system: string;
  rounds: number;
  trainMs: number | null;
  predictMs: number | null;
  /** Its time / ours, of the medians. */
  ratio: { train: number | null; predict: number | null };
  /** In our row alone. */
  best: { train: Best | null; predict: Best | null } | null;
}

/** Of `peerLine`. */
export const peerColumns: readonly Column[] = [
  { title: "model", width: 23, left: true },
  { title: "system", width: 31, left: true },
  { title: "train ms", width: 8 },
  { title: "/ ours", width: 6 },
  { title: "predict ms", width: 10 },
  { title: "/ ours", width: 6 },
  { title: "rounds", width: 6 },
];

const ms = (x: number | null) => (x === null ? "–" : x.toPrecision(3));
const times = (x: number | null) => (x === null ? "" : `${x.toPrecision(2)}x`);

/** What a model took in a system. */
export function peerLine({ model, system, trainMs, predictMs, ratio, rounds }: PeerRow): string {
  return tableRow(peerColumns, [
    ...[model, system, ms(trainMs), times(ratio.train), ms(predictMs), times(ratio.predict)],
    String(rounds),
  ]);
}

/** Of `bestLine`. */
export const bestColumns: readonly Column[] = [
  { title: "model", width: 23, left: true },
  ...["train", "predict"].flatMap((what): Column[] => [
    { title: `${what} ms`, width: 10 },
    { title: "best", width: 7 },
    { title: "ours / best", width: 21 },
    { title: "which", width: 31, left: true },
  ]),
];

/** Our row beside the fastest of the others. */
export function bestLine({ model, trainMs, predictMs, best }: PeerRow): string {
  const side = (ours: number | null, other: Best | null | undefined) => [
    ms(ours),
    ms(other?.ms ?? null),
    other ? ratioText(other.ratio) : "",
    other?.system ?? "",
  ];
  return tableRow(bestColumns, [
    model,
    ...side(trainMs, best?.train),
    ...side(predictMs, best?.predict),
  ]);
}
