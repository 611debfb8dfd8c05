import type { Optimizer } from "@tensorflow/tfjs-core";
import type { LayersModel } from "@tensorflow/tfjs-layers";

/** What keras-builders' optimizers say of their step size. */
export type Rated = Optimizer & { learningRate: number; learningRateSchedule?: unknown };

/** The step size that a model's optimizer has; null where it has none, or one that follows a schedule. */
export function rateOf({ optimizer }: LayersModel): number | null {
  const { learningRate, learningRateSchedule } = (optimizer ?? {}) as Partial<Rated>;
  return learningRateSchedule === undefined ? (learningRate ?? null) : null;
}
