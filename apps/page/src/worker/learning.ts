// How a model learns in the worker, what is told of it meanwhile, and how it is judged.

import { examplesOf } from "@rnnkit/benchmarks/forecasting/trained-forecaster";
import type { PreparedReviews } from "@rnnkit/benchmarks/reviews/prepared-reviews";
import { countSteps, evaluate, type StepState, train } from "@rnnkit/benchmarks/training";
import { kerasLossName } from "@rnnkit/keras-builders";
import type { Settings } from "../app/settings.ts";
import type { Classifier } from "./classifier.ts";
import { type Forecaster, judgeTest, predictTest, scaledLoss } from "./forecaster.ts";
import type { Gate } from "./gate.ts";
import type { Outcome, WorkerEvent } from "./messages.ts";

/** Work that can be paused and stopped, and who hears of it. */
export interface Running {
  controller: AbortController;
  gate: Gate;
  tell(event: WorkerEvent): void;
}

const STEP_MS = 40;
// Reviews in a batch that is not learnt from.
const TESTED = 256;
// So long, and what one batch takes, a visitor who has pressed Stop waits for errors of the model.
const STOPPED_MS = 500;

/** Tells of batches no more often than a page can draw, the last of a total included. */
export function drawnTeller({ tell }: Pick<Running, "tell">) {
  let toldAt = Number.NEGATIVE_INFINITY;
  return (event: WorkerEvent, done: number, total: number) => {
    const now = performance.now();
    if (now - toldAt < STEP_MS && done < total) return;
    toldAt = now;
    tell(event);
  };
}

/** Tells of batches, and waits while the gate is closed. */
function stepTeller(total: number, { epochs }: Settings, running: Running) {
  const { gate, controller } = running;
  let done = 0;
  const tellDrawn = drawnTeller(running);
  return async ({ epoch, loss, accuracy }: StepState) => {
    done++;
    tellDrawn({ event: "step", done, total, epoch, epochs, loss, accuracy }, done, total);
    if (!controller.signal.aborted) await gate.passed();
  };
}

/** Trains a forecaster on its series, with predictions of the test part after each epoch, and judges it. */
export async function learnSeries(
  forecaster: Forecaster,
  settings: Settings,
  running: Running,
): Promise<Outcome> {
  const { tell } = running;
  const { signal } = running.controller;
  const { model, layout, prepared } = forecaster;
  const { epochs, batch: batchSize, seed } = settings;
  tell({ event: "stage", stage: "training" });
  const startedAt = performance.now();
  const plan = { epochs, batchSize, seed, signal };
  const examples = examplesOf(prepared, layout);
  const isSame = hasTestLoss(forecaster);
  await train(model, examples, {
    ...plan,
    onStep: stepTeller(countSteps(examples, plan), settings, running),
    onEpoch: async (epoch) => {
      checkFinite(epoch.loss);
      const predictions = await predictTest(forecaster, signal);
      const validationLoss = predictions && isSame ? scaledLoss(forecaster, predictions) : null;
      tell({ event: "epoch", epoch: { ...epoch, validationLoss } });
      if (predictions) tell({ event: "predictions", predictions });
    },
  });
  const ending = signal.aborted ? "stopped" : "complete";
  const seconds = secondsOf(startedAt, running);
  await judge(
    forecaster,
    settings.ahead,
    running,
    signal.aborted ? AbortSignal.timeout(STOPPED_MS) : signal,
  );
  return { ending, seconds, test: null };
}

/** Seconds since, those of its pauses left out. */
const secondsOf = (startedAt: number, { gate }: Running): number =>
  (performance.now() - startedAt - gate.waited()) / 1000;

/** Whether squared errors one step ahead, of the first column, are what it learns by: the pinball loss has another unit. */
function hasTestLoss({ model, layout }: Forecaster): boolean {
  const { steps, columns, levels } = layout;
  const isSquared =
    typeof model.loss === "string" && kerasLossName(model.loss) === "mean_squared_error";
  return isSquared && steps === 1 && columns === 1 && levels.length === 0;
}

/** Tells of bands and errors by steps ahead, which take too long for every epoch; of none where **signal** is aborted. */
export async function judge(
  forecaster: Forecaster,
  ahead: number,
  { tell }: Pick<Running, "tell">,
  signal: AbortSignal,
): Promise<void> {
  tell({ event: "stage", stage: "testing" });
  const tellDrawn = drawnTeller({ tell });
  const judged = await judgeTest(forecaster, ahead, signal, (share) =>
    tellDrawn({ event: "judged", ...share }, share.done, share.total),
  );
  tell({ event: "predictions", predictions: judged?.predictions ?? null });
  tell({ event: "horizon", horizon: judged?.horizon ?? null });
}

/** Trains a classifier on reviews, and tests it. */
export async function learnReviews(
  { model }: Classifier,
  prepared: PreparedReviews,
  settings: Settings,
  running: Running,
): Promise<Outcome> {
  const { tell } = running;
  const { signal } = running.controller;
  tell({ event: "stage", stage: "training" });
  const startedAt = performance.now();
  const { epochs, batch: batchSize, seed } = settings;
  const plan = { epochs, batchSize, seed, signal, validation: prepared.validation };
  await train(model, prepared.train, {
    ...plan,
    onStep: stepTeller(countSteps(prepared.train, plan), settings, running),
    onEpoch: (epoch) => {
      checkFinite(epoch.loss);
      tell({ event: "epoch", epoch });
    },
  });
  const seconds = secondsOf(startedAt, running);
  if (signal.aborted) return { ending: "stopped", seconds, test: null };
  tell({ event: "stage", stage: "testing" });
  const share = { done: 0, total: Math.ceil((prepared.test.x.shape[0] as number) / TESTED) };
  const tellDrawn = drawnTeller(running);
  const test = await evaluate(model, prepared.test, TESTED, signal, () => {
    share.done++;
    tellDrawn({ event: "judged", ...share }, share.done, share.total);
  });
  return { ending: "complete", seconds, test };
}

function checkFinite(loss: number): void {
  if (Number.isFinite(loss)) return;
  throw new Error(`the model diverged, its loss is ${loss}: a smaller learning rate may help`);
}
