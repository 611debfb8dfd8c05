import { join } from "node:path";
import { selectBackend } from "@rnnkit/backend-select";
import { Command, InvalidArgumentError } from "commander";
import type { ReadOptions } from "./csv.ts";
import { forecastAhead } from "./forecast-ahead.ts";
import { formatNumber } from "./format.ts";
import { labelsAhead } from "./labels-ahead.ts";
import { wholeNumber, withCsvOptions } from "./option-types.ts";
import { DEFAULT_OUT, openOutputFolder, writeWhole } from "./output.ts";
import { stringifyJson } from "./results.ts";
import { type GivenRange, openForecaster } from "./saved-forecaster.ts";
import { csvSeries } from "./series.ts";
import type { Terminal } from "./terminal.ts";
import { UsageError } from "./usage-error.ts";

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
    .summary("forecast beyond a CSV file with a saved model")
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
      const folder = openOutputFolder(out);
      const series = csvSeries(csv, reading);
      const backend = await selectBackend();
      const { model, settings } = await openForecaster(path, range);
      const { timesteps, outputs, scaler } = settings;
      if (series.values.length < timesteps) {
        throw new UsageError(
          `predict: expected at least ${timesteps} values, a window of the model, got ${series.values.length} in ${series.title}`,
        );
      }
      const values = Array.from(forecastAhead(model, scaler, series.values, ahead));
      model.dispose();
      const diverged = values.find((value) => !Number.isFinite(value));
      if (diverged !== undefined)
        throw new Error(`predict: expected finite values, got ${diverged}`);
      const at = labelsAhead(series, ahead);
      const strategy = outputs >= ahead ? "direct" : "recursive";
      const line = (text: string) => terminal.out.write(`${text}\n`);
      line(terminal.colors.bold(`predict: ${series.title}`));
      for (const note of series.notes) line(`  ${note}`);
      if (settings.column && settings.column !== series.valueLabel) {
        line(`  the model was trained on ${settings.column}`);
      }
      line(
        `  ${ahead} ahead, ${ahead === 1 ? "one step" : strategy}, from the last ${timesteps} values`,
      );
      for (const [i, value] of values.entries()) line(`  ${at[i]}  ${formatNumber(value, 6)}`);
      const json = join(folder, "predict.json");
      const result = {
        model: path,
        csv,
        strategy,
        backend: backend.name,
        notes: series.notes,
        at,
        values,
      };
      writeWhole(json, stringifyJson(result));
      line(`results  ${json}`);
      done(0);
    });
}

function rangeOf(text: string): GivenRange {
  const [min = Number.NaN, max = Number.NaN, ...rest] = text.split(",").map(Number);
  if (rest.length === 0 && Number.isFinite(min) && max > min && Number.isFinite(max)) {
    return { min, max };
  }
  throw new InvalidArgumentError("expected two numbers, the smaller first, as 0,120");
}
