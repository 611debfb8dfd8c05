// The built packages in real browsers: each row trains two models in a page and is held to Node's numbers.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { selectBackend } from "@rnnkit/backend-select";
import { loadKerasModel } from "@rnnkit/keras-files";
import type { Tensor } from "@tensorflow/tfjs-core";
import { strFromU8, unzipSync } from "fflate";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { browsers, missing } from "./browsers.ts";
import { bundle } from "./bundle.ts";
import type { Report } from "./page/program.ts";
import { type RunningBrowser, within } from "./running-browser.ts";
import { type PageServer, servePages } from "./server.ts";
import { type Answer, queryOf, type Setup } from "./setup.ts";
import {
  reviews,
  type SizeName,
  sizes,
  type Trained,
  trainedClassifier,
  trainedForecaster,
} from "./training.ts";

interface Row extends Setup {
  browser: keyof typeof browsers;
  isIsolated: boolean;
}

const places = ["page", "worker"] as const;

/** A device in software compiles for seconds: of isolation and place each once, all four where RNNKIT_WEBGPU is *all*. */
const isTried = ({ backend, isIsolated, place }: Row): boolean =>
  backend !== "webgpu" ||
  process.env.RNNKIT_WEBGPU === "all" ||
  isIsolated === (place === "worker");

/** Every backend of a browser, on the page's thread and in a worker, isolated and not. */
const rows: Row[] = (
  [
    { browser: "Chromium", backend: "wasm", threads: 1, size: "wide" },
    { browser: "Chromium", backend: "wasm", threads: 2, size: "wide" },
    { browser: "Chromium", backend: "webgpu", threads: 1, size: "small" },
    { browser: "Chromium", backend: "cpu", threads: 2, size: "wide" },
    { browser: "Firefox", backend: "wasm", threads: 1, size: "wide" },
    { browser: "Firefox", backend: "wasm", threads: 2, size: "wide" },
    { browser: "Firefox", backend: "cpu", threads: 2, size: "wide" },
  ] as const
)
  .flatMap((row) =>
    [false, true].flatMap((isIsolated) => places.map((place) => ({ ...row, isIsolated, place }))),
  )
  .filter(isTried);

/** What Node has of a size. */
interface OfNode {
  forecaster: Trained;
  classifier: Trained;
  file: Uint8Array;
}

const ofNode = new Map<SizeName, OfNode>();
const folder = mkdtempSync(join(tmpdir(), "rnnkit-browser-"));
const running = new Map<string, RunningBrowser>();
let server: PageServer;
let modules: string[];

beforeAll(async () => {
  await selectBackend({ require: "wasm" });
  for (const name of Object.keys(sizes) as SizeName[]) {
    const { file, ...classifier } = await trainedClassifier(sizes[name]);
    const forecaster = await trainedForecaster(sizes[name]);
    ofNode.set(name, { forecaster, classifier, file });
  }
  modules = await bundle(folder);
  const files = new Map([...ofNode].map(([name, { file }]) => [`${name}.keras`, file]));
  server = await servePages(folder, files);
  for (const [name, kind] of Object.entries(browsers))
    running.set(name, kind.start(kind.executablePath));
}, 120_000);

afterAll(async () => {
  for (const browser of running.values()) await browser.close();
  server?.close();
  rmSync(folder, { recursive: true });
});

test("the page is made of the packages as they are built", () => {
  expect(modules.length).toBeGreaterThan(0);
  expect(modules.filter((path) => !/[\\/]packages[\\/][^\\/]+[\\/]dist[\\/]/.test(path))).toEqual(
    [],
  );
});

/** Losses, metrics and predictions in a browser and in Node: float32's rounding, carried on over a few steps. */
const tolerance = { rtol: 0, atol: 1e-4 };

function expectTrained(got: Trained, want: Trained): void {
  expect(got.losses).toBeAllclose(want.losses, tolerance);
  expect(got.evaluated).toBeAllclose(want.evaluated, tolerance);
  expect(got.predictions).toBeAllclose(want.predictions, tolerance);
}

/** Configuration, weights and the optimizer's state of a `.keras` file; the rest of its bytes are dates. */
async function contentOf(file: Uint8Array): Promise<unknown> {
  const model = await loadKerasModel(file);
  const slots = await model.optimizer.getWeights();
  const tensors = [...model.getWeights(), ...slots.map(({ tensor }) => tensor)];
  const values = await Promise.all(tensors.map((tensor) => tensor.data()));
  return { config: strFromU8(unzipSync(file)["config.json"]!), values };
}

/** Whether the engine may start threads there. */
const hasThreads = ({ isIsolated, place }: Row) => isIsolated && place === "worker";

const titles = rows.map((row) => {
  const { browser, backend, threads, place, isIsolated } = row;
  const reason = missing(browsers[browser]);
  const title = `${browser}, ${backend}, ${threads} thread${threads > 1 ? "s" : ""}, in ${isIsolated ? "an isolated " : "a "}${place}`;
  return { title: `${title}${reason ? ` (${reason})` : ""}`, row, reason };
});

for (const { title, row, reason } of titles) {
  describe.skipIf(reason)(title, () => {
    let report: Report;

    beforeAll(async () => {
      const address = server.address(row.isIsolated) + queryOf(row, title);
      const answered = within(150, server.answered(title));
      const text = await running.get(row.browser)!.visit(address, answered);
      const answer: Answer<Report> = JSON.parse(text);
      if (answer.failed !== undefined) throw new Error([answer.failed, ...answer.said].join("\n"));
      report = answer.done;
      expect(answer.said).toEqual([]);
    }, 180_000);

    test("it computes on what was asked for", () => {
      const threads = hasThreads(row) ? row.threads : 1;
      const { backend, isIsolated, workers } = report;
      expect({ backend, isIsolated, threads: report.threads, workers }).toEqual({
        ...{ backend: row.backend, isIsolated: row.isIsolated },
        ...{ threads, workers: threads - 1 },
      });
      const browser = row.browser === "Chromium" ? "Chrome" : row.browser;
      expect(report.line).toMatch(new RegExp(`^${row.backend}, .*tfjs .*, ${browser} \\d+`));
    });

    test("the forecaster trains to Node's losses, evaluations and predictions", () => {
      expectTrained(report.forecaster, ofNode.get(row.size)!.forecaster);
    });

    test("the classifier trains to Node's losses, evaluations and predictions", () => {
      expectTrained(report.classifier, ofNode.get(row.size)!.classifier);
    });

    test("its file opens in Node with the page's predictions", async () => {
      const model = await loadKerasModel(Buffer.from(report.saved, "base64"));
      const predictions = model.predict(reviews(sizes[row.size]).x) as Tensor;
      expect(await predictions.data()).toBeAllclose(report.classifier.predictions, tolerance);
    });

    test("Node's file opens there with Node's predictions, and is saved again as it was", async () => {
      const { classifier, file } = ofNode.get(row.size)!;
      expect(report.opened).toBeAllclose(classifier.predictions, tolerance);
      const again = await contentOf(Buffer.from(report.savedAgain, "base64"));
      expect(again).toEqual(await contentOf(file));
    });
  });
}
