import { join } from "node:path";
import { selectBackend } from "@rnnkit/backend-select";
import { Command, InvalidArgumentError } from "commander";
import type { ReadOptions } from "../csv/csv.ts";
import { forecastAhead } from "../forecasting/forecast-ahead.ts";
import { labelsAhead } from "../forecasting/labels-ahead.ts";
import { reaches } from "../forecasting/layout.ts";
import {
  type ForecasterSettings,
  type GivenRange,
  openForecaster,
} from "../forecasting/saved-forecaster.ts";
import { csvSeries } from "../forecasting/series.ts";
import { DEFAULT_OUT, openOutputFolder, writeWhole } from "../output.ts";
import { stringifyJson } from "../results.ts";
import { formatNumber, formatPercent } from "../terminal/format.ts";
import { decimalNumber, wholeNumber, withCsvOptions } from "../terminal/option-types.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { UsageError } from "../terminal/usage-error.ts";

type Options = ReadOptions & {
  model: string;
  csv: string;
  ahead: number;
  range?: GivenRange;
  out: string;
};

/** `predict`: what a saved forecaster says comes after a CSV file. */
export function predictCommand(terminal: Terminal, done: (exitCode: number) => void): Command {
  const command = new Command("predict")
    .description(
      "Opens a model that forecast --save wrote, with its settings, and forecasts the values after the end of a CSV file.",
    )
    .requiredOption("--model <path>", "model.keras, model.h5 or a folder, as --save wrote it")
    .requiredOption("--csv <file>", "a CSV file, as downloaded");
  return withCsvOptions(command)
    .option("--ahead <n>", "values beyond the end", wholeNumber(1, 10_000), 1)
    .option("--range <min,max>", "what a model without settings was scaled by", rangeOf)
    .option("--out <folder>", "where predict.json is written", DEFAULT_OUT)
    .action(async ({ model: path, csv, ahead, range, out, ...reading }: Options) => {
      const backend = await selectBackend();
      const { forecaster, settings } = await openForecaster(path, range);
      const { layout, bands } = forecaster;
      const [column = "", ...features] = settings.columns;
      const series = csvSeries(csv, columnsFor(settings, reading));
      if (series.values.length < layout.timesteps) {
        throw new UsageError(
          `predict: expected at least ${layout.timesteps} values, a window of the model, got ${series.values.length} in ${series.title}`,
        );
      }
      if (!reaches(layout, ahead)) {
        const missing =
          layout.levels.length > 0
            ? "it says quantiles, of which no next window can be made"
            : `it says ${column} alone, and a next window needs ${features.join(", ")} too`;
        throw new UsageError(
          `--ahead: expected at most the ${layout.steps} that the model says at once, got ${ahead}: ${missing}; train it with --ahead ${ahead}`,
        );
      }
      const folder = openOutputFolder(out);
      const said = await forecastAhead(forecaster, series, ahead, new AbortController().signal);
      forecaster.model.dispose();
      if (!said) throw new Error("predict: expected forecasts, got none");
      const [values, lower, upper] = [said.point, said.lower, said.upper].map(
        (numbers) => numbers && Array.from(numbers),
      );
      const at = labelsAhead(series, ahead);
      const strategy = layout.steps >= ahead ? "direct" : "recursive";
      const line = (text: string) => terminal.out.write(`${text}\n`);
      line(terminal.colors.bold(`predict: ${series.title}`));
      for (const note of series.notes) line(`  ${note}`);
      if (features.length > 0) line(`  with the past of ${features.join(", ")}`);
      if (column && column !== series.valueLabel) line(`  the model was trained on ${column}`);
      line(
        `  ${ahead} ahead, ${ahead === 1 ? "one step" : strategy}, from the last ${layout.timesteps} values`,
      );
      if (bands) line(`  between brackets where ${formatPercent(bands.nominal)} should lie`);
      for (const [i, value] of (values ?? []).entries()) {
        const ends = [lower?.[i], upper?.[i]].map((end) => formatNumber(end, 6));
        line(`  ${at[i]}  ${formatNumber(value, 6)}${bands ? `  (${ends.join(" to ")})` : ""}`);
      }
      const json = join(folder, "predict.json");
      const result = {
        model: path,
        csv,
        strategy,
        backend: backend.name,
        notes: series.notes,
        at,
        values,
        ...(bands && { bands, lower, upper }),
      };
      writeWhole(json, stringifyJson(result));
      line(`results  ${json}`);
      done(0);
    });
}

/**
 * The columns that a model's windows have: by their names there, but for one that **--column** says. Of a model of one
 * column another may be read, where the file has no other.
 */
function columnsFor({ columns }: ForecasterSettings, reading: ReadOptions): ReadOptions {
  const [column, ...features] = columns;
  if (features.length === 0) return { ...reading, usualColumn: column };
  return { ...reading, column: reading.column ?? column, features };
}

function rangeOf(text: string): GivenRange {
  const [min = Number.NaN, max = Number.NaN, ...rest] = text.split(",").map(decimalNumber);
  if (rest.length === 0 && Number.isFinite(min) && max > min && Number.isFinite(max)) {
    return { min, max };
  }
  throw new InvalidArgumentError("expected two numbers, the smaller first, as 0,120");
}
