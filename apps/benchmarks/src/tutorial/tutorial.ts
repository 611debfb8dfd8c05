import { forecast } from "../forecasting/forecast.ts";
import { prepareStockPrices, prepareTimeSeries } from "../forecasting/prepared-series.ts";
import type { Listing } from "../results.ts";
import { prepareReviews, type ReviewSource } from "../reviews/reviews.ts";
import {
  imdbDefaults,
  type SentimentOptions,
  sentiment,
  syntheticDefaults,
} from "../reviews/sentiment.ts";
import type { Session } from "../session.ts";
import { formatCount } from "../terminal/format.ts";
import { wrapped } from "../terminal/wrapped-text.ts";
import { builderSummaries } from "./builder-summaries.ts";
import { classicDefaults, classicRnn } from "./classic-rnn.ts";
import { listings } from "./listings.ts";
import { noisyTurn, randomNumbers } from "./tutorial-series.ts";

export const partNames = ["1", "2", "3", "4"] as const;

export type PartName = (typeof partNames)[number];

export const lengthNames = ["short", "full"] as const;

/** The two listings that parts III and IV have. */
export type LengthName = (typeof lengthNames)[number];

export interface TutorialOptions {
  parts: readonly PartName[];
  /** Which listings of parts III and IV. */
  lengths: readonly LengthName[];
  /** Where part IV has its reviews from. */
  source: ReviewSource;
  seed: number;
  /** Instead of each listing's own. */
  epochs?: number;
  /** Training reviews of part IV, and as many for its test, instead of its own. */
  limit?: number;
}

/** Runs the tutorial's parts as it has them, in their order, each recorded in the session. */
export async function tutorial(options: TutorialOptions, session: Session): Promise<void> {
  const { parts, lengths, seed, epochs } = options;
  const { signal } = session;
  if (parts.includes("1")) {
    announce("I", session);
    await classicRnn({ ...classicDefaults, seed, ...(epochs && { epochs }) }, session);
  }
  if (parts.includes("2") && !signal.aborted) builderSummaries(session);
  for (const length of parts.includes("3") ? lengths : []) {
    if (!signal.aborted) await timeSeries(`III ${length}`, options, session);
  }
  for (const length of parts.includes("4") ? lengths : []) {
    if (!signal.aborted) await reviewCells(`IV ${length}`, options, session);
  }
}

async function timeSeries(
  listing: "III short" | "III full",
  { seed, epochs = 50 }: TutorialOptions,
  session: Session,
): Promise<void> {
  const isShort = listing === "III short";
  const series = isShort ? randomNumbers(seed) : noisyTurn(seed);
  const timesteps = 20;
  announce(listing, session);
  const { rmse } = await forecast(
    {
      series,
      prepared: (isShort ? prepareStockPrices : prepareTimeSeries)(series, timesteps),
      options: {
        model: isShort ? "stock" : "lstm",
        timesteps,
        units: 50,
        epochs,
        batchSize: 32,
        learningRate: 0.001,
        seed,
      },
      listing,
      validate: !isShort,
    },
    session,
  );
  if (!rmse) return;
  if (!isShort) {
    session.progress.line(`Train RMSE: ${rmse.train.toFixed(3)}`);
    session.progress.line(`Test RMSE: ${rmse.test.toFixed(3)}`);
  }
  for (const line of wrapped(listings[listing].mind)) session.progress.line(line);
}

async function reviewCells(
  listing: "IV short" | "IV full",
  { source, seed, epochs, limit }: TutorialOptions,
  session: Session,
): Promise<void> {
  const isReal = source.kind === "imdb";
  const own: SentimentOptions =
    listing === "IV full"
      ? imdbDefaults
      : {
          ...imdbDefaults,
          cells: ["bidirectional_lstm"],
          epochs: 5,
          maxlen: 200,
          embeddingDim: 64,
          units: 64,
          optimizer: "adam",
        };
  const { maxlen, learningRate } = syntheticDefaults;
  const chosen = {
    ...own,
    ...(isReal ? {} : { limit: syntheticDefaults.limit, maxlen, learningRate }),
    seed,
    ...(epochs && { epochs }),
    ...(limit && { limit }),
  };
  announce(listing, session);
  for (const line of wrapped(listings[listing].mind)) session.progress.line(line);
  if (!isReal) {
    const smaller =
      `Here on generated reviews, and smaller, so that it takes a minute or two: ${formatCount(chosen.limit)} for training and as many ` +
      `for the test, of ${maxlen} words, with a step size of ${learningRate} for their small vocabulary. ` +
      "--imdb and --imdb-path run it as it is written.";
    for (const line of wrapped(smaller)) session.progress.line(line);
  }
  await sentiment(await prepareReviews(source, chosen, session), chosen, session, listing);
}

function announce(listing: Listing, { progress, colors }: Session): void {
  const { title, does } = listings[listing];
  progress.line();
  progress.line(colors.bold(title));
  for (const line of wrapped(does)) progress.line(line);
}
