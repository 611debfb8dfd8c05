import "@tensorflow/tfjs-backend-cpu";
import { layers } from "@rnnkit/keras-builders";
import { expectNoTensorLeak } from "@rnnkit/test-kit";
import { memory, zerosLike } from "@tensorflow/tfjs-core";
import { type LayersModel, sequential } from "@tensorflow/tfjs-layers";
import { expect, test } from "vitest";
import { fileCase, fileIds, filePath, hashOf } from "../files.fixture.ts";
import { loadKerasModel, loadWeights } from "../index.ts";

const hashes = (model: LayersModel): string[] => model.getWeights().map(hashOf);

test.each(fileIds.flatMap((id) => [".weights.h5", ".keras", ".h5"].map((end) => [id, end])))(
  "%s: weights of %s, bit for bit",
  async (id, end) => {
    const model = await loadKerasModel(filePath(`${id}.keras`));
    const zeros = model.getWeights().map((weight) => zerosLike(weight));
    model.setWeights(zeros);
    const before = memory().numTensors;
    await loadWeights(model, filePath(`${id}${end}`));
    expect(memory().numTensors).toBe(before);
    expect(hashes(model)).toEqual(fileCase(id).weights.map((weight) => weight.sha256_float32le));
    model.dispose();
  },
);

/** SimpleRNN and Dense, as file_simple_rnn has them with these sizes: 4, 2, 1. */
const like = (units: number, features: number, outputs: number, more = false): LayersModel =>
  sequential({
    layers: [
      layers.simpleRNN({ units, inputShape: [5, features] }),
      layers.dense({ units: outputs }),
      ...(more ? [layers.dense({ units: 1 })] : []),
    ],
  });

test.each<[string, LayersModel, string, string]>([
  [
    "another shape",
    like(4, 3, 1),
    ".weights.h5",
    "expected layers/simple_rnn/cell/vars/0 of shape [3, 4], got [2, 4]",
  ],
  [
    "a late weight of another shape",
    like(4, 2, 2),
    ".weights.h5",
    "expected layers/dense/vars/0 of shape [4, 2], got [4, 1]",
  ],
  [
    "a layer too many",
    like(4, 2, 1, true),
    ".weights.h5",
    "expected layers/dense_1/vars/0 of shape [1, 1], got a file without it",
  ],
  [
    "a layer too few",
    sequential({ layers: [layers.simpleRNN({ units: 4, inputShape: [5, 2] })] }),
    ".weights.h5",
    'got also "layers/dense/vars/0" of shape [4, 1]',
  ],
  ["a legacy file of more layers", like(4, 2, 1, true), ".h5", "expected 3 layers with weights"],
])("%s is refused, and all weights stay what they were", async (_, model, end, message) => {
  const before = hashes(model);
  await expectNoTensorLeak(async () => {
    await expect(loadWeights(model, filePath(`file_simple_rnn${end}`))).rejects.toThrow(message);
  });
  expect(hashes(model)).toEqual(before);
});
