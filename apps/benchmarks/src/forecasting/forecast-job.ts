import type { BandSettings } from "../results.ts";
import { UsageError } from "../terminal/usage-error.ts";
import { bandSettings } from "./bands.ts";
import type { ForecastJob } from "./forecast.ts";
import { type ForecastCommandOptions as Options, SAMPLES } from "./forecast-options.ts";
import { prepareSeries } from "./prepared-series.ts";
import { checkSavePath } from "./saved-forecaster.ts";
import { csvSeries, namedSeries } from "./series.ts";
import { planFolds } from "./walk-forward.ts";

/**
 * The series read and cut, bands and folds chosen: all that `forecast` is to do, and nothing done yet.
 *
 * @throws UsageError for what cannot be done, before any work
 */
export function forecastJob(options: Options): ForecastJob {
  const { model, timesteps, units, epochs, batchSize, learningRate, seed } = options;
  const series = seriesOf(options);
  const { ahead, strategy, walkForward, season, save } = options;
  if (strategy && ahead === undefined) {
    throw new UsageError("--strategy: expected --ahead <n> with it");
  }
  const bands = bandsOf(options);
  const chosen = {
    ...{ model, timesteps, units, epochs, batchSize, learningRate, seed },
    ...(options.dropout !== undefined && { dropout: options.dropout }),
    ...(bands?.method === "dropout" && { dropout: options.dropout ?? 0.2 }),
  };
  if (save !== undefined) checkSavePath(save);
  const isDirect =
    (strategy ?? (bands?.method === "quantile" ? "direct" : "recursive")) === "direct";
  const beyond =
    ahead === undefined
      ? null
      : { n: ahead, strategy: isDirect ? ("direct" as const) : ("recursive" as const) };
  const outputs = beyond?.strategy === "direct" ? beyond.n : 1;
  // What goes into the next window must be forecast, all of it.
  const allColumns =
    (series.features ?? []).length > 0 && beyond?.strategy === "recursive" && beyond.n > 1;
  const prepared = prepareSeries(series, timesteps, outputs, { allColumns });
  if (season !== undefined && season > prepared.test.firstTarget) {
    throw new UsageError(
      `--season: expected at most the ${prepared.test.firstTarget} points of the training part, got ${season}`,
    );
  }
  const folds =
    walkForward === undefined
      ? []
      : planFolds(series, { folds: walkForward, timesteps, outputs, allColumns, season });
  return { series, prepared, options: chosen, season, beyond, bands, folds, save };
}

/** Refuses bands that could not be made, and samples of none. */
function bandsOf({ bands, samples, dropout, strategy, ahead = 1 }: Options): BandSettings | null {
  if (samples !== undefined && bands !== "dropout") {
    throw new UsageError("--samples: expected --bands dropout with it");
  }
  if (bands === undefined) return null;
  if (bands === "dropout" && dropout === 0) {
    throw new UsageError("--bands dropout: expected a --dropout above 0 to leave on, got 0");
  }
  if (bands === "quantile" && strategy === "recursive" && ahead > 1) {
    throw new UsageError(
      "--bands quantile: expected --strategy direct, got recursive: of quantiles no next window can be made; or take --bands dropout",
    );
  }
  return bandSettings(bands, samples ?? SAMPLES);
}

function seriesOf({ series, csv, column, decimal, dates, features, seed }: Options) {
  if (csv === undefined) {
    for (const [name, value] of Object.entries({ column, decimal, dates })) {
      if (value !== undefined) throw new UsageError(`--${name}: expected --csv <file> with it`);
    }
    return namedSeries(series ?? "sine", seed, features);
  }
  if (series !== undefined) {
    throw new UsageError("--series, --csv: expected one of them, got both");
  }
  return csvSeries(csv, { column, decimal, dates, features });
}
