import { planFolds } from "@rnnkit/benchmarks/forecasting/walk-forward";
import { loadKerasModel, saveKerasModel } from "@rnnkit/keras-files";
import "@tensorflow/tfjs-backend-cpu";
import { layers, sequential } from "@tensorflow/tfjs-layers";
import { afterEach, expect, test } from "vitest";
import { language } from "../language/language.ts";
import { forecasterFor } from "../worker/forecaster.ts";
import type { GivenFiles } from "../worker/messages.ts";
import { openModel } from "../worker/open-model.ts";
import { chosenSeries, columnsOf } from "../worker/series-source.ts";
import { inPageWords } from "./page-words.ts";
import { defaults, type Settings } from "./settings.ts";

afterEach(() => {
  language.value = "en";
});

const csv = (...rows: string[]): GivenFiles => {
  const bytes = new TextEncoder().encode(rows.join("\n"));
  return { csv: { name: "a.csv", bytes }, imdb: null, words: null };
};
const read = (rows: string[], change: Partial<Settings> = {}) =>
  chosenSeries({ ...defaults.csv, ...change }, csv(...rows));
const openDates = [
  "date,v",
  ...Array.from({ length: 9 }, (_, i) => `0${1 + i}/0${9 - i}/2024,${i}`),
];
const openNumbers = ["n;v", ...Array.from({ length: 9 }, (_, i) => `a;${1 + i}.${100 + i}`)];

async function otherModel(): Promise<unknown> {
  const model = sequential({ layers: [layers.dense({ units: 2, inputShape: [3] })] });
  const bytes = await saveKerasModel(model);
  await loadKerasModel(bytes);
  const file = new File([bytes as Uint8Array<ArrayBuffer>], "other.keras");
  return openModel(file, null, defaults.sine, csv(""));
}

/** What the worker refuses, by the very code that does, and what of it must be said in either language. */
const refused: [title: string, work: () => unknown, parts: string[]][] = [
  [
    "a series that is too short",
    () => forecasterFor(read(["v", "1", "2", "3"]), defaults.csv),
    ["22", "29", "3"],
  ],
  [
    "one too short for what is said at once",
    () =>
      forecasterFor(read(["v", "1", "2", "3"]), { ...defaults.csv, bands: "quantile", ahead: 7 }),
    ["22", "37", "7"],
  ],
  [
    "a first fold that is too short",
    () =>
      planFolds(read(["v", "1", "2", "3", "4", "5"]), {
        ...{ folds: 2, timesteps: 22, outputs: 1, allColumns: false },
      }),
    ["22", "23"],
  ],
  [
    "more folds than there are values",
    () =>
      planFolds(read(["v", "1", "2", "3"]), {
        ...{ folds: 9, timesteps: 2, outputs: 1, allColumns: false },
      }),
    ["2", "3"],
  ],
  ["an empty file", () => read([""]), ["a.csv"]],
  ["a file of words", () => columnsOf(csv("a,b", "x,y", "z,w").csv!), ['"a", "b"']],
  ["dates that may be either", () => read(openDates), ["date", "2", '"01/09/2024"']],
  ["numbers that may be either", () => read(openNumbers), ["v", "2", '"1.100"']],
  ["a model of another kind", otherModel, ["[null, 3]", "[null, 2]"]],
];

for (const [title, work, parts] of refused) {
  test(`${title} is said in the page's words, in either language`, async () => {
    const error = await (async () => work())().then(
      () => undefined,
      (error: Error) => error,
    );
    expect(error).toBeInstanceOf(Error);
    for (const tongue of ["en", "zh"] as const) {
      language.value = tongue;
      const said = inPageWords(error!.message);
      expect(said.language).toBe(tongue);
      expect(said.words).not.toMatch(/--|timesteps|walk-forward|allow[A-Z]/);
      for (const part of parts) expect(said.words).toContain(part);
      expect(/\p{Script=Han}/u.test(said.words)).toBe(tongue === "zh");
    }
  });
}

test("what the file does not prove can be said: the file is then read", () => {
  expect(read(openDates, { dates: "mdy" }).values[0]).toBe(0);
  expect(read(openDates, { dates: "dmy" }).values[0]).toBe(8);
  expect(Array.from(read(openNumbers, { decimal: "comma" }).values)[0]).toBe(1100);
  expect(Array.from(read(openNumbers, { decimal: "point" }).values)[0]).toBe(1.1);
});

test("an error that the page has no words for stays as it is, in English, without options' dashes", () => {
  language.value = "zh";
  expect(inPageWords("--column v: expected a number in row 4, got three")).toEqual({
    ...{ words: "column v: expected a number in row 4, got three", language: "en" },
  });
});
