// What the page's worker holds, and what it does when it is asked.

import type { PreparedReviews } from "@rnnkit/benchmarks/reviews/prepared-reviews";
import { type Backend, isSeries, type Settings } from "../app/settings.ts";
import { startBackend } from "./backend.ts";
import {
  buildClassifier,
  type Classifier,
  chosenReviews,
  classifierOf,
  exampleOf,
  imdbWords,
  readText,
  reviewsData,
} from "./classifier.ts";
import { type Forecaster, forecastBeyond, forecasterFor, seriesData } from "./forecaster.ts";
import { gate } from "./gate.ts";
import { keptUnlessDone, onSeries, readied } from "./going-on.ts";
import { drawnTeller, judge, learnReviews, learnSeries, type Running } from "./learning.ts";
import type {
  BackendReport,
  GivenFiles,
  Outcome,
  Unfit,
  WorkerCalls,
  WorkerEvent,
} from "./messages.ts";
import { fetchedFromGpu } from "./moved-numbers.ts";
import { aboutModel, fileOf, openModel, ownSettings, type Trained } from "./open-model.ts";
import { chosenSeries, columnsOf } from "./series-source.ts";
import { evaluateForward } from "./walk-forward.ts";

let run: Running | null = null;
let trained: Trained | null = null;
/** What the model was trained by; null where its file does not say. */
let trainedBy: Settings | null = null;
let reviews: PreparedReviews | null = null;
let examplesShown = 0;
/** The backend that was had last; null before the first. */
let wish: Backend | null = null;
/** Ends a forecast that another question, or another model, has overtaken. */
let asked = new AbortController();

async function start(wanted: Backend): Promise<BackendReport> {
  const report = await startBackend(wanted);
  wish = wanted;
  return report;
}

/** Starts the backend again where its device was lost. */
async function awake(): Promise<void> {
  if (wish !== null) await startBackend(wish);
}

const tell = (event: WorkerEvent) => postMessage(event);

