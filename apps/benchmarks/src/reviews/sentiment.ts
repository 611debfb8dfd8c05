import { buildSentimentClassifier } from "@rnnkit/keras-builders";
import { summarizeModel } from "../model-summary.ts";
import { type Epoch, type Listing, type SentimentRun, secondsPerEpoch } from "../results.ts";
import type { Session } from "../session.ts";
import { formatCount, formatNumber, formatPercent, formatSeconds } from "../terminal/format.ts";
import { type Column, tableHead, tableRow } from "../terminal/text-table.ts";
import { countSteps, evaluate, predict, train } from "../training.ts";
import { judgeReviews } from "./judged-reviews.ts";
import type { PreparedReviews } from "./prepared-reviews.ts";

/** The cells that can be compared, in Keras's words. */
export const cellNames = ["simple_rnn", "lstm", "gru", "bidirectional_lstm"] as const;

export type CellName = (typeof cellNames)[number];

export interface SentimentOptions {
  cells: CellName[];
  epochs: number;
  /** At most this many training and as many test reviews. */
  limit: number;
  /** Words a review is padded or cut to. */
  maxlen: number;
  /** Size of the vocabulary; rarer words become one. */
  vocab: number;
  /** Length of a word's vector. */
  embeddingDim: number;
  /** Units of the cell, in each direction. */
  units: number;
  batchSize: number;
  optimizer: "rmsprop" | "adam";
  /** The optimizer's step size. */
  learningRate: number;
  seed: number;
}

/** What is measured on real reviews when nothing else is asked for: the tutorial's run. */
export const imdbDefaults: SentimentOptions = {
  cells: [...cellNames],
  epochs: 10,
  limit: 25_000,
  maxlen: 500,
  vocab: 10_000,
  embeddingDim: 32,
  units: 32,
  batchSize: 32,
  optimizer: "rmsprop",
  learningRate: 0.001,
  seed: 42,
};

/** The same on generated reviews, whose few words bear larger steps than a real vocabulary. */
export const syntheticDefaults: SentimentOptions = {
  ...imdbDefaults,
  epochs: 8,
  limit: 5000,
  maxlen: 100,
  learningRate: 0.01,
};

/**
 * Trains one classifier a cell on the same reviews, and tests each on the same test reviews. What the
 * tutorial's Python prints begins at the margin, as there.
 */
export async function sentiment(
  reviews: PreparedReviews,
  options: SentimentOptions,
  session: Session,
  listing: Listing | null = null,
): Promise<void> {
  const { progress, colors } = session;
  const { data } = reviews;
  progress.line();
  progress.line(colors.bold(`sentiment: ${data.title}`));
  progress.line(
    `  ${formatCount(data.trainReviews)} training, ${formatCount(data.validationReviews)} validation, ` +
      `${formatCount(data.testReviews)} test reviews of ${data.maxLen} words, vocabulary ${formatCount(data.vocabSize)}`,
  );
  const runs: SentimentRun[] = [];
  for (const cell of options.cells) {
    if (session.signal.aborted) break;
    runs.push(await classify(cell, reviews, options, session, listing));
  }
  if (runs.length > 1) for (const line of comparison(runs, reviews)) progress.line(line);
}

