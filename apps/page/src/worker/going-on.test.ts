import "@tensorflow/tfjs-backend-cpu";
import { saveKerasModel } from "@rnnkit/keras-files";
import { expect, test } from "vitest";
import { keepsOwn, misfit } from "../app/going-on.ts";
import { type Bands, defaults, featuresText, type Settings } from "../app/settings.ts";
import { type Forecaster, forecasterFor, predictTest } from "./forecaster.ts";
import { gate } from "./gate.ts";
import { keptUnlessDone, onSeries, readied } from "./going-on.ts";
import { learnSeries, type Running } from "./learning.ts";
import type { GivenFiles, WorkerEvent } from "./messages.ts";
import { aboutModel, fileOf, openModel, ownSettings } from "./open-model.ts";
import { chosenSeries } from "./series-source.ts";

const text = ["price,other", ...Array.from({ length: 60 }, (_, t) => `${Math.sin(t)},${t % 7}`)];
const csv = { name: "prices.csv", bytes: new TextEncoder().encode(text.join("\n")) };
const files: GivenFiles = { csv, imdb: null, words: null };
const { signal } = new AbortController();
const base: Settings = {
  ...{ ...defaults.csv, column: "price", cell: "gru", units: 3, window: 4 },
  ...{ epochs: 2, batch: 16, ahead: 3 },
};

function running(): Running & { told: WorkerEvent[] } {
  const told: WorkerEvent[] = [];
  const tell = (event: WorkerEvent) => told.push(event);
  return { controller: new AbortController(), gate: gate(), tell, told };
}

async function trained(settings: Settings): Promise<Forecaster> {
  const forecaster = forecasterFor(chosenSeries(settings, files), settings);
  await learnSeries(forecaster, settings, running());
  return forecaster;
}

async function opened(bytes: Uint8Array, present = defaults.reviews, given = files) {
  const file = new File([bytes as Uint8Array<ArrayBuffer>], "model.keras");
  const found = await openModel(file, null, present, given);
  return { ...found, forecaster: found.trained as Forecaster };
}

async function further(forecaster: Forecaster, settings: Settings): Promise<Forecaster> {
  const next = onSeries(forecaster, settings, files);
  await keptUnlessDone(next, settings, running(), () => {
    readied(next, settings);
    return learnSeries(next, settings, running());
  });
  return next;
}

for (const bands of ["none", "quantile"] satisfies Bands[]) {
  test(`a model out of a file learns further as one that was never saved, bands ${bands}`, async () => {
    const settings = { ...base, bands };
    const forecaster = await trained(settings);
    const before = await predictTest(forecaster, signal);
    const { forecaster: again } = await opened(await fileOf(forecaster, settings));
    // Keras has no name for the pinball loss: its optimizer is not in the file and begins anew.
    if (bands === "quantile") forecaster.model.optimizer = undefined as never;
    const wanted = await predictTest(await further(forecaster, settings), signal);
    expect(await predictTest(await further(again, settings), signal)).toEqual(wanted);
    expect(wanted).not.toEqual(before);
  });
}

test("the scale stays that of the model on columns of the same names; another series is scaled by its own", async () => {
  const forecaster = await trained(base);
  expect(onSeries(forecaster, base, files).scaler).toBe(forecaster.scaler);
  const other = onSeries(forecaster, { ...base, column: "other" }, files);
  expect([other.scaler.dataMax[0], other.columns]).toEqual([6, ["other"]]);
  expect(() => onSeries(forecaster, { ...base, features: featuresText(["other"]) }, files)).toThrow(
    "expected 1 columns, got price, other",
  );
});

test("where learning further fails the model is what it was, not judged, and can learn again", async () => {
  const forecaster = await trained(base);
  const wanted = await predictTest(forecaster, signal);
  const wild = { ...base, rate: 1e30 };
  const heard = running();
  const failing = keptUnlessDone(forecaster, wild, heard, () => {
    readied(forecaster, wild);
    return learnSeries(forecaster, wild, heard);
  });
  await expect(failing).rejects.toThrow("the model diverged");
  expect(heard.told.at(-1)).toEqual({ event: "predictions", predictions: null });
  expect(await predictTest(forecaster, signal)).toEqual(wanted);
  const next = await further(forecaster, { ...base, rate: 0.01 });
  expect((await predictTest(next, signal))!.model.rmse).toBeGreaterThan(0);
});

test("a judgement that is stopped leaves a trained model without errors, and training is complete", async () => {
  const settings = { ...base, bands: "dropout" as const };
  const forecaster = forecasterFor(chosenSeries(settings, files), settings);
  const heard = running();
  const { tell } = heard;
  heard.tell = (event) => {
    if (event.event === "stage" && event.stage === "testing") heard.controller.abort();
    tell(event);
  };
  expect(await learnSeries(forecaster, settings, heard)).toMatchObject({ ending: "complete" });
  const last = heard.told.filter(({ event }) => event === "predictions").at(-1);
  expect(last).toEqual({ event: "predictions", predictions: null });
});

test("saved again, a model of a series that is not at hand is still of that series", async () => {
  const bytes = await fileOf(await trained(base), base);
  const there = { ...files, csv: null };
  const first = await opened(bytes, defaults.sine, there);
  expect(first.opened.notes).toEqual([{ note: "otherSeries", column: "price" }]);
  const again = await fileOf(first.trained, first.trainedBy);
  expect((await opened(again, defaults.sine, there)).opened.notes).toEqual(first.opened.notes);
  expect((await opened(again, defaults.sine)).opened).toEqual({ settings: base, notes: [] });
});

test("settings of an opened model are its own: bands and step size of another's are not said of it", async () => {
  const { model } = await trained({ ...base, rate: 0.25 });
  const { opened: about } = await opened(await saveKerasModel(model), {
    ...base,
    ...{ bands: "dropout", units: 9, rate: 0.5 },
  });
  expect(about.settings).toEqual({ ...base, rate: Math.fround(0.25) });
});

test("what does not fit is said before any training, and what is the model's own is kept", async () => {
  const forecaster = await trained(base);
  const about = aboutModel(forecaster);
  const two = { ...base, features: featuresText(["other"]) };
  expect([base, two, defaults.sine, defaults.reviews].map((by) => misfit(about, by))).toEqual([
    null,
    { why: "columns", has: 1, needed: 2 },
    null,
    { why: "series" },
  ]);
  expect(misfit({ kind: "classifier", features: 1 }, base)).toEqual({ why: "reviews" });
  const wider = { ...base, units: 8, bands: "dropout" as const };
  expect([keepsOwn(about, base), keepsOwn(about, wider)]).toEqual([false, true]);
  expect(ownSettings(forecaster, wider)).toEqual(base);
});
