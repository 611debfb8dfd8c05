import { Command, Option } from "commander";
import type { ReadOptions } from "./csv.ts";
import { forecastDefaults as defaults, type ForecastOptions, forecast } from "./forecast.ts";
import type { Strategy } from "./forecast-ahead.ts";
import {
  type CommonOptions,
  positiveNumber,
  wholeNumber,
  withCommonOptions,
  withCsvOptions,
} from "./option-types.ts";
import { prepareSeries } from "./prepared-series.ts";
import { checkSavePath } from "./saved-forecaster.ts";
import { csvSeries, namedSeries, seriesNames } from "./series.ts";
import { runSession } from "./session.ts";
import type { Terminal } from "./terminal.ts";
import { UsageError } from "./usage-error.ts";

type Options = CommonOptions &
  ForecastOptions &
  ReadOptions & {
    series?: string;
    csv?: string;
    ahead?: number;
    strategy?: Strategy;
    save?: string;
  };

/** `forecast`: one series, one model, against the last value. */
export function forecastCommand(terminal: Terminal, done: (exitCode: number) => void): Command {
  const command = new Command("forecast")
    .summary("train a forecaster on a time series")
    .description(
      "Trains a forecaster on the first 80 % of a series and predicts the rest one step ahead, beside the last-value baseline.",
    )
    .addOption(
      new Option(
        "--series <name>",
        "an embedded series, or the noisy sine (default: sine)",
      ).choices(seriesNames),
    )
    .option("--csv <file>", "a CSV file, as downloaded");
  withCsvOptions(command)
    .addOption(
      new Option("--model <name>", "stock: one LSTM; lstm: two with relu and dropout")
        .choices(["stock", "lstm"])
        .default(defaults.model),
    )
    .option("--timesteps <n>", "values in a window", wholeNumber(1, 10_000), defaults.timesteps)
    .option("--units <n>", "units of each LSTM", wholeNumber(1, 4096), defaults.units)
    .option("--epochs <n>", "passes over the training part", wholeNumber(1), defaults.epochs)
    .option("--batch-size <n>", "windows a step", wholeNumber(1), defaults.batchSize)
    .option("--learning-rate <x>", "step size of Adam", positiveNumber(1), defaults.learningRate)
    .option("--ahead <n>", "values beyond the end of the data", wholeNumber(1, 10_000))
    .addOption(
      new Option(
        "--strategy <name>",
        "of --ahead: recursive feeds the model what it said; direct trains an output a step",
      ).choices(["recursive", "direct"]),
    )
    .option("--save <path>", "the model: .keras, .h5, .onnx, or a folder for tfjs");
  return withCommonOptions(command).action(async (options: Options) => {
    const { model, timesteps, units, epochs, batchSize, learningRate, seed } = options;
    const chosen = { model, timesteps, units, epochs, batchSize, learningRate, seed };
    const series = seriesOf(options);
    const { ahead, strategy, save } = options;
    if (strategy && ahead === undefined) {
      throw new UsageError("--strategy: expected --ahead <n> with it");
    }
    if (save !== undefined) checkSavePath(save);
    const beyond = ahead === undefined ? null : { n: ahead, strategy: strategy ?? "recursive" };
    const prepared = prepareSeries(series, timesteps, beyond?.strategy === "direct" ? beyond.n : 1);
    done(
      await runSession(
        {
          command: `forecast ${series.name}`,
          name: `forecast-${series.name}`,
          out: options.out,
          backend: options.backend,
          terminal,
        },
        async (session) => {
          await forecast({ series, prepared, options: chosen, beyond, save }, session);
        },
      ),
    );
  });
}

function seriesOf({ series, csv, column, decimal, dates, seed }: Options) {
  if (csv === undefined) {
    for (const [name, value] of Object.entries({ column, decimal, dates })) {
      if (value !== undefined) throw new UsageError(`--${name}: expected --csv <file> with it`);
    }
    return namedSeries(series ?? "sine", seed);
  }
  if (series !== undefined) {
    throw new UsageError("--series, --csv: expected one of them, got both");
  }
  return csvSeries(csv, { column, decimal, dates });
}
