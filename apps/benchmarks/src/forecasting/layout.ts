/**
 * How a forecast goes several steps ahead: *direct* has a model with an output for each step; *recursive*
 * puts what a model of one step said behind the window, of every column that it sees, and asks again.
 */
export type Strategy = "direct" | "recursive";

/** What a forecaster sees and says: windows [n, timesteps, features] in, [n, steps · columns · levels] out. */
export interface ForecasterLayout {
  /** Past values in a window. */
  timesteps: number;
  /** Columns in a window, the one to forecast first. */
  features: number;
  /** Steps that one prediction says. */
  steps: number;
  /** Columns that it says of each step: the first alone, or all of the window's. */
  columns: number;
  /** Shares of the quantiles that it says of each number, rising, the median in the middle; none: one number. */
  levels: readonly number[];
}

/** The quantiles of a model of bands: eight of ten values should lie between the outer ones. */
export const BAND_LEVELS = [0.1, 0.5, 0.9] as const;

/** Numbers that a model says of each value. */
export function levelsOf({ levels }: Pick<ForecasterLayout, "levels">): number {
  return Math.max(1, levels.length);
}

/** Width of a model's output. */
export function widthOf(layout: Pick<ForecasterLayout, "steps" | "columns" | "levels">): number {
  return layout.steps * layout.columns * levelsOf(layout);
}

/**
 * Whether a model can forecast so many steps: it says them all, or its own forecasts can go into the next window,
 * for which it must forecast every column there, and by one number.
 */
export function reaches(layout: ForecasterLayout, horizon: number): boolean {
  const { steps, features, columns, levels } = layout;
  return horizon <= steps || (columns === features && levels.length === 0);
}