/** Takes the place of the model before, which is gone unless it is the same one. */
function keep(next: Trained, settings: Settings | null): void {
  asked.abort();
  if (trained?.model !== next.model) trained?.model.dispose();
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

/** Makes room for what is told of a forecaster and its series. */
function showSeries(forecaster: Forecaster, settings: Settings | null): void {
  reviews = null;
  tell({ event: "anew" });
  tell({ event: "data", data: seriesData(forecaster) });
  keep(forecaster, settings);
}

/** Makes room for what is told of a classifier and the reviews that it learns from. */
function showReviews(
  classifier: Classifier,
  prepared: PreparedReviews,
  notes: string[],
  settings: Settings,
): void {
  reviews = prepared;
  examplesShown = 0;
  tell({ event: "anew" });
  tell({ event: "data", data: reviewsData(prepared, notes) });
  keep(classifier, settings);
}

async function trainForecaster(
  settings: Settings,
  files: GivenFiles,
  running: Running,
): Promise<Outcome> {
  const forecaster = forecasterFor(chosenSeries(settings, files), settings);
  showSeries(forecaster, settings);
  return learnSeries(forecaster, settings, running);
}

async function trainClassifier(
  settings: Settings,
  files: GivenFiles,
  running: Running,
): Promise<Outcome> {
  const { prepared, words, notes } = await chosenReviews(settings, files.imdb);
  const known = words ?? (files.words ? await imdbWords(files.words) : null);
  const { maxLen, vocabSize } = prepared.data;
  const model = buildClassifier(settings, vocabSize);
  const classifier = classifierOf(model, maxLen, vocabSize, known);
  showReviews(classifier, prepared, notes, settings);
  return learnReviews(classifier, prepared, settings, running);
}

/** The forecaster that there is learns from the series that the settings choose. */
function trainForecasterOn(
  settings: Settings,
  files: GivenFiles,
  running: Running,
): Promise<Outcome> {
  const forecaster = onSeries(current("forecaster"), settings, files);
  const own = ownSettings(forecaster, settings);
  return keptUnlessDone(forecaster, settings, running, () => {
    readied(forecaster, settings);
    showSeries(forecaster, own);
    return learnSeries(forecaster, own, running);
  });
}

/** The classifier that there is learns from the reviews that the settings choose, if it has ids for their words. */
async function trainClassifierOn(
  settings: Settings,
  files: GivenFiles,
  running: Running,
): Promise<Outcome | Unfit> {
  const classifier = current("classifier");
  const { vocabSize } = classifier;
  const own = ownSettings(classifier, settings);
  const { prepared, words, notes } = await chosenReviews(own, files.imdb, vocabSize);
  const { vocabSize: needed } = prepared.data;
  if (needed > vocabSize) return { ending: "unfit", needed, has: vocabSize };
  let known = words ?? (files.words ? await imdbWords(files.words) : null);
  // The ids of IMDB are the same in every training on it.
  if (!known && trainedBy?.task !== "reviews") known = classifier.words;
  const next = { ...classifier, words: known };
  return keptUnlessDone(next, settings, running, () => {
    readied(next, settings);
    showReviews(next, prepared, notes, own);
    return learnReviews(next, prepared, own, running);
  });
}

/** Work that can be stopped, on the settings' backend, none beside it. */
async function alone<T>({ backend }: Settings, work: (running: Running) => Promise<T>): Promise<T> {
  if (run) throw new Error("expected no training to be on its way, got one");
  const running = { controller: new AbortController(), gate: gate(), tell };
  run = running;
  try {
    tell({ event: "stage", stage: "backend" });
    tell({ event: "backend", report: await start(backend) });
    tell({ event: "stage", stage: "data" });
    return await work(running);
  } finally {
    // A device may be lost later; what was learnt on it then is not.
    await fetchedFromGpu();
    run = null;
  }
}

/** What the page may ask for. */
export const calls: {
  [Name in keyof WorkerCalls]: (
    ...args: Parameters<WorkerCalls[Name]>
  ) => ReturnType<WorkerCalls[Name]> | Promise<ReturnType<WorkerCalls[Name]>>;
} = {
  backend: start,
  columns: columnsOf,
  train: (settings, files) =>
    alone(settings, (running) =>
      (isSeries(settings.task) ? trainForecaster : trainClassifier)(settings, files, running),
    ),
  trainOn: (settings, files) =>
    alone<Outcome | Unfit>(settings, (running) =>
      (isSeries(settings.task) ? trainForecasterOn : trainClassifierOn)(settings, files, running),
    ),
  judge: (settings) =>
    alone(settings, (running) =>
      judge(current("forecaster"), settings.ahead, running, running.controller.signal),
    ),
  walkForward: (settings, files, folds) =>
    alone(settings, (running) => {
      const { signal } = running.controller;
      const tellDrawn = drawnTeller(running);
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
  async ahead(count) {
    asked.abort();
    asked = new AbortController();
    const { signal } = asked;
    await awake();
    return signal.aborted ? null : forecastBeyond(current("forecaster"), count, signal);
  },
  async read(text) {
    await awake();
    return readText(current("classifier"), text);
  },
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
    if (!trained) throw new Error("expected a model, got none");
    const name = [trainedBy?.task ?? "model", aboutModel(trained).cell ?? trained.kind].join("-");
    return { bytes: await fileOf(trained, trainedBy), name: `${name}.keras` };
  },
  async open(file, companion, settings, files) {
    if (run) throw new Error("expected no training to be on its way, got one");
    tell({ event: "backend", report: await start(settings.backend) });
    const found = await openModel(file, companion, settings, files);
    const { trained: next, opened, trainedBy } = found;
    if (next.kind === "forecaster") {
      showSeries(next, trainedBy);
      return opened;
    }
    reviews = found.reviews;
    examplesShown = 0;
    tell({ event: "anew" });
    keep(next, trainedBy);
    return opened;
  },
};
