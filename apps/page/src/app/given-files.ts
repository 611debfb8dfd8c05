// Files that a visitor drops or chooses, each taken for what it is.

import { batch } from "@preact/signals";
import {
  afterwards,
  begin,
  chooseColumns,
  chooseTask,
  fail,
  judge,
  learnWords,
  worker,
} from "./actions.ts";
import { featuresIn } from "./settings.ts";
import * as state from "./state.ts";

/** Takes files that were dropped or chosen, each for what it is: first what a model is of, then the model. */
export async function takeFiles(given: readonly File[]): Promise<void> {
  begin();
  const left = new Set(given);
  const ending = (pattern: RegExp) => {
    const found = [...left].find(({ name }) => pattern.test(name));
    if (found) left.delete(found);
    return found;
  };
  const words = ending(/word_index.*\.json$/i);
  const model = ending(/\.(keras|h5|hdf5)$/i);
  const companion = model && ending(/\.(keras|h5)\.json$/i);
  const npz = ending(/\.npz$/i);
  const csv = ending(/\.(csv|tsv|txt|dat)$/i);
  try {
    if (words) await takeWords(words);
    if (npz) {
      state.files.value = { ...state.files.value, imdb: npz };
      chooseTask("imdb");
    }
    if (csv) await takeCsv(csv);
    if (model) await openModel(model, companion ?? null);
    if (left.size > 0) {
      const names = [...left].map(({ name }) => name).join(", ");
      throw new Error(
        left.size === given.length
          ? `expected .csv, imdb.npz, imdb_word_index.json, .keras or .h5, got ${names}`
          : `expected one file of a kind, .csv, imdb.npz, imdb_word_index.json, .keras or .h5, got ${names} besides`,
      );
    }
  } catch (error) {
    fail(error);
  }
}

/** The words of IMDB's ids: of the model that there is, and of those that are trained later. */
async function takeWords(file: File): Promise<void> {
  if (state.model.value?.kind === "classifier") await learnWords(file);
  else state.files.value = { ...state.files.value, words: file };
}

async function takeCsv(file: File): Promise<void> {
  const csv = { name: file.name, bytes: new Uint8Array(await file.arrayBuffer()) };
  const found = await duringReading(() => worker.columns(csv));
  batch(() => {
    state.files.value = { ...state.files.value, csv };
    state.columns.value = found;
    chooseTask("csv");
    const { column, features } = state.settings.value;
    chooseColumns(
      found.includes(column) ? column : (found[0] ?? ""),
      featuresIn(features).filter((name) => found.includes(name)),
    );
  });
}

/** Says that a file is read, which of a million rows takes seconds, unless something else is going on. */
async function duringReading<T>(work: () => Promise<T>): Promise<T> {
  const before = state.phase.value;
  if (!state.isBusy.value) state.phase.value = "reading";
  try {
    return await work();
  } finally {
    if (state.phase.value === "reading") state.phase.value = before;
  }
}

async function openModel(file: File, companion: File | null): Promise<void> {
  if (state.isBusy.value) throw new Error("stop what is running before a model is opened");
  const before = state.phase.value;
  state.phase.value = "opening";
  try {
    const opened = await worker.open(file, companion, state.settings.value, state.files.value);
    batch(() => {
      state.choose(opened.settings);
      state.openNotes.value = opened.notes;
    });
  } catch (error) {
    state.phase.value = before;
    throw error;
  }
  if (state.model.value?.kind === "forecaster") await judge("opened");
  else state.phase.value = "opened";
  await afterwards();
}
