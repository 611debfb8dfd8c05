import { Command } from "commander";
import { forecast, forecastDefaults } from "../forecasting/forecast.ts";
import { prepareSeries } from "../forecasting/prepared-series.ts";
import { namedSeries } from "../forecasting/series.ts";
import { prepareReviews } from "../reviews/reviews.ts";
import { sentiment, syntheticDefaults } from "../reviews/sentiment.ts";
import { runSession, type Session } from "../session.ts";
import { type CommonOptions, withCommonOptions } from "../terminal/option-types.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { lengthNames, tutorial } from "../tutorial/tutorial.ts";

/** `all`: every model of the tutorial on embedded data, without network. */
export function allCommand(terminal: Terminal, done: (exitCode: number) => void): Command {
  const command = new Command("all").description(
    "Runs the tutorial's parts I and III as they are written, forecasts the sunspots, then compares the four cells on generated reviews.",
  );
  return withCommonOptions(command).action(async ({ seed, backend, out }: CommonOptions) => {
    done(
      await runSession({ command: "all", name: "all", out, backend, terminal }, (session) =>
        all(seed, session),
      ),
    );
  });
}

// Sized for two cores: under three minutes in all.
async function all(seed: number, session: Session): Promise<void> {
  const source = { kind: "synthetic" } as const;
  await tutorial({ parts: ["1", "3"], lengths: lengthNames, source, seed }, session);
  if (session.signal.aborted) return;
  const series = namedSeries("sunspots", seed);
  const prepared = prepareSeries(series, forecastDefaults.timesteps);
  await forecast({ series, prepared, options: { ...forecastDefaults, seed } }, session);
  if (session.signal.aborted) return;
  const options = { ...syntheticDefaults, seed };
  await sentiment(await prepareReviews(source, options, session), options, session);
}
