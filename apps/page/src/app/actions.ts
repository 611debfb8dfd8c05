// What a visitor can have done: calls of the worker, their answers kept in the state.

import { batch } from "@preact/signals";
import type { WorkerEvent } from "../worker/messages.ts";
import { connect } from "./client.ts";
import { type Backend, defaults, featuresText, type Task } from "./settings.ts";
import * as state from "./state.ts";

export const worker = connect(take);

function take(event: WorkerEvent): void {
  batch(() => {
    if (event.event === "stage") {
      state.judged.value = null;
      if (state.isRunning.value && state.phase.value !== "paused") state.phase.value = event.stage;
    }
    if (event.event === "judged") state.judged.value = event;
    if (event.event === "backend") state.backend.value = event.report;
    if (event.event === "anew") clear();
    if (event.event === "data") state.data.value = event.data;
    if (event.event === "model") state.model.value = event.model;
    if (event.event === "epoch") state.epochs.value = [...state.epochs.value, event.epoch];
    if (event.event === "predictions") state.predictions.value = event.predictions;
    if (event.event === "horizon") state.horizon.value = event.horizon;
    if (event.event === "walkStep") changeWalk({ step: event.step });
    if (event.event === "fold")
      changeWalk({ folds: [...(state.walk.value?.folds ?? []), event.fold] });
    if (event.event === "step") {
      const { event: _, ...step } = event;
      state.step.value = step;
    }
  });
}

function changeWalk(change: Partial<state.Walk>): void {
  if (state.walk.value) state.walk.value = { ...state.walk.value, ...change };
}

function clear(): void {
  batch(() => {
    state.step.value = null;
    state.epochs.value = [];
    state.data.value = null;
    state.predictions.value = null;
    state.horizon.value = null;
    state.ahead.value = null;
    state.model.value = null;
    state.outcome.value = null;
    state.failure.value = null;
    state.openNotes.value = [];
    state.reading.value = null;
    state.readFailure.value = null;
  });
}

const messageOf = (error: unknown): string => (error as Error).message;

/** Says what did not work; a training that is on its way goes on. */
export function fail(error: unknown): void {
  state.failure.value = messageOf(error);
  if (!state.isBusy.value) state.phase.value = "failed";
}

/** What failed before is no longer said once something else is begun. */
export function begin(): void {
  state.failure.value = null;
  state.unfit.value = null;
  if (state.phase.value === "failed") state.phase.value = "idle";
}

/** Trains a model by the settings; one that there is stays until this one has its data. */
export const startTraining = (): Promise<void> => learn(worker.train);

/** Trains the model that there is, of its own sizes, on what the settings choose. */
export const trainOn = (): Promise<void> => learn(worker.trainOn);

async function learn(call: typeof worker.trainOn): Promise<void> {
  if (state.isBusy.value) return;
  begin();
  const before = state.phase.value;
  const steps = state.step.value;
  state.step.value = null;
  state.phase.value = "backend";
  try {
    const outcome = await call(state.settings.value, state.files.value);
    if (outcome.ending === "unfit") {
      const { has, needed } = outcome;
      batch(() => {
        state.unfit.value = { why: "words", has, needed };
        state.step.value = steps;
        state.phase.value = before;
      });
      return;
    }
    state.outcome.value = outcome;
    state.phase.value = outcome.ending;
    await afterwards();
  } catch (error) {
    state.phase.value = "failed";
    fail(error);
  }
}

/** What is shown of a model as soon as there is one. */
export async function afterwards(): Promise<void> {
  const { value: model } = state.model;
  if (model?.kind === "forecaster") await forecastAhead();
  if (model?.kind === "classifier" && model.hasWords) await showExample();
}

/** Training waits after the batch that it is at. */
export async function pauseTraining(): Promise<void> {
  state.phase.value = "paused";
  await worker.pause();
}

export async function resumeTraining(): Promise<void> {
  state.phase.value = "training";
  await worker.resume();
}

