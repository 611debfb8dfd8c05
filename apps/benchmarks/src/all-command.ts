import { Command } from "commander";
import { forecast, forecastDefaults } from "./forecast.ts";
import { type CommonOptions, withCommonOptions } from "./option-types.ts";
import { prepareReviews } from "./reviews.ts";
import { sentiment, syntheticDefaults } from "./sentiment.ts";
import { namedSeries } from "./series.ts";
import { runSession } from "./session.ts";
import type { Terminal } from "./terminal.ts";

// Sized for two cores: about a minute in all.
const series = ["sine", "sunspots"];

/** `all`: every model of the tutorial on embedded data, without network. */
export function allCommand(terminal: Terminal, done: (exitCode: number) => void): Command {
  const command = new Command("all")
    .summary("every model on embedded data, offline (npm start)")
    .description(
      "Forecasts the noisy sine and the sunspots, then compares the four cells on generated reviews.",
    );
  return withCommonOptions(command).action(async ({ seed, backend, out }: CommonOptions) => {
    done(
      await runSession({ command: "all", name: "all", out, backend, terminal }, async (session) => {
        for (const name of series) {
          if (session.signal.aborted) return;
          await forecast(namedSeries(name, seed), { ...forecastDefaults, seed }, session);
        }
        if (session.signal.aborted) return;
        const options = { ...syntheticDefaults, seed };
        const reviews = await prepareReviews({ kind: "synthetic" }, options, session);
        await sentiment(reviews, options, session);
      }),
    );
  });
}
