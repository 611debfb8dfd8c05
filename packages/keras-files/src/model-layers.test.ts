// A model's layers are the same, and at the same places, after it was saved and loaded.

import "@tensorflow/tfjs-backend-cpu";
import { install, layers } from "@rnnkit/keras-builders";
import { type io, type Tensor, zeros } from "@tensorflow/tfjs-core";
import {
  type LayersModel,
  loadLayersModel,
  sequential,
  layers as stock,
} from "@tensorflow/tfjs-layers";
import { expect, test } from "vitest";
import { fileBytes } from "./files.fixture.ts";
import { loadKerasModel, saveKerasModel } from "./index.ts";
import { filled, inputsOf, madeModel, predictionsOf, savedModels } from "./saved-models.fixture.ts";

const listed = ({ layers }: LayersModel) =>
  layers.map((layer) => `${layer.getClassName()} ${layer.name}`);

const again = async (model: LayersModel, format: "keras" | "h5"): Promise<LayersModel> =>
  loadKerasModel(await saveKerasModel(model, undefined, { format }));

async function asTfjs(model: LayersModel): Promise<LayersModel> {
  let saved: io.ModelArtifacts | undefined;
  await model.save({
    async save(artifacts) {
      saved = artifacts;
      return { modelArtifactsInfo: {} as never };
    },
  });
  return loadLayersModel({ load: async () => saved! });
}

test.each(Object.keys(savedModels))("%s", async (id) => {
  const model = madeModel(id);
  for (const format of ["keras", "h5"] as const) {
    const loaded = await again(model, format);
    expect(listed(loaded)).toEqual(listed(model));
    expect(listed(await again(loaded, format))).toEqual(listed(model));
  }
});

const stateful = () => layers.lstm({ units: 2, stateful: true, batchInputShape: [1, 3, 2] });

test("an input that was added like a layer stays one, another is none", async () => {
  const input = () => stock.inputLayer({ batchInputShape: [1, 3, 2] });
  for (const made of [[stateful()], [input(), stateful()]]) {
    const model = sequential({ layers: made });
    for (const format of ["keras", "h5"] as const) {
      expect(listed(await again(model, format))).toEqual(listed(model));
    }
  }
  // Keras's own.
  const theirs = await loadKerasModel(fileBytes("file_simple_rnn.keras"));
  expect(theirs.layers[0]!.getClassName()).toBe("SimpleRNN");
  expect(theirs.inputs[0]!.name).toBe("input_layer");
});

test("the first layer of a stateful model that was loaded can be reset", async () => {
  const model = await again(sequential({ layers: [stateful()] }), "keras");
  const predicted = () => [...(model.predict(zeros([1, 3, 2])) as Tensor).dataSync()];
  filled(model);
  const first = predicted();
  expect(predicted()).not.toEqual(first);
  (model.layers[0] as unknown as { resetStates(): void }).resetStates();
  expect(predicted()).toEqual(first);
});

test("a loaded model that tfjs saves and loads has its input's shape, and a model in one", async () => {
  install();
  for (const id of ["lstm", "frozen"]) {
    const loaded = await again(madeModel(id), "keras");
    const model = await asTfjs(loaded);
    expect(model.inputs[0]!.shape).toEqual(loaded.inputs[0]!.shape);
    const inputs = inputsOf(id, loaded);
    expect(predictionsOf(model, inputs)).toEqual(predictionsOf(loaded, inputs));
  }
});
