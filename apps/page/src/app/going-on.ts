// Whether the model that there is can be trained on what the settings choose.

import type { ModelAbout } from "../worker/messages.ts";
import { featuresIn, isSeries, type Settings } from "./settings.ts";

/** Why a model cannot learn from what the settings choose. */
export type Misfit =
  | { why: "series" | "reviews" }
  | { why: "columns" | "words"; has: number; needed: number };

/** What keeps a model from learning further by the settings; null where nothing does that is known before the data. */
export function misfit(
  { kind, features }: Pick<ModelAbout, "kind" | "features">,
  settings: Settings,
): Misfit | null {
  const ofSeries = isSeries(settings.task);
  if (ofSeries !== (kind === "forecaster")) return { why: ofSeries ? "reviews" : "series" };
  const needed = settings.task === "csv" ? 1 + featuresIn(settings.features).length : 1;
  return ofSeries && needed !== features ? { why: "columns", has: features, needed } : null;
}

/** Whether the settings say other sizes than a model's own, which it keeps. */
export function keepsOwn(
  model: Pick<ModelAbout, "kind" | "cell" | "units" | "window" | "bands">,
  settings: Settings,
): boolean {
  const { cell, units, window } = settings;
  const isAlike = (model.cell ?? cell) === cell && model.units === units && model.window === window;
  return !isAlike || (model.kind === "forecaster" && model.bands !== settings.bands);
}
