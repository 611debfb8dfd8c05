// Several columns of a CSV file: what the model sees besides the one that it forecasts.
import "@tensorflow/tfjs-backend-cpu";
import { forecastAhead } from "@rnnkit/benchmarks/forecasting/forecast-ahead";
import { buildForecaster as buildStock } from "@rnnkit/benchmarks/forecasting/forecaster-model";
import type { ForecasterLayout } from "@rnnkit/benchmarks/forecasting/layout";
import { prepareSeries } from "@rnnkit/benchmarks/forecasting/prepared-series";
import { examplesOf, newForecaster } from "@rnnkit/benchmarks/forecasting/trained-forecaster";
import { train } from "@rnnkit/benchmarks/training";
import { saveKerasModel } from "@rnnkit/keras-files";
import { expect, test } from "vitest";
import { type Bands, defaults, featuresText, type Settings } from "../app/settings.ts";
import { type Forecaster, forecastBeyond, forecasterFor, predictTest } from "./forecaster.ts";
import type { GivenFiles } from "./messages.ts";
import { fileOf, openModel } from "./open-model.ts";
import { chosenSeries } from "./series-source.ts";

// The second column says what the first will be.
const rows = Array.from({ length: 120 }, (_, t) => {
  const value = (at: number) => Math.sin(at * at);
  return `${value(t).toFixed(6)},"${value(t + 1).toFixed(6)}",${t % 5}`;
});
const bytes = new TextEncoder().encode(`a,"b, next",c\n${rows.join("\n")}\n`);
const files: GivenFiles = { csv: { name: "pair.csv", bytes }, imdb: null, words: null };
const signal = new AbortController().signal;

const settingsOf = (names: string[], changed: Partial<Settings> = {}): Settings => ({
  ...defaults.csv,
  ...{ column: "a", features: featuresText(names), units: 8, window: 3, ahead: 4, rate: 0.02 },
  ...changed,
});

const forecasterOf = (settings: Settings): Forecaster =>
  forecasterFor(chosenSeries(settings, files), settings);

async function trainedOn(settings: Settings): Promise<Forecaster> {
  const forecaster = forecasterOf(settings);
  const { epochs, batch: batchSize, seed } = settings;
  const examples = examplesOf(forecaster.prepared, forecaster.layout);
  await train(forecaster.model, examples, { epochs, batchSize, seed, signal });
  return forecaster;
}

test("a column that says the next value is seen: the error falls to a fraction", async () => {
  const [alone, besides] = [settingsOf([]), settingsOf(["b, next"])];
  const rmse = async (settings: Settings) =>
    (await predictTest(await trainedOn({ ...settings, ahead: 1, epochs: 30 }), signal))!.model.rmse;
  expect(await rmse(besides)).toBeLessThan(0.4 * (await rmse(alone)));
});

test("of equal settings and seed, page and command line forecast alike", async () => {
  const settings = settingsOf(["b, next", "c"], { epochs: 2 });
  const page = await trainedOn(settings);
  const prepared = prepareSeries(page.series, settings.window, 1, { allColumns: true });
  const { units, epochs, batch: batchSize, rate: learningRate, seed } = settings;
  const build = (layout: ForecasterLayout) =>
    buildStock({ model: "stock", units, learningRate, seed }, layout);
  const line = newForecaster(prepared, build, null);
  const examples = examplesOf(prepared, line.layout);
  await train(line.model, examples, { epochs, batchSize, seed, signal });
  const wanted = await forecastAhead(line, page.series, 4, signal);
  const beyond = await forecastBeyond(page, 4, signal);
  expect(beyond?.values).toEqual(Array.from(wanted?.point ?? []));
});

for (const bands of ["none", "quantile"] satisfies Bands[]) {
  test(`a forecaster of three columns, bands ${bands}, opens as it was saved, where its file is at hand`, async () => {
    const settings = settingsOf(["c", "b, next"], { bands, cell: "gru" });
    const forecaster = forecasterOf(settings);
    const file = new File(
      [(await fileOf(forecaster, settings)) as Uint8Array<ArrayBuffer>],
      "three.keras",
    );
    const { trained, opened } = await openModel(file, null, defaults.sine, files);
    expect(opened).toEqual({ settings, notes: [] });
    const again = trained as Forecaster;
    expect(await predictTest(again, signal)).toEqual(await predictTest(forecaster, signal));
    const beyond = await forecastBeyond(forecaster, 4, signal);
    expect(await forecastBeyond(again, 4, signal)).toEqual(beyond);
    await expect(openModel(file, null, defaults.sine, { ...files, csv: null })).rejects.toThrow(
      "expected the CSV file with the columns a, c, b, next that the model sees",
    );
  });
}

test("a model of several columns without its settings is refused", async () => {
  const { model } = forecasterOf(settingsOf(["c"]));
  const file = new File([(await saveKerasModel(model)) as Uint8Array<ArrayBuffer>], "plain.keras");
  await expect(openModel(file, null, defaults.csv, files)).rejects.toThrow(
    "expected a forecaster of 2 columns with its settings",
  );
});
