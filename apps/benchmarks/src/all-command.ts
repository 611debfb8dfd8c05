import { Command } from "commander";
import { forecast, forecastDefaults } from "./forecast.ts";
import { type CommonOptions, withCommonOptions } from "./option-types.ts";
import { prepareReviews } from "./reviews.ts";
import { SYNTHETIC_LEARNING_RATE, sentiment, sentimentDefaults } from "./sentiment.ts";
import { namedSeries } from "./series.ts";
import { runSession } from "./session.ts";
import type { Terminal } from "./terminal.ts";

// Sized for two cores and tfjs's own layers: less than a minute and a half in all.
const forecasts = [
  { series: "sine", epochs: 8 },
  { series: "sunspots", epochs: 25 },
];
const classifiers = { epochs: 6, limit: 600, maxlen: 48, learningRate: SYNTHETIC_LEARNING_RATE };

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
        for (const { series, epochs } of forecasts) {
          if (session.signal.aborted) return;
          await forecast(namedSeries(series, seed), { ...forecastDefaults, epochs, seed }, session);
        }
        if (session.signal.aborted) return;
        const options = { ...sentimentDefaults, ...classifiers, seed };
        const reviews = await prepareReviews({ kind: "synthetic" }, options, session);
        await sentiment(reviews, options, session);
      }),
    );
  });
}