async function classify(
  cell: CellName,
  reviews: PreparedReviews,
  options: SentimentOptions,
  session: Session,
  listing: Listing | null,
): Promise<SentimentRun> {
  const { progress, signal, colors } = session;
  const { embeddingDim, units, optimizer, epochs, batchSize, learningRate, seed } = options;
  const { vocabSize, maxLen } = reviews.data;
  const model = buildSentimentClassifier(cell, {
    vocabSize,
    maxLen,
    embeddingDim,
    units,
    optimizer,
    learningRate,
    seed,
  });
  const run: SentimentRun = {
    kind: "sentiment",
    status: "interrupted",
    listing,
    cell,
    model: summarizeModel("buildSentimentClassifier", model),
    options: { cell, embeddingDim, units, optimizer, epochs, batchSize, learningRate, seed },
    epochs: [],
    timings: { trainSeconds: 0, evaluateSeconds: 0 },
    data: reviews.data,
    test: null,
  };
  session.record(run);

  progress.line();
  progress.line(`  ${colors.bold(cell)}  ${formatCount(run.model.parameters)} weights`);
  const plan = { epochs, batchSize, seed, signal, validation: reviews.validation };
  const testSteps = Math.ceil(reviews.data.testReviews / batchSize);
  const startedAt = performance.now();
  let done = 0;
  progress.start(cell, countSteps(reviews.train, plan) + testSteps);
  try {
    await train(model, reviews.train, {
      ...plan,
      onStep: (state) => progress.step(++done, stepDetail(state, epochs)),
      onEpoch: (epoch) => {
        run.epochs.push(epoch);
        run.timings.trainSeconds = (performance.now() - startedAt) / 1000;
        progress.line(epochLine(epoch, epochs, colors));
      },
    });
    if (signal.aborted) return run;
    const testedAt = performance.now();
    const judged = await evaluate(model, reviews.test, batchSize, signal, () =>
      progress.step(++done, "testing"),
    );
    if (!judged) return run;
    run.timings.evaluateSeconds = (performance.now() - testedAt) / 1000;
    const probabilities = await predict(model, reviews.test.x, 256, signal);
    if (!probabilities) return run;
    run.test = {
      ...{ loss: judged.loss, accuracy: judged.accuracy as number },
      ...judgeReviews(probabilities, reviews),
    };
    run.status = "complete";
  } finally {
    progress.stop();
    model.dispose();
  }
  progress.line(`${cell} test accuracy: ${colors.green(run.test.accuracy.toFixed(4))}`);
  progress.line(
    `  on ${formatCount(reviews.data.testReviews)} ${kindOf(reviews)} reviews, loss ${formatNumber(run.test.loss)}`,
  );
  return run;
}

/** What the display says of a training step. */
export function stepDetail(
  { epoch, loss, accuracy }: { epoch: number; loss: number; accuracy: number | null },
  epochs: number,
): string {
  return `epoch ${epoch}/${epochs}, loss ${formatNumber(loss, 3)}, accuracy ${formatPercent(accuracy)}`;
}

function epochLine(epoch: Epoch, epochs: number, colors: Session["colors"]): string {
  const cut =
    epoch.steps < epoch.plannedSteps ? ` (step ${epoch.steps}/${epoch.plannedSteps})` : "";
  const judged =
    epoch.validationLoss === null
      ? ""
      : `  val loss ${formatNumber(epoch.validationLoss)}  val accuracy ${formatPercent(epoch.validationAccuracy)}`;
  return (
    `  epoch ${epoch.epoch}/${epochs}${cut}  loss ${formatNumber(epoch.loss)}` +
    `  accuracy ${formatPercent(epoch.accuracy)}${judged}  ${colors.dim(formatSeconds(epoch.seconds))}`
  );
}

const columns: Column[] = [
  { title: "cell", width: 20, left: true },
  { title: "train accuracy", width: 14 },
  { title: "validation", width: 10 },
  { title: "best (epoch)", width: 14 },
  { title: "test", width: 8 },
  { title: "an epoch", width: 10 },
  { title: "training", width: 12 },
];

function comparison(runs: SentimentRun[], reviews: PreparedReviews): string[] {
  return [
    "",
    `  on ${kindOf(reviews)} reviews, after the last epoch; an epoch with its validation`,
    tableHead(columns),
    ...runs.map(({ cell, epochs, test, timings }) => {
      const last = epochs.at(-1);
      return tableRow(columns, [
        cell,
        formatPercent(last?.accuracy),
        formatPercent(last?.validationAccuracy),
        bestValidation(epochs),
        formatPercent(test?.accuracy),
        epochs.length > 0 ? formatSeconds(secondsPerEpoch(epochs)) : "–",
        formatSeconds(timings.trainSeconds),
      ]);
    }),
  ];
}

/** The highest validation accuracy, and after which epoch it was. */
export function bestValidation(epochs: readonly Epoch[]): string {
  const accuracies = epochs.map(({ validationAccuracy }) => validationAccuracy ?? -1);
  const best = Math.max(-1, ...accuracies);
  return best < 0 ? "–" : `${formatPercent(best)} (${epochs[accuracies.indexOf(best)]?.epoch})`;
}

function kindOf({ data }: PreparedReviews): string {
  return data.synthetic ? "synthetic" : "real";
}
