// Whole models that Keras 3.15.1 (on JAX; merged-under-masks on TensorFlow) saved, with random weights, and
// what it predicted. The files were deflated afterwards.
import { tolerances } from "@rnnkit/test-kit/tolerances";
import "@tensorflow/tfjs-backend-cpu";
import { readFileSync } from "node:fs";
import { type Tensor, tensor } from "@tensorflow/tfjs-core";
import type { LayersModel } from "@tensorflow/tfjs-layers";
import { expect, test } from "vitest";
import { hashOf } from "./files.fixture.ts";
import { loadKerasModel, saveKerasModel } from "./index.ts";

interface Saved {
  shape: number[];
  dtype?: string;
  data: number[];
}
interface Case {
  inputs: Saved[];
  outputs: Saved[];
}

const folder = new URL("../fixtures/", import.meta.url);
const cases = JSON.parse(readFileSync(new URL("predictions.json", folder), "utf8")) as Record<
  string,
  Case
>;

/** What each model has that tfjs-layers has not, or does otherwise. */
const facts: Record<string, string> = {
  "states-and-masks": "shared layers, a nested model, masks, initial states, outputs by name",
  "nested-models": "models in models, called twice, and a layer applied to its own output",
  "merged-masks": "masks of merged inputs: one of them keeps a step",
  "masked-average": "an average over time leaves masked steps out",
  "causal-convolution": "Conv1D pads before the first step",
  "causal-sizes": "Conv1D that pads so keeps the number of steps, one of stride 2 half of them",
  "first-axis-norm": "BatchNormalization of an axis that is not the last",
  "stacked-cells": "RNN over a list of cells",
  "mask-through-model": "a mask goes through a model that is a layer",
  "merged-under-masks":
    "products and extremes without masked steps, an input that nothing reads, masks that end in a model called twice",
};

test.each(Object.entries(facts))("%s: %s", async (name) => {
  const { inputs, outputs } = cases[name]!;
  const model = await loadKerasModel(new URL(`${name}.keras`, folder));
  const given = inputs.map(({ data, shape, dtype }) =>
    tensor(data, shape, dtype === "int32" ? "int32" : "float32"),
  );
  const predicted = (by: LayersModel): Tensor[] => [by.predict(given) as Tensor | Tensor[]].flat();
  const got = predicted(model);
  expect(got.map(({ shape }) => shape)).toEqual(outputs.map(({ shape }) => shape));
  for (const [i, y] of got.entries()) {
    expect(y.dataSync()).toBeAllclose(outputs[i]!.data, tolerances.keras.outputs);
  }
  for (const format of ["keras", "h5"] as const) {
    const again = await loadKerasModel(await saveKerasModel(model, undefined, { format }));
    expect(again.getWeights().map(hashOf)).toEqual(model.getWeights().map(hashOf));
    expect(predicted(again).map(hashOf)).toEqual(got.map(hashOf));
    again.dispose();
  }
});
