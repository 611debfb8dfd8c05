import * as Plot from "@observablehq/plot";
import { plotWidth, type Size } from "./chart.ts";

/** A value where it stands on the x axis. */
export interface Point {
  at: number | Date;
  value: number;
}

// Longer lines are thinned to this many points, keeping each stretch's lowest and highest.
const MAX_POINTS = 1600;

// A column to point at is at least this many pixels wide.
const NARROWEST_COLUMN = 3;

/** `values` thinned to at most `most` points: of each stretch the lowest and the highest, in order. */
export function thin<T extends { value: number }>(values: T[], most: number = MAX_POINTS): T[] {
  if (values.length <= most) return values;
  const stretches = Math.floor(most / 2);
  const out: T[] = [];
  for (let s = 0; s < stretches; s++) {
    const start = Math.floor((s * values.length) / stretches);
    const end = Math.floor(((s + 1) * values.length) / stretches);
    let low = start;
    let high = start;
    for (let i = start; i < end; i++) {
      if ((values[i] as T).value < (values[low] as T).value) low = i;
      if ((values[i] as T).value > (values[high] as T).value) high = i;
    }
    out.push(values[Math.min(low, high)] as T);
    if (low !== high) out.push(values[Math.max(low, high)] as T);
  }
  return out;
}

/** A line through points in order. */
export function line(data: Point[], stroke: string, options: Plot.LineYOptions = {}): Plot.Line {
  return Plot.lineY(thin(data, options.curve ? data.length : MAX_POINTS), {
    ...{ x: "at", y: "value", stroke, strokeWidth: 1.6 },
    ...options,
  });
}

/** What stands at a place of the x axis, in words. */
export interface Column {
  at: number | Date;
  title: string;
}

/**
 * Columns that are not seen, one a place: who points anywhere above or under the place is told its
 * values. Where more places than columns have room, each column speaks for the first of some.
 */
export function hoverColumns(columns: Column[], size: Size): Plot.Markish {
  const most = Math.floor(plotWidth(size) / NARROWEST_COLUMN);
  const every = Math.max(1, Math.ceil(columns.length / most));
  const shown = columns.filter((_, i) => i % every === 0);
  return Plot.ruleX(shown, {
    x: "at",
    title: "title",
    stroke: "transparent",
    strokeWidth: Math.max(NARROWEST_COLUMN, plotWidth(size) / shown.length),
  });
}
