// What the page's worker holds, and what it does when it is asked.

import { examplesOf, layoutOf } from "@rnnkit/benchmarks/forecasting/trained-forecaster";
import type { PreparedReviews } from "@rnnkit/benchmarks/prepared-reviews";
import { countSteps, evaluate, type StepState, train } from "@rnnkit/benchmarks/training";
import { isSeries, type Settings } from "../app/settings.ts";
import { startBackend } from "./backend.ts";
import {
  buildClassifier,
  chosenReviews,
  classifierOf,
  exampleOf,
  imdbWords,
  readText,
  reviewsData,
} from "./classifier.ts";
import {
  bandsOf,
  buildForecaster,
  type Forecaster,
  forecastBeyond,
  judgeHorizon,
  outputsOf,
  predictTest,
  preparedFor,
  saysAllColumns,
  scaledLoss,
  seasonOf,
  seriesData,
} from "./forecaster.ts";
import { type Gate, gate } from "./gate.ts";
import type { GivenFiles, Outcome, WorkerCalls, WorkerEvent } from "./messages.ts";
import { aboutModel, fileOf, openModel, type Trained } from "./open-model.ts";
import { chosenSeries, columnsOf } from "./series-source.ts";
import { evaluateForward } from "./walk-forward.ts";

interface Running {
  controller: AbortController;
  gate: Gate;
}

let run: Running | null = null;
let trained: Trained | null = null;
let trainedBy: Settings | null = null;
let reviews: PreparedReviews | null = null;
let examplesShown = 0;

const tell = (event: WorkerEvent) => postMessage(event);

/** Takes the place of the model before, which is gone. */
function keep(next: Trained, settings: Settings): void {
  trained?.model.dispose();
  trained = next;
  trainedBy = settings;
  tellModel();
}

function tellModel(): void {
  if (trained) tell({ event: "model", model: { ...aboutModel(trained), hasExamples: !!reviews } });
}

/** The model of a kind that there is. */
function current<K extends Trained["kind"]>(kind: K): Extract<Trained, { kind: K }> {
  if (trained?.kind !== kind) throw new Error(`expected a ${kind}, got none`);
  return trained as Extract<Trained, { kind: K }>;
}

const STEP_MS = 40;

/** Tells of batches no more often than a page can draw, the last of a total included. */
function drawnTeller() {
  let toldAt = Number.NEGATIVE_INFINITY;
  return (event: WorkerEvent, done: number, total: number) => {
    const now = performance.now();
    if (now - toldAt < STEP_MS && done < total) return;
    toldAt = now;
    tell(event);
  };
}

/** Tells of batches, and waits while the gate is closed. */
function stepTeller(
  total: number,
  { epochs }: Settings,
  { gate, controller: { signal } }: Running,
) {
  let done = 0;
  const tellDrawn = drawnTeller();
  return async ({ epoch, loss, accuracy }: StepState) => {
    done++;
    tellDrawn({ event: "step", done, total, epoch, epochs, loss, accuracy }, done, total);
    if (!signal.aborted) await gate.passed();
  };
}

async function trainForecaster(
  settings: Settings,
  files: GivenFiles,
  running: Running,
): Promise<Outcome> {
  const { signal } = running.controller;
  const series = chosenSeries(settings, files);
  const { window: timesteps, epochs, batch: batchSize, seed } = settings;
  const bands = bandsOf(settings);
  const allColumns = saysAllColumns(series, settings);
  const prepared = preparedFor(series, timesteps, outputsOf(settings), null, allColumns);
  const season = seasonOf(series, prepared);
  reviews = null;
  tell({ event: "anew" });
  tell({ event: "data", data: seriesData({ series, prepared, season }) });
  const layout = layoutOf(prepared, bands);
  const model = buildForecaster(settings.cell, settings, layout, bands);
  const { scaler } = prepared;
  const whole: Forecaster = {
    ...{ kind: "forecaster", model, layout, scaler, bands, series, prepared, season },
  };
  keep(whole, settings);
  tell({ event: "stage", stage: "training" });
  const startedAt = performance.now();
  const plan = { epochs, batchSize, seed, signal };
  const examples = examplesOf(prepared, layout);
  await train(model, examples, {
    ...plan,
    onStep: stepTeller(countSteps(examples, plan), settings, running),
    onEpoch: async (epoch) => {
      checkFinite(epoch.loss);
      const predictions = await predictTest(whole, false);
      // The pinball loss has another unit, and a loss of all columns is not that of the one.
      const isSame = layout.levels.length === 0 && layout.columns === 1;
      const validationLoss = isSame ? scaledLoss(whole, predictions) : null;
      tell({ event: "epoch", epoch: { ...epoch, validationLoss } });
      tell({ event: "predictions", predictions });
    },
  });
  const seconds = (performance.now() - startedAt) / 1000;
  await judge(whole, settings.ahead);
  return { ending: signal.aborted ? "stopped" : "complete", seconds, test: null };
}

