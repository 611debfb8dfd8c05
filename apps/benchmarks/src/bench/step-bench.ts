import { tolerances } from "@rnnkit/test-kit/tolerances";
import * as tf from "@tensorflow/tfjs-core";
import type { Sequential } from "@tensorflow/tfjs-layers";
import { median, quantile } from "../statistics.ts";
import { tableHead } from "../terminal/text-table.ts";
import { relativeError } from "./agreement.ts";
import type { Bench } from "./bench-session.ts";
import { rounds, timed, timedAsync } from "./rounds.ts";
import {
  goalColumns,
  goalLines,
  type SideTimes,
  type StepRow,
  stepColumns,
  stepLine,
} from "./step-table.ts";
import { operationsOf } from "./step-watch.ts";
import {
  GOAL_PEAK,
  REFERENCE_MACHINE,
  seededExamples,
  type TutorialModel,
  tutorialModels,
} from "./tutorial-models.ts";
import { warmUp, warmUpRule } from "./warm-up.ts";

/** Which implementation of a model is timed. */
export type Side = "fused" | "stock";

export interface StepOptions {
  /** Names of `tutorialModels`. */
  models: string[];
  sides: Side[];
  /** Rounds for each model, at least. */
  repeats: number;
  /** Time for each model, once **repeats** rounds are done. */
  seconds: number;
  /** Share of the IMDB models' steps that is padding in front. */
  padding: number;
  seed: number;
}

// So many are timed in a row, as training and prediction go on in a row; of stock's that take seconds, one.
const STEPS_IN_A_ROW = 5;
const SHORT_MS = 200;
const FIT_STEPS = 10;

const MODEL_AGREEMENT = tolerances.models.predictions.ofLargest;

/** The names that `--models` takes. */
export const modelNames: readonly string[] = tutorialModels(0).map(({ name }) => name);

/** `bench step`: whole training steps and predictions of the tutorial's models, fused beside stock. */
export async function benchStep(options: StepOptions, bench: Bench<StepRow>): Promise<void> {
  const models = tutorialModels(options.seed, options.padding).filter(({ name }) =>
    options.models.includes(name),
  );
  const { bold, dim } = bench.colors;
  bench.line();
  bench.line(
    dim(
      "  batch 32, milliseconds, medians; train: trainOnBatch, in fit: a step inside fit, predict: predictOnBatch",
    ),
  );
  if (options.sides.includes("stock")) {
    bench.line(
      dim(
        "  stock: tfjs-layers' own layers on the same backend, from the same weights; its ops: operations of tfjs in a training step",
      ),
    );
  }
  bench.line(dim(`  ${warmUpRule}`));
  bench.line();
  bench.line(tableHead(stepColumns));
  const rows: StepRow[] = [];
  for (const model of models) {
    const row = await measureModel(model, options, bench);
    if (!row) break;
    rows.push(row);
    bench.record(row);
    bench.line(stepLine(row));
  }
  const withGoals = rows.filter(({ fused, goals }) => fused && goals.trainMs);
  if (withGoals.length === 0) return;
  bench.line();
  bench.line(bold(`Goals at a peak of ${GOAL_PEAK} GFLOP/s a core, two threads`));
  bench.line(dim(`  ${REFERENCE_MACHINE}`));
  bench.line();
  bench.line(tableHead(goalColumns));
  for (const row of withGoals) for (const line of goalLines(row)) bench.line(line);
}

async function measureModel(
  model: TutorialModel,
  { sides, repeats, seconds, seed }: StepOptions,
  bench: Bench<StepRow>,
): Promise<StepRow | null> {
  const fused = model.fused();
  const stock = sides.includes("stock") ? model.stock() : null;
  const batch = seededExamples(model, model.batchSize, seed);
  const many = seededExamples(model, model.batchSize * FIT_STEPS, seed + 1);
  try {
    let stockOperations: number | null = null;
    if (stock) {
      copyWeights(fused, stock);
      stockOperations = await checkModels(model, fused, stock, batch);
    }
    for (const side of [...(stock ? [stock] : []), ...(sides.includes("fused") ? [fused] : [])]) {
      await warmUp(async () => sumOf(await timeInARow(side, batch, 1)), bench.signal);
    }
    let stockSteps = 1;
    const measured = await rounds(
      async () => {
        const peak = bench.plainPeak.measure();
        const stockTimes = stock && (await timeInARow(stock, batch, stockSteps));
        if (stockTimes && median(stockTimes.train) < SHORT_MS) stockSteps = STEPS_IN_A_ROW;
        const fusedTimes = sides.includes("fused")
          ? await timeInARow(fused, batch, STEPS_IN_A_ROW)
          : null;
        const fit = fusedTimes && (await timeFit(fused, many, model.batchSize));
        return { peaks: [peak, bench.plainPeak.measure()], stockTimes, fusedTimes, fit };
      },
      { warmUp: 0, least: repeats, seconds, signal: bench.signal },
    );
    if (measured.length === 0) return null;
    const fusedTimes = sideTimes(
      measured.flatMap((round) => round.fusedTimes ?? []),
      measured.flatMap(({ fit }) => fit ?? []),
    );
    const stockTimes = sideTimes(measured.flatMap((round) => round.stockTimes ?? []));
    const peakGflops = median(measured.flatMap(({ peaks }) => peaks));
    return {
      ...{ model: model.name, title: model.title, batchSize: model.batchSize },
      rounds: measured.length,
      stockOperations,
      ...compareSides(fusedTimes, stockTimes, peakGflops),
      ...{ goals: model.goals, references: model.references },
    };
  } finally {
    fused.dispose();
    stock?.dispose();
    tf.dispose([batch, many]);
  }
}

