import { timeSeriesSplit } from "@rnnkit/preprocess";
import type { Series } from "../one-series.ts";
import {
  countWindows,
  type PreparedSeries,
  prepareSeries,
  scaleSeries,
} from "../prepared-series.ts";
import type { BandSettings, Fold, Season, WalkForward } from "../results.ts";
import { type TrainOptions, train } from "../training.ts";
import { UsageError } from "../usage-error.ts";
import { byStep, horizonErrors, judgedSteps, type StepForecasts, stretchOf } from "./errors.ts";
import { emptyPart, firstSteps } from "./forecast-part.ts";
import { guessSeason } from "./season.ts";
import {
  type BuildForecaster,
  examplesOf,
  forecastsOf,
  newForecaster,
} from "./trained-forecaster.ts";

/** One fold: the first points of a series train, those from there to **end** are forecast. */
export interface PlannedFold {
  trainPoints: number;
  /** The first point after its stretch. */
  end: number;
  season: Season | null;
  /** Windows that its model learns from. */
  windows: number;
  /** Cuts them out of the series, and those of the stretch: nothing of what comes after it. */
  prepare(): PreparedSeries;
}

/** What every fold is made with. */
export interface WalkForwardPlan {
  folds: number;
  timesteps: number;
  /** Steps that one prediction says. */
  outputs: number;
  allColumns: boolean;
  /** Points in a season; undefined: guessed in each fold's training part. */
  season?: number;
}

/**
 * The folds of a walk-forward evaluation, as scikit-learn's TimeSeriesSplit makes them: the series in folds + 1
 * equal stretches, each but the first forecast by a model of all before it. Scaler and season are of each fold's
 * training part alone.
 *
 * @throws UsageError when the first training part is too short for a window, or for a given season
 */
export function planFolds(series: Series, plan: WalkForwardPlan): PlannedFold[] {
  const { folds, timesteps, outputs, allColumns, season } = plan;
  const points = series.values.length;
  if (points <= folds) {
    throw new UsageError(
      `--walk-forward: expected at most ${points - 1} folds of ${points} points, got ${folds}`,
    );
  }
  return timeSeriesSplit(series.values, { nSplits: folds }).map(([train, test]) => {
    const trainPoints = train.length;
    const end = trainPoints + test.length;
    if (season && season > trainPoints) {
      throw new UsageError(
        `--season: expected at most the ${trainPoints} points that the first fold of --walk-forward trains on, got ${season}`,
      );
    }
    const options = { trainPoints, points: end, allColumns };
    // Refuses what cannot be cut before the first model is trained.
    scaleSeries(series, timesteps, outputs, options);
    return {
      trainPoints,
      end,
      prepare: () => prepareSeries(series, timesteps, outputs, options),
      windows: countWindows(trainPoints, timesteps, outputs),
      season: season ? { length: season, source: "given" } : guessSeason(series, trainPoints),
    };
  });
}

/** How each fold's model is trained. */
export type FoldTraining = Pick<TrainOptions, "epochs" | "batchSize" | "seed">;

/** Batches that all folds' models learn from. */
export function countFoldSteps(
  folds: readonly PlannedFold[],
  { epochs, batchSize }: FoldTraining,
): number {
  return folds.reduce((sum, { windows }) => sum + epochs * Math.ceil(windows / batchSize), 0);
}

/** How a model is trained and asked in every fold. */
export interface WalkForwardJob {
  series: Series;
  folds: readonly PlannedFold[];
  /** The same model whenever it is asked, so that folds differ by what they learn from alone. */
  build: BuildForecaster;
  training: FoldTraining;
  /** Steps ahead to judge, where there is room for so many. */
  ahead: number;
  bands: BandSettings | null;
  signal: AbortSignal;
  /** After each batch; what it throws ends the evaluation. */
  onStep?: (fold: number, loss: number) => void;
  onFold?: (fold: Fold) => void;
}

/** Trains and judges a new model in each fold, in time order, until **signal** is aborted. */
export async function walkForward(job: WalkForwardJob): Promise<WalkForward> {
  const { series, folds, build, training, ahead, bands, signal, onStep, onFold } = job;
  const done: Fold[] = [];
  const stretches: StepForecasts[][] = [];
  for (const [n, { trainPoints, end, prepare, season }] of folds.entries()) {
    const startedAt = performance.now();
    const prepared = prepare();
    const forecaster = newForecaster(prepared, build, bands);
    try {
      const { model, layout } = forecaster;
      await train(model, examplesOf(prepared, layout), {
        ...training,
        signal,
        onStep: ({ loss }) => onStep?.(n, loss),
      });
      if (signal.aborted) break;
      const judged = judgedSteps(ahead, end - trainPoints, bands?.samples ?? null);
      const forecasts = await forecastsOf(forecaster, prepared.test.x, judged, signal);
      if (!forecasts) break;
      const length = season?.length ?? null;
      const steps = byStep(forecasts, stretchOf(series.values, trainPoints, end, length));
      stretches.push(steps);
      const fold: Fold = {
        trainPoints,
        season,
        test: { ...emptyPart(series, trainPoints, end, length), ...firstSteps(forecasts) },
        horizon: horizonErrors([steps]),
        seconds: (performance.now() - startedAt) / 1000,
      };
      done.push(fold);
      onFold?.(fold);
    } finally {
      forecaster.model.dispose();
    }
  }
  return { folds: done, together: done.length === folds.length ? horizonErrors(stretches) : null };
}
