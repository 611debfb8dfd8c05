import { Command } from "commander";
import { forecast, forecastDefaults } from "./forecast.ts";
import { type CommonOptions, withCommonOptions } from "./option-types.ts";
import { prepareSeries } from "./prepared-series.ts";
import { prepareReviews } from "./reviews.ts";
import { sentiment, syntheticDefaults } from "./sentiment.ts";
import { namedSeries } from "./series.ts";
import { runSession, type Session } from "./session.ts";
import type { Terminal } from "./terminal.ts";
import { lengthNames, tutorial } from "./tutorial/tutorial.ts";

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