/** Milliseconds of training steps in a row, and of predictions in a row. */
export interface StepTimes {
  train: number[];
  predict: number[];
}

/** All milliseconds of **times**. */
export function sumOf({ train, predict }: StepTimes): number {
  return [...train, ...predict].reduce((sum, ms) => sum + ms, 0);
}

/** So many training steps in a row, then so many predictions. */
export async function timeInARow(
  model: Sequential,
  { x, y }: { x: tf.Tensor; y: tf.Tensor },
  steps: number,
): Promise<StepTimes> {
  const times: StepTimes = { train: [], predict: [] };
  for (let i = 0; i < steps; i++) {
    times.train.push(await timedAsync(() => model.trainOnBatch(x, y)));
  }
  for (let i = 0; i < steps; i++) times.predict.push(timed(() => void predictions(model, x)));
  return times;
}

async function timeFit(
  model: Sequential,
  { x, y }: { x: tf.Tensor; y: tf.Tensor },
  batchSize: number,
): Promise<number> {
  return (
    (await timedAsync(() => model.fit(x, y, { batchSize, epochs: 1, verbose: 0 }))) / FIT_STEPS
  );
}

function predictions(model: Sequential, x: tf.Tensor): Float32Array {
  return tf.tidy(() => (model.predictOnBatch(x) as tf.Tensor).dataSync() as Float32Array);
}

function sideTimes(times: readonly StepTimes[], fits: readonly number[] = []): SideTimes | null {
  if (times.length === 0) return null;
  const train = times.flatMap((time) => time.train);
  const predict = times.flatMap((time) => time.predict);
  return {
    trainMs: median(train),
    trainP95Ms: quantile(train, 0.95),
    predictMs: median(predict),
    predictP95Ms: quantile(predict, 0.95),
    fitMs: fits.length > 0 ? median(fits) : null,
  };
}

/** Both sides beside each other: ratio of the medians, and the fused times scaled to `GOAL_PEAK`. */
export function compareSides(
  fused: SideTimes | null,
  stock: SideTimes | null,
  peakGflops: number,
): Pick<StepRow, "fused" | "stock" | "ratio" | "peakGflops" | "atGoalPeak"> {
  const scale = peakGflops / GOAL_PEAK;
  return {
    ...{ fused, stock, peakGflops },
    ratio: fused &&
      stock && {
        train: stock.trainMs / fused.trainMs,
        predict: stock.predictMs / fused.predictMs,
      },
    atGoalPeak: fused && { trainMs: fused.trainMs * scale, predictMs: fused.predictMs * scale },
  };
}

/**
 * Gives **stock** the weights of **fused**. Of a GRU's bias [2, 3H] stock has but one row: what the
 * two rows add up to, as they do in every gate but the candidate.
 */
export function copyWeights(fused: Sequential, stock: Sequential): void {
  tf.tidy(() => {
    const shapes = stock.getWeights().map(({ shape }) => shape);
    stock.setWeights(
      fused
        .getWeights()
        .map((weight, k) => (weight.rank > (shapes[k]?.length ?? 0) ? tf.sum(weight, 0) : weight)),
    );
  });
}

/** Compares predictions and the first loss; how many operations of tfjs that training step of **stock** ran. */
async function checkModels(
  { name, sameNumbers, sameLoss }: TutorialModel,
  fused: Sequential,
  stock: Sequential,
  { x, y }: { x: tf.Tensor; y: tf.Tensor },
): Promise<number> {
  const refuse = (what: string, error: number) =>
    new Error(
      `bench step: expected ${what} of ${name} within ${MODEL_AGREEMENT} of stock, got ${error}`,
    );
  const fusedPredictions = predictions(fused, x);
  const stockPredictions = predictions(stock, x);
  const predictionError = relativeError(fusedPredictions, stockPredictions);
  if (sameNumbers && !(predictionError <= MODEL_AGREEMENT)) {
    throw refuse("predictions", predictionError);
  }
  const lossOf = async (model: Sequential) => [await model.trainOnBatch(x, y)].flat()[0] as number;
  const ours = await lossOf(fused);
  let theirs = Number.NaN;
  const operations = await operationsOf(async () => {
    theirs = await lossOf(stock);
  });
  const lossError = relativeError([ours], [theirs]);
  if (sameLoss && !(lossError <= MODEL_AGREEMENT)) throw refuse("the first loss", lossError);
  return operations;
}
