import "@tensorflow/tfjs-backend-cpu";
import { testOptions } from "@rnnkit/test-kit/options";
import { layers, sequential } from "@tensorflow/tfjs-layers";
import { expect, test } from "vitest";
import * as browser from "./index.browser.ts";
import * as node from "./index.ts";

const model = sequential({ layers: [layers.dense({ units: 1, inputShape: [1] })] });
const bytes = new Uint8Array(8);

for (const [name, api] of Object.entries({ node, browser })) {
  testOptions(api, {
    loadKerasModel: {
      who: "loadKerasModel",
      names: ["customObjects", "compile", "onWarning", "maxBytes", "signal", "stallTimeout"],
      call: (options) => api.loadKerasModel(bytes, options),
    },
    loadWeights: {
      who: "loadWeights",
      names: ["maxBytes", "signal", "stallTimeout"],
      call: (options) => api.loadWeights(model, bytes, options),
    },
    saveKerasModel: {
      who: "saveKerasModel",
      names: ["format", "includeOptimizer", "registeredNames"],
      call: (options) => api.saveKerasModel(model, undefined, options),
    },
    saveWeights: {
      who: "saveWeights",
      names: ["includeOptimizer"],
      call: (options) => api.saveWeights(model, undefined, options),
    },
    exportOnnx: null,
    ...(name === "node" ? { fileSystem: null } : {}),
  });

  test(`${name}: what stands in the place of a model or a file is refused by name`, async () => {
    const { exportOnnx, loadKerasModel, loadWeights, saveKerasModel, saveWeights } = api;
    const dense = layers.dense({ units: 1 });
    const calls: [() => Promise<unknown>, string][] = [
      [
        () => saveKerasModel("model.keras" as never),
        'saveKerasModel: expected a model of tfjs-layers, got "model.keras"',
      ],
      [
        () => saveWeights(undefined as never),
        "saveWeights: expected a model of tfjs-layers, got undefined",
      ],
      [
        () => exportOnnx(dense as never),
        "exportOnnx: expected a model of tfjs-layers, got an instance of Dense",
      ],
      [
        () => loadWeights("weights.h5" as never, model as never),
        'loadWeights: expected a model of tfjs-layers, got "weights.h5"',
      ],
      [
        () => loadKerasModel({ path: "model.keras" } as never),
        "loadKerasModel: expected a path, URL, Uint8Array, ArrayBuffer, File or Blob, got an object",
      ],
    ];
    for (const [call, message] of calls) await expect(call()).rejects.toThrow(message);
  });
}

test("options in the place of a path are refused, with where they go", async () => {
  for (const save of [browser.saveKerasModel, node.saveKerasModel]) {
    await expect(save(model, { format: "h5" } as never)).rejects.toThrow(
      "got an object for a path: saveKerasModel(model, undefined, { format: ... })",
    );
  }
  for (const save of [node.saveKerasModel, node.saveWeights]) {
    await expect(save(model, { includeOptimizer: false } as never)).rejects.toThrow(
      `${save.name}: expected a path, or undefined for bytes, and then options, got an object for a path`,
    );
  }
  expect(() => node.fileSystem({ path: "model" } as never)).toThrow(
    "fileSystem: expected the path of a folder or a .json file, got object",
  );
  expect(() => node.fileSystem(undefined as never)).toThrow("got undefined");
});
