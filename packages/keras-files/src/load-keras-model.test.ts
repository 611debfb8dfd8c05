import "@tensorflow/tfjs-backend-cpu";
import { truth } from "@rnnkit/fixtures";
import type { Tensor } from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { fileCase, fileIds, filePath, hashOf, toTensor } from "./files.fixture.ts";
import { loadKerasModel } from "./index.ts";

test.each(fileIds.flatMap((id) => [`${id}.keras`, `${id}.h5`]))(
  "%s: weights bit for bit and Keras's predictions",
  async (name) => {
    const { weights, inputs, predictions } = fileCase(name.replace(/\..*/, ""));
    const model = await loadKerasModel(filePath(name));
    expect(model.weights.map(({ shape }) => shape)).toEqual(weights.map(({ shape }) => shape));
    expect(model.getWeights().map(hashOf)).toEqual(
      weights.map(({ sha256_float32le }) => sha256_float32le),
    );
    const got = model.predict(inputs.map(toTensor)) as Tensor;
    expect(got.dataSync()).toBeAllclose(truth(predictions[0]), { atol: 1e-6 });
    model.dispose();
  },
);
