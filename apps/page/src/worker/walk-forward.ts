import type { Series } from "@rnnkit/benchmarks/forecasting/one-series";
import { planFolds, walkForward } from "@rnnkit/benchmarks/forecasting/walk-forward";
import type { Fold, JudgedForecasts } from "@rnnkit/benchmarks/results";
import type { Settings } from "../app/settings.ts";
import { bandsOf, buildForecaster, outputsOf, saysAllColumns } from "./forecaster.ts";
import type { JudgedFold, Place, WalkOutcome, WalkStep } from "./messages.ts";

/** How an evaluation is followed, and ended. */
export interface WalkListener {
  /** It ends after the batch in which this is aborted; folds that ended before count. */
  signal: AbortSignal;
  onStep?: (step: WalkStep) => void;
  onFold?: (fold: JudgedFold) => void;
}

/**
 * The command line's `--walk-forward` with the page's models: the series in **count** + 1 equal stretches, each but the
 * first forecast by a new model of all before it.
 *
 * @throws UsageError when the first stretch is too short for a window, before any training
 * @throws when a model diverges
 */
export async function evaluateForward(
  series: Series,
  settings: Settings,
  count: number,
  { signal, onStep, onFold }: WalkListener,
): Promise<WalkOutcome> {
  const { window: timesteps, epochs, batch: batchSize, seed, ahead } = settings;
  const bands = bandsOf(settings);
  const folds = planFolds(series, {
    ...{ folds: count, timesteps, outputs: outputsOf(settings) },
    allColumns: saysAllColumns(series, settings),
  });
  const training = { epochs, batchSize, seed };
  const { together } = await walkForward({
    ...{ series, folds, training, signal },
    build: (layout) => buildForecaster(settings.cell, settings, layout, bands),
    ...{ ahead, bands },
    onStep({ fold, loss, ...step }) {
      if (loss !== null && !Number.isFinite(loss)) {
        throw new Error(
          `the model of fold ${fold + 1} diverged, its loss is ${loss}: a smaller learning rate may help`,
        );
      }
      onStep?.({ fold: fold + 1, ...step });
    },
    onFold: (fold) => onFold?.(judgedFold(fold)),
  });
  if (!together) return { ending: "stopped", together: null, farthest: null };
  const { steps } = together;
  const last = steps.at(-1) as JudgedForecasts;
  return {
    ending: "complete",
    together: steps[0] as JudgedForecasts,
    farthest: steps.length > 1 ? { ...last, steps: steps.length } : null,
  };
}

function judgedFold({ test, horizon }: Fold): JudgedFold {
  return {
    ...(horizon.steps[0] as JudgedForecasts),
    from: test.at[0] as Place,
    to: test.at.at(-1) as Place,
  };
}