/** Trains and judges a model a fold; the one that is there stays, and so does its phase. */
export async function startWalkForward(): Promise<void> {
  if (state.isBusy.value) return;
  begin();
  const before = state.phase.value;
  const { settings, files, foldCount } = state;
  const [chosen, given, count] = [settings.value, files.value, foldCount.value];
  const file = given.csv?.name ?? "";
  batch(() => {
    state.walk.value = {
      ...{ settings: chosen, file, count },
      ...{ step: null, folds: [], outcome: null, failure: null },
    };
    state.phase.value = "walking";
  });
  try {
    changeWalk({ outcome: await worker.walkForward(chosen, given, count) });
  } catch (error) {
    changeWalk({ failure: messageOf(error) });
  } finally {
    state.phase.value = before;
  }
}

/** A training or an evaluation ends after the batch that it is at; the model, or folds that ended, stay. */
export async function stopTraining(): Promise<void> {
  await worker.stop();
}

/** Predictions and errors of the test part, where the model that there is was not judged. */
export async function judgeModel(): Promise<void> {
  if (state.isBusy.value) return;
  begin();
  await judge(state.phase.value);
}

/** Judges the model that there is; then the phase is the one given. */
export async function judge(after: state.Phase): Promise<void> {
  state.phase.value = "testing";
  try {
    await worker.judge(state.settings.value);
  } catch (error) {
    fail(error);
  } finally {
    state.phase.value = after;
  }
}

/** The values beyond the end, as many as the settings say. */
export async function forecastAhead(): Promise<void> {
  begin();
  try {
    const found = await worker.ahead(state.settings.value.ahead);
    if (found) state.ahead.value = found;
  } catch (error) {
    fail(error);
  }
}

let readAgain = false;
let isReading = false;

/** Has the text read word by word; what is typed meanwhile is read next. */
export async function readReview(): Promise<void> {
  readAgain = true;
  if (isReading) return;
  isReading = true;
  try {
    while (readAgain) {
      readAgain = false;
      state.reading.value = await worker.read(state.review.value);
      state.readFailure.value = null;
    }
  } catch (error) {
    state.readFailure.value = messageOf(error);
  } finally {
    isReading = false;
  }
}

/** Puts a review of the test part into the text; where there is none, what was typed stays. */
export async function showExample(): Promise<void> {
  if (state.model.value?.hasExamples) state.review.value = (await worker.example()).text;
  await readReview();
}

/** Learns the words of IMDB's ids, from a file or from Keras's server. */
export async function learnWords(file: File | null): Promise<void> {
  try {
    if (file) state.files.value = { ...state.files.value, words: file };
    await worker.words(file);
    await readReview();
  } catch (error) {
    state.readFailure.value = messageOf(error);
  }
}

/** Asks for a backend at once, so that its reasons can be read. */
export async function chooseBackend(wish: Backend): Promise<void> {
  begin();
  try {
    state.backend.value = await worker.backend(wish);
  } catch (error) {
    state.backend.value = null;
    fail(error);
  }
}

/** Another task, with what it begins with; backend and seed stay. */
export function chooseTask(task: Task): void {
  const { backend, seed } = state.settings.value;
  if (task === state.settings.value.task) return;
  const column = task === "csv" ? (state.columns.value[0] ?? "") : "";
  state.choose({ ...defaults[task], backend, seed, column });
}

/** The column to forecast, and those whose past the model sees too: that column's own it sees anyway. */
export function chooseColumns(column: string, features: readonly string[]): void {
  state.choose({ column, features: featuresText(features.filter((name) => name !== column)) });
}

/** Gives the model's `.keras` file to the browser to keep. */
export async function saveModel(): Promise<void> {
  begin();
  try {
    const { bytes, name } = await worker.save();
    const address = URL.createObjectURL(new Blob([bytes as Uint8Array<ArrayBuffer>]));
    const link = document.createElement("a");
    link.href = address;
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(address), 60_000);
  } catch (error) {
    fail(error);
  }
}

/** Whether the chosen task has what it needs. */
export function isReady(): boolean {
  const { task } = state.settings.value;
  if (task === "csv") return state.files.value.csv !== null;
  return task !== "imdb" || state.files.value.imdb !== null;
}
