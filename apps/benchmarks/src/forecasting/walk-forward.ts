import { timeSeriesSplit } from "@rnnkit/preprocess";
import type { BandSettings, Fold, Season, WalkForward } from "../results.ts";
import { UsageError } from "../terminal/usage-error.ts";
import { type TrainOptions, train } from "../training.ts";
import { byStep, horizonErrors, judgedSteps, type StepForecasts, stretchOf } from "./errors.ts";
import { emptyPart, firstSteps } from "./forecast-part.ts";
import type { Series } from "./one-series.ts";
import {
  countWindows,
  type PreparedSeries,
  prepareSeries,
  scaleSeries,
} from "./prepared-series.ts";
import { guessSeason } from "./season.ts";
import {
  askedOf,
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
  /** Steps that one prediction of its model says. */
  outputs: number;
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
      outputs,
      season: season ? { length: season, source: "given" } : guessSeason(series, trainPoints),
    };
  });
}

/** How each fold's model is trained. */
export type FoldTraining = Pick<TrainOptions, "epochs" | "batchSize" | "seed">;

/** Where an evaluation stands. */
export interface FoldStep {
  /** From 0. */
  fold: number;
  /** Whether the fold's model is learning, or asked for its forecasts. */
  stage: "training" | "judging";
  /** Of the epoch so far; null where nothing is learnt. */
  loss: number | null;
  /** Windows that a model was asked of or, each as much as three of those, learnt from; in all folds. */
  done: number;
  total: number;
}

// A window that is learnt from goes forwards once and backwards twice.
const LEARNT = 3;

/** What all folds are to do, in `FoldStep`'s measure. */
export function plannedWork(
  job: Pick<WalkForwardJob, "folds" | "training" | "ahead" | "bands">,
): number {
  return job.folds.reduce((sum, fold) => {
    const learnt = LEARNT * job.training.epochs * fold.windows;
    const asked = askedOf({ steps: fold.outputs }, job.bands, judgedIn(fold, job));
    return sum + learnt + asked * (fold.end - fold.trainPoints);
  }, 0);
}

/** How many steps ahead are judged in a fold. */
function judgedIn(
  { trainPoints, end }: PlannedFold,
  { ahead, bands }: Pick<WalkForwardJob, "ahead" | "bands">,
): number {
  return judgedSteps(ahead, end - trainPoints, bands?.samples ?? null);
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
  /** After each batch, of training and of forecasts; what it throws ends the evaluation. */
  onStep?: (step: FoldStep) => void;
  onFold?: (fold: Fold) => void;
}

/** Trains and judges a new model in each fold, in time order, until **signal** is aborted. */
export async function walkForward(job: WalkForwardJob): Promise<WalkForward> {
  const { series, folds, build, training, bands, signal, onStep, onFold } = job;
  const done: Fold[] = [];
  const stretches: StepForecasts[][] = [];
  const total = plannedWork(job);
  let worked = 0;
  for (const [n, planned] of folds.entries()) {
    const { trainPoints, end, prepare, season } = planned;
    const startedAt = performance.now();
    const prepared = prepare();
    const forecaster = newForecaster(prepared, build, bands);
    const tell = (stage: FoldStep["stage"], work: number, loss: number | null) => {
      worked += work;
      onStep?.({ fold: n, stage, loss, done: worked, total });
    };
    try {
      const { model, layout } = forecaster;
      const examples = examplesOf(prepared, layout);
      const rows = examples.x.shape[0] as number;
      const batch = (step: number) =>
        Math.min(training.batchSize, rows - (step - 1) * training.batchSize);
      await train(model, examples, {
        ...{ ...training, signal },
        onStep: ({ step, loss }) => tell("training", LEARNT * batch(step), loss),
      });
      if (signal.aborted) break;
      const ahead = judgedIn(planned, job);
      tell("judging", 0, null);
      const forecasts = await forecastsOf(forecaster, prepared.test.x, ahead, signal, (rows) =>
        tell("judging", rows, null),
      );
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
