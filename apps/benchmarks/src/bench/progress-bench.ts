import { seededRandom } from "@rnnkit/core-rnn";
import { buildSentimentClassifier } from "@rnnkit/keras-builders";
import * as tf from "@tensorflow/tfjs-core";
import { stepDetail } from "../reviews/sentiment.ts";
import { median } from "../statistics.ts";
import { memoryTerminal } from "../terminal/memory-terminal.ts";
import { createProgress } from "../terminal/progress.ts";
import { type Column, tableHead, tableRow } from "../terminal/text-table.ts";
import { type Examples, train } from "../training.ts";
import type { Bench } from "./bench-session.ts";
import { rounds, timed, timedAsync } from "./rounds.ts";

/** The share of a training step that the display may cost. */
export const PROGRESS_GOAL = 0.01;

export interface ProgressOptions {
  rounds: number;
  seed: number;
}

/** A training step of the IMDB LSTM in `sentiment`'s own training, milliseconds. */
export interface ProgressRow {
  rounds: number;
  /** `model.fit` without any callback. */
  fitMs: number;
  /** `train`, which reads the loss and lets Ctrl-C in after each batch, without display. */
  silentMs: number;
  /** `train` with the live bar, on a terminal that keeps what it is told. */
  shownMs: number;
  /** Median over the rounds of the time inside the bar's own calls, of all the time. */
  displayCost: number;
  /** Median over the rounds of shown / silent − 1: the same from outside, where the machine's noise is. */
  differenceCost: number;
  /** Median over the rounds of shown / fit − 1: all that `train` adds. */
  totalCost: number;
}

const STEPS = 20;
const [BATCH, WORDS, VOCABULARY] = [32, 500, 10_000];

const columns: Column[] = [
  { title: "model.fit ms", width: 12 },
  { title: "silent ms", width: 10 },
  { title: "with bar ms", width: 11 },
  { title: "display costs", width: 13 },
  { title: "by difference", width: 13 },
  { title: "goal", width: 6 },
  { title: "all of train costs", width: 18 },
  { title: "n", width: 4 },
];

/** `bench progress`: short trainings with and without display, one after the other in each round. */
export async function benchProgress(
  { rounds: least, seed }: ProgressOptions,
  bench: Bench<ProgressRow>,
): Promise<void> {
  const random = seededRandom(seed);
  const rows = BATCH * STEPS;
  const whole = (size: number, most: number) =>
    Int32Array.from({ length: size }, () => Math.floor(random.uniform() * most));
  const examples: Examples = {
    x: { data: whole(rows * WORDS, VOCABULARY), shape: [rows, WORDS] },
    y: { data: whole(rows, 2), shape: [rows, 1] },
  };
  const model = buildSentimentClassifier("lstm", { vocabSize: VOCABULARY, maxLen: WORDS, seed });
  const x = tf.tensor(examples.x.data, [rows, WORDS], "int32");
  const y = tf.tensor(examples.y.data, [rows, 1], "int32");
  const never = new AbortController().signal;
  const plan = { epochs: 1, batchSize: BATCH, seed, signal: never };
  const trainings = {
    fit: () => model.fit(x, y, { batchSize: BATCH, epochs: 1, shuffle: false, verbose: 0 }),
    silent: () => train(model, examples, plan),
    shown: async () => {
      const progress = createProgress(memoryTerminal({ isTTY: true, colors: true }));
      let done = 0;
      let inside = timed(() => progress.start("lstm", STEPS));
      await train(model, examples, {
        ...plan,
        onStep: (state) => {
          inside += timed(() => progress.step(++done, stepDetail(state, 1)));
        },
      });
      return inside + timed(() => progress.stop());
    },
  };
  try {
    const measured = await rounds(
      async () => {
        let inside = 0;
        const showing = async () => {
          inside = await trainings.shown();
        };
        return {
          fit: (await timedAsync(trainings.fit)) / STEPS,
          silent: (await timedAsync(trainings.silent)) / STEPS,
          shown: (await timedAsync(showing)) / STEPS,
          inside: inside / STEPS,
        };
      },
      { warmUp: 1, least, seconds: 0, signal: bench.signal },
    );
    if (measured.length === 0) return;
    const row: ProgressRow = {
      rounds: measured.length,
      fitMs: median(measured.map(({ fit }) => fit)),
      silentMs: median(measured.map(({ silent }) => silent)),
      shownMs: median(measured.map(({ shown }) => shown)),
      displayCost: median(measured.map(({ inside, shown }) => inside / shown)),
      differenceCost: median(measured.map(({ shown, silent }) => shown / silent - 1)),
      totalCost: median(measured.map(({ shown, fit }) => shown / fit - 1)),
    };
    bench.record(row);
    const percent = (share: number) => `${(100 * share).toFixed(2)} %`;
    bench.line();
    bench.line(tableHead(columns));
    bench.line(
      tableRow(columns, [
        ...[row.fitMs, row.silentMs, row.shownMs].map((ms) => ms.toFixed(3)),
        percent(row.displayCost),
        percent(row.differenceCost),
        `≤ ${100 * PROGRESS_GOAL} %`,
        percent(row.totalCost),
        String(row.rounds),
      ]),
    );
  } finally {
    model.dispose();
    tf.dispose([x, y]);
  }
}
