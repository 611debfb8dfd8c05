import { type Command, InvalidArgumentError, Option } from "commander";
import type { ReadOptions } from "../csv/csv.ts";
import type { BandSettings } from "../results.ts";
import {
  type CommonOptions,
  positiveNumber,
  shareNumber,
  wholeNumber,
  withCommonOptions,
  withCsvOptions,
} from "../terminal/option-types.ts";
import { forecastDefaults as defaults, type ForecastOptions } from "./forecast.ts";
import type { Strategy } from "./layout.ts";
import { seriesNames } from "./series.ts";

/** What `forecast` is told on the command line. */
export type ForecastCommandOptions = CommonOptions &
  ForecastOptions &
  ReadOptions & {
    series?: string;
    csv?: string;
    ahead?: number;
    strategy?: Strategy;
    season?: number;
    walkForward?: number;
    bands?: BandSettings["method"];
    samples?: number;
    save?: string;
  };

/** Predictions under dropout, where none are said. */
export const SAMPLES = 100;

/** Adds all that `forecast` takes. */
export function withForecastOptions(command: Command): Command {
  command
    .addOption(
      new Option(
        "--series <name>",
        "an embedded series, or the noisy sine (default: sine)",
      ).choices(seriesNames),
    )
    .option("--csv <file>", "a CSV file, as downloaded");
  withCsvOptions(command)
    .option(
      "--features <names>",
      "further columns, a,b, whose past the model sees too",
      columnNames,
    )
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
    .option("--dropout <share>", "behind each LSTM (default: 0.2 in lstm, else 0)", shareNumber)
    .option(
      "--ahead <n>",
      "values beyond the end of the data; as many steps ahead are judged",
      wholeNumber(1, 10_000),
    )
    .addOption(
      new Option(
        "--strategy <name>",
        "of --ahead: recursive feeds the model what it said; direct trains an output a step (default: recursive, with quantile bands direct)",
      ).choices(["recursive", "direct"]),
    );
  command
    .option("--season <n>", "points in a season (default: guessed)", wholeNumber(1, 1_000_000))
    .option(
      "--walk-forward <folds>",
      "judge it in folds too, each trained anew on all before its stretch",
      wholeNumber(2, 1000),
    )
    .addOption(
      new Option(
        "--bands <kind>",
        "where eight of ten values should lie: dropout left on, or outputs of quantiles",
      ).choices(["dropout", "quantile"]),
    )
    .option(
      "--samples <n>",
      `predictions under dropout for each band (default: ${SAMPLES})`,
      wholeNumber(10, 10_000),
    )
    .option("--save <path>", "the model: .keras, .h5, .onnx, or a folder for tfjs");
  return withCommonOptions(command);
}

/** Reads names between commas; for commander. */
function columnNames(text: string): string[] {
  const names = text.split(",").map((name) => name.trim());
  if (names.every((name) => name !== "")) return names;
  throw new InvalidArgumentError("expected names between commas");
}
