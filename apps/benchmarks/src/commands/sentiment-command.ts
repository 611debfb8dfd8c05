import { Command } from "commander";
import { prepareReviews, reviewSource } from "../reviews/reviews.ts";
import {
  cellNames,
  imdbDefaults,
  type SentimentOptions,
  sentiment,
  syntheticDefaults,
} from "../reviews/sentiment.ts";
import { runSession } from "../session.ts";
import {
  type CommonOptions,
  listOf,
  positiveNumber,
  wholeNumber,
  withCommonOptions,
} from "../terminal/option-types.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { UsageError } from "../terminal/usage-error.ts";

type Options = CommonOptions & Partial<SentimentOptions> & { imdb?: boolean; imdbPath?: string };

// What an option is when it is not given: it depends on the reviews.
function usual(name: "epochs" | "limit" | "maxlen" | "learningRate"): string {
  const [real, generated] = [imdbDefaults[name], syntheticDefaults[name]];
  return `(default: ${real}; on generated reviews ${generated})`;
}

/** `sentiment`: one classifier a cell on the same reviews. */
export function sentimentCommand(terminal: Terminal, done: (exitCode: number) => void): Command {
  const command = new Command("sentiment")
    .description(
      "Trains the tutorial's sentiment classifier with each cell on the same reviews: generated ones unless --imdb or --imdb-path is given, and then all 25,000 at the tutorial's settings.",
    )
    .option("--imdb", "Keras's IMDB reviews, downloaded once and cached")
    .option("--imdb-path <file>", "the same from an imdb.npz you have")
    .option(
      "--cells <list>",
      `all, or some of ${cellNames.join(",")}`,
      listOf(cellNames),
      imdbDefaults.cells,
    )
    .option("--epochs <n>", `passes over the training reviews ${usual("epochs")}`, wholeNumber(1))
    .option(
      "--limit <n>",
      `training reviews, and as many for the test ${usual("limit")}`,
      wholeNumber(10, 25_000),
    )
    .option(
      "--maxlen <n>",
      `words a review is padded or cut to ${usual("maxlen")}`,
      wholeNumber(4, 2494),
    )
    .option(
      "--vocab <n>",
      `of IMDB: most frequent words that are kept (default: ${imdbDefaults.vocab})`,
      wholeNumber(10, 100_000),
    )
    .option("--batch-size <n>", "reviews a step", wholeNumber(1), imdbDefaults.batchSize)
    .option(
      "--learning-rate <x>",
      `step size of RMSprop ${usual("learningRate")}`,
      positiveNumber(1),
    );
  return withCommonOptions(command).action(async (options: Options) => {
    const source = reviewSource(options);
    if (source.kind === "synthetic" && options.vocab !== undefined) {
      throw new UsageError(
        "--vocab: expected --imdb or --imdb-path with it, got generated reviews",
      );
    }
    const defaults = source.kind === "synthetic" ? syntheticDefaults : imdbDefaults;
    const chosen = { ...defaults, ...options };
    done(
      await runSession(
        {
          command: `sentiment ${source.kind}`,
          name: `sentiment-${source.kind}`,
          out: options.out,
          backend: options.backend,
          terminal,
        },
        async (session) => {
          const reviews = await prepareReviews(source, chosen, session);
          await sentiment(reviews, chosen, session);
        },
      ),
    );
  });
}
