import { setImmediate } from "node:timers/promises";
import * as tf from "@tensorflow/tfjs-core";
import type { Sequential } from "@tensorflow/tfjs-layers";
import { timedAsync } from "../bench/rounds.ts";
import { warmUp } from "../bench/warm-up.ts";
import { median, quantile } from "../statistics.ts";
import { sliceRows, toTensor } from "../training.ts";
import { useVariant } from "./backend.ts";
import { initialWeights, writeWeights } from "./models.ts";
import { type Job, variantKey } from "./plan.ts";
import type { Heat, Lane, StepTimes, Variant } from "./schema.ts";
import { admit, messageOf, problemOf, type Workplace } from "./workplace.ts";

// As training and prediction go on in a row; of those that take long, one.
const IN_A_ROW = 5;
const SHORT_MS = 200;

/** A variant at the start, or why it is not there. */
interface Runner {
  variant: Variant;
  lane: Lane;
  model: Sequential;
  x: tf.Tensor;
  y: tf.Tensor;
  inARow: number;
  train: number[];
  predict: number[];
}

/**
 * Checks every variant of a heat, then times those that passed, round by round, each in turn and every other round the
 * other way round: a machine that changes its speed changes it for all. Null when it was aborted.
 */
export async function timeHeat(
  { key, variants }: Extract<Job, { kind: "heat" }>,
  place: Workplace,
): Promise<Omit<Heat, "machine"> | null> {
  const { signal, settings, progress } = place;
  const startedAt = new Date().toISOString();
  const began = performance.now();
  const runners: Runner[] = [];
  const lanes: Lane[] = [];
  progress.start(`time ${key}`, variants.length + settings.rounds);
  try {
    for (const [i, variant] of variants.entries()) {
      if (signal.aborted) return null;
      const { lane, runner } = await prepare(variant, place);
      lanes.push(lane);
      if (runner) runners.push(runner);
      progress.step(i + 1, lane.key);
    }
    for (let round = 0; round < settings.rounds; round++) {
      for (const runner of round % 2 === 0 ? runners : runners.toReversed()) {
        if (signal.aborted) return null;
        await guarded(runner, () => timeTurn(runner));
      }
      progress.step(variants.length + round + 1, `round ${round + 1} of ${settings.rounds}`);
    }
    if (signal.aborted) return null;
    for (const { lane, train, predict } of runners) {
      if (lane.outcome !== "measured") continue;
      lane.train = timesOf(train);
      lane.predict = timesOf(predict);
    }
    const { model, cell } = variants[0] as Variant;
    const seconds = (performance.now() - began) / 1000;
    return { key, model, cell, startedAt, seconds, lanes };
  } finally {
    progress.stop();
    for (const { model, x, y } of runners) {
      model.dispose();
      tf.dispose([x, y]);
    }
  }
}

async function prepare(variant: Variant, place: Workplace) {
  const { settings, loaded, build, signal } = place;
  const { check, refusal } = await admit(variant, place);
  const lane: Lane = {
    ...variant,
    key: variantKey(variant),
    ...(refusal ?? { outcome: "measured", reason: null }),
    ...{ check, train: null, predict: null },
  };
  if (refusal) return { lane };
  const problem = problemOf(place);
  const weights = await initialWeights(variant, problem, 1);
  await useVariant(variant);
  const model = build(variant, problem, 1);
  writeWeights(model, weights);
  const rows = Math.min(settings.batchSize, loaded.train.x.shape[0] as number);
  const [x, y] = [loaded.train.x, loaded.train.y].map((array) =>
    toTensor(sliceRows(array, 0, rows)),
  ) as [tf.Tensor, tf.Tensor];
  const runner: Runner = { variant, lane, model, x, y, inARow: 1, train: [], predict: [] };
  await guarded(runner, async () => {
    const times = await warmUp(() => timedAsync(() => stepOf(runner)), signal);
    if (Math.min(...times) < SHORT_MS) runner.inARow = IN_A_ROW;
  });
  return { lane, runner };
}

/** What throws in its lane ends that lane alone. */
async function guarded({ lane }: Runner, work: () => Promise<void>): Promise<void> {
  if (lane.outcome !== "measured") return;
  try {
    await work();
  } catch (error) {
    lane.outcome = "failed";
    lane.reason = messageOf(error);
  }
}

async function timeTurn(runner: Runner): Promise<void> {
  const { inARow } = runner;
  await useVariant(runner.variant);
  // What the others left in caches and sleeping threads is not this one's; where a step takes long, it does not show.
  if (inARow > 1) await stepOf(runner);
  // The median: a collection of the others' garbage may come in one of them.
  const each = async (work: () => Promise<unknown>) => {
    const times: number[] = [];
    for (let i = 0; i < inARow; i++) times.push(await timedAsync(work));
    return median(times);
  };
  runner.train.push(await each(() => runner.model.trainOnBatch(runner.x, runner.y)));
  runner.predict.push(await each(() => prediction(runner)));
  await setImmediate();
}

async function stepOf(runner: Runner): Promise<void> {
  await runner.model.trainOnBatch(runner.x, runner.y);
  await prediction(runner);
}

async function prediction({ model, x }: Runner): Promise<void> {
  const output = tf.tidy(() => model.predictOnBatch(x) as tf.Tensor);
  await output.data();
  output.dispose();
}

function timesOf(samplesMs: number[]): StepTimes {
  return {
    samplesMs,
    medianMs: median(samplesMs),
    lowMs: quantile(samplesMs, 0.25),
    highMs: quantile(samplesMs, 0.75),
  };
}
