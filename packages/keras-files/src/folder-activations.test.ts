import "@tensorflow/tfjs-backend-cpu";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { install, kerasActivationNames, layers } from "@rnnkit/keras-builders";
import * as tf from "@tensorflow/tfjs-core";
import { loadLayersModel, sequential } from "@tensorflow/tfjs-layers";
import { expect, test } from "vitest";
import { fileSystem } from "./index.ts";

install();
const x = tf.tensor2d([[-2.9, 0.4, 1.2]]);

// tfjs-layers has another activation under the name of one.
test.each(kerasActivationNames)("%s is the same behind tfjs-layers' own files", async (name) => {
  const activation = name as "relu";
  const model = sequential({
    layers: [
      layers.dense({ units: 3, activation, inputShape: [3], kernelInitializer: "identity" }),
      layers.activation({ activation }),
    ],
  });
  const folder = mkdtempSync(join(tmpdir(), "rnnkit-folder-"));
  await model.save(fileSystem(folder));
  const loaded = await loadLayersModel(fileSystem(folder));
  rmSync(folder, { recursive: true });
  const [before, after] = [model, loaded].map((each) => each.predict(x) as tf.Tensor);
  expect(after!.arraySync()).toEqual(before!.arraySync());
});
