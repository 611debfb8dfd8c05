import * as Plot from "@observablehq/plot";
import { plotWidth, type Size } from "./chart.ts";

/** A value where it stands on the x axis. */
export interface Point {
  at: number | Date;
  value: number;
}

// Longer lines and bands are thinned to this many points, keeping each stretch's lowest and highest.
const MAX_POINTS = 1600;

// A column to point at is at least this many pixels wide.
const NARROWEST_COLUMN = 3;

/** Between what an area lies where it stands on the x axis. */
export interface Ends {
  at: number | Date;
  lower: number;
  upper: number;
}

/** Where each of so many stretches of a list begins, and where the next one does. */
function stretchesOf(length: number, count: number): [start: number, end: number][] {
  const start = (s: number) => Math.floor((s * length) / count);
  return Array.from({ length: count }, (_, s) => [start(s), start(s + 1)]);
}

/** The places of at most `most` values: of each stretch the lowest and the highest, in order. */
export function thinPlaces(values: ArrayLike<number>, most: number = MAX_POINTS): number[] {
  const { length } = values;
  if (length <= most) return Array.from({ length }, (_, i) => i);
  return stretchesOf(length, Math.floor(most / 2)).flatMap(([start, end]) => {
    let low = start;
    let high = start;
    for (let i = start; i < end; i++) {
      if ((values[i] as number) < (values[low] as number)) low = i;
      if ((values[i] as number) > (values[high] as number)) high = i;
    }
    return low === high ? [low] : [Math.min(low, high), Math.max(low, high)];
  });
}

/** `values` thinned to at most `most` points: of each stretch the lowest and the highest, in order. */
export function thin<T extends { value: number }>(values: T[], most: number = MAX_POINTS): T[] {
  if (values.length <= most) return values;
  const numbers = values.map(({ value }) => value);
  return thinPlaces(numbers, most).map((place) => values[place] as T);
}

/**
 * A band thinned to at most `most` ends: from the first to the last place of each stretch its lowest and its highest
 * end, so that whatever lay in the band still does.
 */
export function thinBand(ends: Ends[], most: number = MAX_POINTS): Ends[] {
  if (ends.length <= most) return ends;
  return stretchesOf(ends.length, Math.floor(most / 2)).flatMap(([start, end]) => {
    const stretch = ends.slice(start, end);
    const lower = stretch.reduce(
      (least, end) => Math.min(least, end.lower),
      Number.POSITIVE_INFINITY,
    );
    const upper = stretch.reduce(
      (most, end) => Math.max(most, end.upper),
      Number.NEGATIVE_INFINITY,
    );
    const [first, last] = [stretch[0] as Ends, stretch.at(-1) as Ends];
    return [first, last].slice(0, stretch.length).map(({ at }) => ({ at, lower, upper }));
  });
}

/** A line through points in order. */
export function line(data: Point[], stroke: string, options: Plot.LineYOptions = {}): Plot.Line {
  return Plot.lineY(thin(data, options.curve ? data.length : MAX_POINTS), {
    ...{ x: "at", y: "value", stroke, strokeWidth: 1.6 },
    ...options,
  });
}

/** What stands at a place of the x axis, in words, which are made where they are shown. */
export interface Column {
  at: number | Date;
  title(): string;
}

/**
 * Columns that are not seen, one a place: who points anywhere above or under the place is told its
 * values. Where more places than columns have room, each column speaks for the first of some.
 */
export function hoverColumns(columns: Column[], size: Size): Plot.Markish {
  const most = Math.floor(plotWidth(size) / NARROWEST_COLUMN);
  const every = Math.max(1, Math.ceil(columns.length / most));
  const shown = columns
    .filter((_, i) => i % every === 0)
    .map(({ at, title }) => ({ at, title: title() }));
  return Plot.ruleX(shown, {
    x: "at",
    title: "title",
    stroke: "transparent",
    strokeWidth: Math.max(NARROWEST_COLUMN, plotWidth(size) / shown.length),
  });
}
