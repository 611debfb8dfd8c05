import "@tensorflow/tfjs-backend-cpu";
import { expect, test } from "vitest";
import { hashOf } from "../files.fixture.ts";
import { loadKerasModel, saveKerasModel, saveWeights } from "../index.browser.ts";
import { madeModel } from "../saved-models.fixture.ts";

test("a page gets the bytes, and its own loader opens them", async () => {
  const model = madeModel("bidirectional");
  const again = await loadKerasModel(await saveKerasModel(model));
  expect(again.getWeights().map(hashOf)).toEqual(model.getWeights().map(hashOf));
  const legacy = await loadKerasModel(await saveKerasModel(model, undefined, { format: "h5" }));
  expect(legacy.getWeights().map(hashOf)).toEqual(model.getWeights().map(hashOf));
});

test("a path is refused: a page has no files", async () => {
  const model = madeModel("gru");
  await expect(saveKerasModel(model, "m.keras" as never)).rejects.toThrow("expected no path");
  await expect(saveWeights(model, "m.weights.h5" as never)).rejects.toThrow("expected no path");
});
