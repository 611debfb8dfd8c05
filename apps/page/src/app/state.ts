// What the page knows: settings in its address, and what its worker has told.

import { computed, signal } from "@preact/signals";
import type { Epoch } from "@rnnkit/benchmarks/results";
import { language, languageOf } from "../language/language.ts";
import type {
  Ahead,
  BackendReport,
  GivenFiles,
  Horizon,
  JudgedFold,
  ModelAbout,
  Opened,
  Outcome,
  Predictions,
  Reading,
  ReviewsData,
  SeriesData,
  Share,
  TrainingStep,
  WalkOutcome,
  WalkStep,
} from "../worker/messages.ts";
import type { Misfit } from "./going-on.ts";
import { type Fault, queryOf, type Settings, settingsFrom } from "./settings.ts";

/** Where a training stands. */
export type Phase =
  | "idle"
  | "backend"
  | "data"
  | "training"
  | "paused"
  | "testing"
  | "walking"
  | "opening"
  | "reading"
  | "complete"
  | "stopped"
  | "opened"
  | "failed";

/** A walk-forward evaluation: what its models are of, and how far it has come. */
export interface Walk {
  settings: Settings;
  /** Of a task that needs a file, its name. */
  file: string;
  count: number;
  step: WalkStep | null;
  /** Those that have ended, whatever became of the others. */
  folds: JudgedFold[];
  outcome: WalkOutcome | null;
  failure: string | null;
}

/** What the address says, the language that the page does not speak among the faults. */
function fromAddress(): { settings: Settings; faults: Fault[] } {
  const { settings, faults } = settingsFrom(location.search);
  const got = new URLSearchParams(location.search).get("lang");
  if (got !== null && !languageOf(got)) faults.push({ name: "lang", got, taken: language.value });
  return { settings, faults };
}

const first = fromAddress();
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
export const isWalking = computed(() => phase.value === "walking");
/** Whether the worker is at a model: neither another training nor another file is begun. */
export const isBusy = computed(
  () => isRunning.value || isWalking.value || phase.value === "opening",
);
export const step = signal<TrainingStep | null>(null);
/** How much of the test part is judged, while it is. */
export const judged = signal<Share | null>(null);
export const epochs = signal<Epoch[]>([]);
export const data = signal<SeriesData | ReviewsData | null>(null);
export const predictions = signal<Predictions | null>(null);
export const horizon = signal<Horizon | null>(null);
export const ahead = signal<Ahead | null>(null);
export const model = signal<ModelAbout | null>(null);
/** Folds that a walk-forward evaluation is to have. */
export const foldCount = signal(4);
export const walk = signal<Walk | null>(null);
export const outcome = signal<Outcome | null>(null);
export const backend = signal<BackendReport | null>(null);
export const failure = signal<string | null>(null);
/** Why the model that there is could not be trained further, where that was tried. */
export const unfit = signal<Misfit | null>(null);
export const openNotes = signal<Opened["notes"]>([]);
/** The text that is read word by word, and what was read. */
export const review = signal("");
export const reading = signal<Reading | null>(null);
export const readFailure = signal<string | null>(null);

/** The address that says **chosen**; the language stays. */
function addressOf(chosen: Settings): string {
  const params = new URLSearchParams(queryOf(chosen));
  const lang = new URLSearchParams(location.search).get("lang");
  if (lang !== null && languageOf(lang)) params.set("lang", lang);
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
    const { settings: found, faults: bad } = fromAddress();
    settings.value = found;
    faults.value = bad;
  });
}