/** Bands and errors by steps ahead, which take too long for every epoch. */
async function judge(forecaster: Forecaster, ahead: number): Promise<void> {
  tell({ event: "predictions", predictions: await predictTest(forecaster, true) });
  tell({ event: "horizon", horizon: await judgeHorizon(forecaster, ahead) });
}

async function trainClassifier(
  settings: Settings,
  files: GivenFiles,
  running: Running,
): Promise<Outcome> {
  const { signal } = running.controller;
  const { prepared, words, notes } = await chosenReviews(settings, files.imdb);
  const known = words ?? (files.words ? await imdbWords(files.words) : null);
  reviews = prepared;
  examplesShown = 0;
  tell({ event: "anew" });
  tell({ event: "data", data: reviewsData(prepared, notes) });
  const { maxLen, vocabSize } = prepared.data;
  const model = buildClassifier(settings, vocabSize);
  keep(classifierOf(model, maxLen, vocabSize, known), settings);
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
  const seconds = (performance.now() - startedAt) / 1000;
  if (signal.aborted) return { ending: "stopped", seconds, test: null };
  tell({ event: "stage", stage: "testing" });
  const tested = await evaluate(model, prepared.test, 256, signal);
  const test = tested && { loss: tested.loss, accuracy: tested.accuracy as number };
  return { ending: test ? "complete" : "stopped", seconds, test };
}

function checkFinite(loss: number): void {
  if (Number.isFinite(loss)) return;
  throw new Error(`the model diverged, its loss is ${loss}: a smaller learning rate may help`);
}

/** Work that can be stopped, on the settings' backend, none beside it. */
async function alone<T>({ backend }: Settings, work: (running: Running) => Promise<T>): Promise<T> {
  if (run) throw new Error("expected no training to be on its way, got one");
  const running = { controller: new AbortController(), gate: gate() };
  run = running;
  try {
    tell({ event: "stage", stage: "backend" });
    tell({ event: "backend", report: await startBackend(backend) });
    tell({ event: "stage", stage: "data" });
    return await work(running);
  } finally {
    run = null;
  }
}

/** What the page may ask for. */
export const calls: {
  [Name in keyof WorkerCalls]: (
    ...args: Parameters<WorkerCalls[Name]>
  ) => ReturnType<WorkerCalls[Name]> | Promise<ReturnType<WorkerCalls[Name]>>;
} = {
  backend: startBackend,
  columns: columnsOf,
  train: (settings, files) =>
    alone(settings, (running) =>
      (isSeries(settings.task) ? trainForecaster : trainClassifier)(settings, files, running),
    ),
  walkForward: (settings, files, folds) =>
    alone(settings, ({ controller: { signal } }) => {
      const tellDrawn = drawnTeller();
      return evaluateForward(chosenSeries(settings, files), settings, folds, {
        signal,
        onStep: (step) => tellDrawn({ event: "walkStep", step }, step.done, step.total),
        onFold: (fold) => tell({ event: "fold", fold }),
      });
    }),
  pause: () => run?.gate.close(),
  resume: () => run?.gate.open(),
  stop() {
    run?.controller.abort();
    run?.gate.open();
  },
  ahead: (count) => forecastBeyond(current("forecaster"), count),
  read: (text) => readText(current("classifier"), text),
  example() {
    const { words } = current("classifier");
    if (!reviews || !words) throw new Error("expected reviews and their words, got none");
    return exampleOf(reviews, words, examplesShown++);
  },
  async words(file) {
    const classifier = current("classifier");
    classifier.words = await imdbWords(file);
    tellModel();
    return true;
  },
  async save() {
    if (!trained || !trainedBy) throw new Error("expected a model, got none");
    const { task, cell } = trainedBy;
    return { bytes: await fileOf(trained, trainedBy), name: `${task}-${cell}.keras` };
  },
  async open(file, companion, settings, files) {
    if (run) throw new Error("expected no training to be on its way, got one");
    tell({ event: "backend", report: await startBackend(settings.backend) });
    const {
      trained: next,
      opened,
      reviews: own,
    } = await openModel(file, companion, settings, files);
    reviews = own;
    examplesShown = 0;
    tell({ event: "anew" });
    keep(next, opened.settings);
    if (next.kind === "forecaster") {
      tell({ event: "data", data: seriesData(next) });
      await judge(next, opened.settings.ahead);
    }
    return opened;
  },
};
