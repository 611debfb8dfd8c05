import { summarizeModel } from "../model-summary.ts";
import { rootMeanSquare } from "../statistics.ts";
import { countSteps, type Examples, evaluate, predict, train } from "../training.ts";
import { useVariant } from "./backend.ts";
import { initialWeights, writeWeights } from "./models.ts";
import { type Job, variantKey } from "./plan.ts";
import type { Quality, TrainedRun } from "./schema.ts";
import { admit, messageOf, problemOf, type Workplace } from "./workplace.ts";

// Rows of a prediction, whatever a training step has.
const PREDICTED = 256;

/** Checks a variant and trains it from a seed; what it has learnt is measured on the test part. Null when aborted. */
export async function trainVariant(
  { key, variant, seed }: Extract<Job, { kind: "run" }>,
  place: Workplace,
): Promise<Omit<TrainedRun, "machine"> | null> {
  const { signal, settings, progress, loaded, build } = place;
  const { epochs, batchSize } = settings;
  const run: Omit<TrainedRun, "machine"> = {
    ...variant,
    ...{ key, seed, startedAt: new Date().toISOString() },
    ...{ outcome: "measured", reason: null, check: null, summary: null },
    ...{ epochs: [], trainSeconds: 0, quality: null },
  };
  const { check, refusal } = await admit(variant, place);
  run.check = check;
  if (refusal) return { ...run, ...refusal };

  const problem = problemOf(place);
  const weights = await initialWeights(variant, problem, seed);
  await useVariant(variant);
  const model = build(variant, problem, seed);
  try {
    writeWeights(model, weights);
    run.summary = summarizeModel(variantKey(variant), model);
    const plan = { epochs, batchSize, seed, signal, validation: loaded.validation };
    let done = 0;
    progress.start(key, countSteps(loaded.train, plan));
    const began = performance.now();
    await train(model, loaded.train, {
      ...plan,
      onStep: ({ epoch }) => progress.step(++done, `epoch ${epoch}/${epochs}`),
      onEpoch: (epoch) => run.epochs.push(epoch),
    });
    run.trainSeconds = (performance.now() - began) / 1000;
    const lost = run.epochs.find(({ loss }) => !Number.isFinite(loss));
    if (lost) throw new Error(`expected a finite loss, got ${lost.loss} in epoch ${lost.epoch}`);
    run.quality = await qualityOf(model, place);
    return run.quality && !signal.aborted ? run : null;
  } catch (error) {
    return { ...run, outcome: "failed", reason: messageOf(error), quality: null };
  } finally {
    progress.stop();
    model.dispose();
  }
}

type Model = Parameters<typeof predict>[0];

async function qualityOf(model: Model, { loaded, settings, signal }: Workplace) {
  const judged = await evaluate(model, loaded.test, settings.batchSize, signal);
  if (!judged) return null;
  if (loaded.task.measure === "accuracy") {
    return { test: judged.accuracy as number, train: null, testLoss: judged.loss };
  }
  const errorOf = async ({ x, y }: Examples) => {
    const predicted = await predict(model, x, PREDICTED, signal);
    return (
      predicted &&
      rootMeanSquare(loaded.inOwnUnit(Float64Array.from(y.data)), loaded.inOwnUnit(predicted))
    );
  };
  const [ofTest, ofTrain] = [await errorOf(loaded.test), await errorOf(loaded.train)];
  if (ofTest === null || ofTrain === null) return null;
  return { test: ofTest, train: ofTrain, testLoss: judged.loss } satisfies Quality;
}
