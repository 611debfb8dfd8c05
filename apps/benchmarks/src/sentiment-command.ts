import { Command } from "commander";
import {
  type CommonOptions,
  listOf,
  positiveNumber,
  wholeNumber,
  withCommonOptions,
} from "./option-types.ts";
import { prepareReviews, reviewSource } from "./reviews.ts";
import {
  cellNames,
  sentimentDefaults as defaults,
  type SentimentOptions,
  SYNTHETIC_LEARNING_RATE,
  sentiment,
} from "./sentiment.ts";
import { runSession } from "./session.ts";
import type { Terminal } from "./terminal.ts";

type Options = CommonOptions &
  Omit<SentimentOptions, "learningRate"> & {
    learningRate?: number;
    imdb?: boolean;
    imdbPath?: string;
  };

/** `sentiment`: one classifier a cell on the same reviews. */
export function sentimentCommand(terminal: Terminal, done: (exitCode: number) => void): Command {
  const command = new Command("sentiment")
    .summary("compare the recurrent cells on review sentiment")
    .description(
      "Trains the tutorial's sentiment classifier with each cell on the same reviews: generated ones unless --imdb or --imdb-path is given.",
    )
    .option("--imdb", "Keras's IMDB reviews, downloaded once and cached")
    .option("--imdb-path <file>", "the same from an imdb.npz you have")
    .option(
      "--cells <list>",
      `all, or some of ${cellNames.join(",")}`,
      listOf(cellNames),
      defaults.cells,
    )
    .option("--epochs <n>", "passes over the training reviews", wholeNumber(1), defaults.epochs)
    .option(
      "--limit <n>",
      "training reviews, and as many for the test",
      wholeNumber(10, 25_000),
      defaults.limit,
    )
    .option(
      "--maxlen <n>",
      "words a review is padded or cut to",
      wholeNumber(4, 2494),
      defaults.maxlen,
    )
    .option(
      "--vocab <n>",
      "most frequent words that are kept (IMDB)",
      wholeNumber(10, 100_000),
      defaults.vocab,
    )
    .option("--batch-size <n>", "reviews a step", wholeNumber(1), defaults.batchSize)
    .option(
      "--learning-rate <x>",
      `step size of RMSprop (default: ${defaults.learningRate}, on generated reviews ${SYNTHETIC_LEARNING_RATE})`,
      positiveNumber(1),
    );
  return withCommonOptions(command).action(async (options: Options) => {
    const source = reviewSource(options);
    const usual = source.kind === "synthetic" ? SYNTHETIC_LEARNING_RATE : defaults.learningRate;
    const chosen = { ...options, learningRate: options.learningRate ?? usual };
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
