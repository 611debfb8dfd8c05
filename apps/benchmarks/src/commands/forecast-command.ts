import { Command } from "commander";
import { forecast } from "../forecasting/forecast.ts";
import { forecastJob } from "../forecasting/forecast-job.ts";
import {
  type ForecastCommandOptions,
  withForecastOptions,
} from "../forecasting/forecast-options.ts";
import { runSession } from "../session.ts";
import type { Terminal } from "../terminal/terminal.ts";

/** `forecast`: one series, one model, against its baselines. */
export function forecastCommand(terminal: Terminal, done: (exitCode: number) => void): Command {
  const command = new Command("forecast").description(
    "Trains a forecaster on the first 80 % of a series and predicts the rest, beside the seasonal and the last-value baseline.",
  );
  return withForecastOptions(command).action(async (options: ForecastCommandOptions) => {
    const job = forecastJob(options);
    const { name } = job.series;
    const { out, backend } = options;
    done(
      await runSession(
        { command: `forecast ${name}`, name: `forecast-${name}`, out, backend, terminal },
        async (session) => {
          await forecast(job, session);
        },
      ),
    );
  });
}
