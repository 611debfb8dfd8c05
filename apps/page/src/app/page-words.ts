// What the worker's errors are in the page's own words: they speak of options that are fields here.

import { type Language, language, text } from "../language/language.ts";

/** What is said, and in which language. */
export interface Said {
  words: string;
  language: Language;
}

const count = (digits: string | undefined): number => Number(digits ?? 0);

/** Errors that the page has words for, and what it says with their parts. */
const known: readonly (readonly [RegExp, (...parts: (string | undefined)[]) => string])[] = [
  [
    /software adapter: (.+?) computes on the CPU; allowSoftware: true takes it$/,
    (adapter = "") => text("error.softwareGpu", adapter),
  ],
  [
    /^selectBackend: \S+ is required and cannot be had: (.+)$/s,
    (why = "") => text("error.backend", why),
  ],
  [/^getWordIndex: expected https?:.+ attempts?, got /s, () => text("error.noNetwork")],
  [/^webgpu: the GPU device was lost/, () => text("error.gpuLost")],
  [
    /expected at least (\d+) points for --timesteps (\d+)(?: and --ahead (\d+))?, got (\d+) in /,
    (least, window, ahead, got) =>
      text("error.short", count(least), count(window), count(ahead), count(got)),
  ],
  [
    /expected at least (\d+) points to train on in the first fold of --walk-forward for --timesteps (\d+)(?: and --ahead (\d+))?, got (\d+)$/,
    (least, window, ahead, got) =>
      text("error.shortFold", count(least), count(window), count(ahead), count(got)),
  ],
  [
    /^--walk-forward: expected at most (\d+) folds of (\d+) points, got/,
    (most, points) => text("error.folds", count(most), count(points)),
  ],
  [/^the model(?: of fold (\d+))? diverged/, (fold) => text("error.diverged", count(fold))],
  [
    /^--csv: expected a row of names and rows of numbers in (.+)$/s,
    (file = "") => text("error.emptyCsv", file),
  ],
  [/^--csv: expected a column of numbers, got (.+)$/s, (got = "") => text("error.noNumbers", got)],
  [
    /^--(?:column|features) (.+): expected a date .* in row (\d+), got (.+): say --dates /s,
    (column = "", row, got = "") => text("error.dates", column, count(row), got),
  ],
  [
    /^--(?:column|features) (.+): expected a number .* in row (\d+), got (.+): say --decimal /s,
    (column = "", row, got = "") => text("error.decimal", column, count(row), got),
  ],
  [
    /^expected one file of a kind, .* got (.+) besides$/s,
    (names = "") => text("error.severalFiles", names),
  ],
  [/^expected \.csv, .* got (.+)$/s, (names = "") => text("error.otherFiles", names)],
  [/^stop what is running before a model is opened$/, () => text("error.running")],
  [
    /^expected a forecaster, windows .*, got (\[.+?) to (\[.+)$/s,
    (inputs = "", outputs = "") => text("error.otherModel", inputs, outputs),
  ],
];

/** An error in the page's language where the page has words for it; else as it came, in English, options as fields. */
export function inPageWords(message: string): Said {
  for (const [pattern, said] of known) {
    const match = pattern.exec(message);
    if (match) return { words: said(...match.slice(1)), language: language.value };
  }
  const words = message
    .replaceAll("--timesteps", "window")
    .replaceAll(/--(?=[a-z])/g, "")
    .replace(/^selectBackend: /, "");
  return { words, language: "en" };
}
