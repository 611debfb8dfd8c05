// What the page knows: settings in its address, and what its worker has told.

import { computed, signal } from "@preact/signals";
import type { Epoch } from "@rnnkit/benchmarks/results";
import type {
  Ahead,
  BackendReport,
  GivenFiles,
  Horizon,
  ModelAbout,
  Opened,
  Outcome,
  Predictions,
  Reading,
  ReviewsData,
  SeriesData,
} from "../worker/messages.ts";
import { type Fault, queryOf, type Settings, settingsFrom } from "./settings.ts";

/** Where a training stands. */
export type Phase =
  | "idle"
  | "backend"
  | "data"
  | "training"
  | "paused"
  | "testing"
  | "complete"
  | "stopped"
  | "opened"
  | "failed";

/** A batch, as the worker tells of it. */
export interface Step {
  done: number;
  total: number;
  epoch: number;
  loss: number;
  accuracy: number | null;
}

const first = settingsFrom(location.search);
export const settings = signal<Settings>(first.settings);
/** What the address said that cannot be. */
export const faults = signal<Fault[]>(first.faults);

export const files = signal<GivenFiles>({ csv: null, imdb: null, words: null });
/** Columns of numbers of the CSV file. */
export const columns = signal<string[]>([]);

export const phase = signal<Phase>("idle");
export const isRunning = computed(() =>
  ["backend", "data", "training", "paused", "testing"].includes(phase.value),
);
export const step = signal<Step | null>(null);
export const epochs = signal<Epoch[]>([]);
export const data = signal<SeriesData | ReviewsData | null>(null);
export const predictions = signal<Predictions | null>(null);
export const horizon = signal<Horizon | null>(null);
export const ahead = signal<Ahead | null>(null);
export const model = signal<ModelAbout | null>(null);
export const outcome = signal<Outcome | null>(null);
export const backend = signal<BackendReport | null>(null);
export const failure = signal<string | null>(null);
export const openNotes = signal<Opened["notes"]>([]);
/** The text that is read word by word, and what was read. */
export const review = signal("");
export const reading = signal<Reading | null>(null);
export const readFailure = signal<string | null>(null);

const own = new Set(["task", "column", ...Object.keys(first.settings)]);

/** The address that says **chosen**; what other parts of the page keep there stays. */
function addressOf(chosen: Settings): string {
  const params = new URLSearchParams(queryOf(chosen));
  for (const [name, value] of new URLSearchParams(location.search))
    if (!own.has(name)) params.set(name, value);
  return `?${params}${location.hash}`;
}

/** Changes settings, in the page's address too: the back button goes to those before. */
export function choose(change: Partial<Settings>): void {
  const chosen = { ...settings.value, ...change };
  if (queryOf(chosen) === queryOf(settings.value)) return;
  settings.value = chosen;
  faults.value = [];
  history.pushState(null, "", addressOf(chosen));
}

/** Puts what was taken for bad values into the address, and follows the back button. */
export function followAddress(): void {
  if (first.faults.length > 0) history.replaceState(null, "", addressOf(first.settings));
  addEventListener("popstate", () => {
    const { settings: found, faults: bad } = settingsFrom(location.search);
    settings.value = found;
    faults.value = bad;
  });
}
