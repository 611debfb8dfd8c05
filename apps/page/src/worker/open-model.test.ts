import "@tensorflow/tfjs-backend-cpu";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { env } from "node:process";
import { layers } from "@rnnkit/keras-builders";
import { saveKerasModel } from "@rnnkit/keras-files";
import { sequential } from "@tensorflow/tfjs-layers";
import { expect, test } from "vitest";
import { type Bands, type Cell, cells, defaults, type Settings } from "../app/settings.ts";
import { buildClassifier, chosenReviews, classifierOf } from "./classifier.ts";
import { companionIn } from "./companion.ts";
import { type Forecaster, forecastBeyond, forecasterFor, predictTest } from "./forecaster.ts";
import type { GivenFiles } from "./messages.ts";
import { fileOf, openModel } from "./open-model.ts";
import { chosenSeries } from "./series-source.ts";

const none: GivenFiles = { csv: null, imdb: null, words: null };

const { signal } = new AbortController();

function forecasterOf(cell: Cell, bands: Bands): { forecaster: Forecaster; settings: Settings } {
  const settings = { ...defaults.sine, cell, bands, units: 3, window: 7, ahead: 4 };
  return { forecaster: forecasterFor(chosenSeries(settings, none), settings), settings };
}

const asFile = (bytes: Uint8Array, name: string) =>
  new File([bytes as Uint8Array<ArrayBuffer>], name);

for (const cell of cells) {
  for (const bands of ["none", "dropout", "quantile"] as const) {
    test(`a forecaster of ${cell}, bands ${bands}, opens as it was saved: predictions, forecast, settings`, async () => {
      const { forecaster, settings } = forecasterOf(cell, bands);
      const file = asFile(await fileOf(forecaster, settings), "sine.keras");
      // The page is at something else when the file comes.
      const { trained, opened } = await openModel(file, null, defaults.reviews, none);
      expect(opened).toEqual({ settings, notes: [] });
      const again = trained as Forecaster;
      expect(again.bands).toEqual(forecaster.bands);
      const wanted = await predictTest(forecaster, signal);
      expect(await predictTest(again, signal)).toEqual(wanted);
      const plain = (from: Forecaster) =>
        forecastBeyond({ ...from, bands: bands === "dropout" ? null : from.bands }, 4, signal);
      expect(await plain(again)).toEqual(await plain(forecaster));
    });
  }
}

const python = env.RNNKIT_KERAS_PYTHON ?? "";

test.skipIf(!python)(
  "Keras opens the page's file, its own settings in it or not",
  async () => {
    const { forecaster, settings } = forecasterOf("gru", "dropout");
    const folder = mkdtempSync(join(tmpdir(), "rnnkit-page-keras-"));
    const path = join(folder, "sine.keras");
    writeFileSync(path, await fileOf(forecaster, settings));
    const program =
      "import sys, json, keras, numpy as np\n" +
      "model = keras.saving.load_model(sys.argv[1])\n" +
      "print(json.dumps(model.predict(np.zeros((1, 7, 1)), verbose=0).tolist()))";
    const said = execFileSync(python, ["-c", program, path], {
      encoding: "utf8",
      env: { ...env, KERAS_BACKEND: "jax" },
    });
    rmSync(folder, { recursive: true });
    const zero = { data: new Float32Array(7), shape: [1, 7, 1] };
    const prepared = { ...forecaster.prepared, test: { ...forecaster.prepared.test, x: zero } };
    const [own] = (await predictTest({ ...forecaster, prepared, bands: null }, signal))!.values;
    const [[keras]] = JSON.parse(said.trim().split("\n").at(-1)!) as [[number]];
    const { data } = forecaster.scaler.inverseTransform({
      data: Float64Array.of(keras),
      shape: [1, 1],
    });
    expect([own]).toBeAllclose([data[0]!], { atol: 1e-6 });
  },
  120_000,
);

test("the command line's settings beside a file are understood, and those of another model refused", async () => {
  const { forecaster, settings } = forecasterOf("lstm", "none");
  const file = asFile(await saveKerasModel(forecaster.model), "own.keras");
  const beside = (timesteps: number) =>
    asFile(
      new TextEncoder().encode(
        JSON.stringify({
          ...{ kind: "rnnkit forecaster", version: 2, timesteps, outputs: 1, columns: ["price"] },
          ...{ allColumns: false, levels: [], bands: null, season: null },
          scaler: forecaster.scaler.toJSON(),
        }),
      ),
      "own.keras.json",
    );
  const { trained, opened } = await openModel(file, beside(7), settings, none);
  // It is not the sine that it learnt from.
  expect(opened.notes).toEqual([{ note: "otherSeries", column: "price" }]);
  expect(await predictTest(trained as Forecaster, signal)).toEqual(
    await predictTest(forecaster, signal),
  );
  await expect(openModel(file, beside(8), settings, none)).rejects.toThrow(
    "expected the settings of this model, windows of 7 times 1 to 1 numbers, got those of windows of 8 times 1",
  );
});

test("a file without settings is said to be scaled by the series at hand", async () => {
  const { forecaster, settings } = forecasterOf("lstm", "none");
  const file = asFile(await saveKerasModel(forecaster.model), "plain.keras");
  const { opened } = await openModel(file, null, settings, none);
  expect(opened.notes).toEqual([{ note: "noScaler" }]);
});

test("a model that is neither a forecaster nor a classifier is refused by its shapes", async () => {
  const model = sequential({ layers: [layers.dense({ units: 2, inputShape: [3] })] });
  const file = asFile(await saveKerasModel(model), "dense.keras");
  await expect(openModel(file, null, defaults.sine, none)).rejects.toThrow(
    "got [null, 3] to [null, 2]",
  );
  await expect(
    openModel(asFile(new Uint8Array(9), "x.keras"), null, defaults.sine, none),
  ).rejects.toThrow(/expected/);
});

test("a model of a CSV file that is not at hand is said to be of another series", async () => {
  const { forecaster, settings } = forecasterOf("lstm", "none");
  const written = await fileOf(forecaster, { ...settings, task: "csv" });
  const { opened } = await openModel(asFile(written, "csv.keras"), null, settings, none);
  expect(opened.notes).toEqual([{ note: "otherSeries", column: forecaster.series.valueLabel }]);
});

test("the season of the training stands in the file, as the command line writes it", async () => {
  const { forecaster, settings } = forecasterOf("lstm", "none");
  expect(companionIn(await fileOf(forecaster, settings))).toMatchObject({ season: 50 });
});

test("reviews to show are of the file's own words, or none", async () => {
  const settings = { ...defaults.reviews, reviews: 20, window: 5, units: 2 };
  const { words } = await chosenReviews(settings, null);
  const classifier = classifierOf(buildClassifier(settings, 60), 5, 60, words);
  const opened = async (bytes: Uint8Array) =>
    (await openModel(asFile(bytes, "reviews.keras"), null, settings, none)).reviews;
  expect(await opened(await fileOf(classifier, settings))).not.toBeNull();
  expect(await opened(await saveKerasModel(classifier.model))).toBeNull();
});
