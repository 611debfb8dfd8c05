// Two copies of tfjs-layers in one tree, as two versions in one package.json give: said, not stumbled over.
import "@tensorflow/tfjs-backend-cpu";
import { createRequire } from "node:module";
import { ones, type Tensor } from "@tensorflow/tfjs-core";
import * as own from "@tensorflow/tfjs-layers";
import { expect, test } from "vitest";
import { accelerate } from "./accelerate.ts";
import * as layers from "./layers/layers.ts";

const require = createRequire(import.meta.url);
const path = require.resolve("@tensorflow/tfjs-layers");
delete require.cache[path];
const other = require(path) as typeof own;

const said = "of another copy of @tensorflow/tfjs-layers: two are installed; npm ls";

test("there are two", () => {
  expect(other.layers.dense({ units: 1 })).not.toBeInstanceOf(own.layers.Layer);
});

test.each([
  ["lstm", () => layers.lstm({ units: 2 })],
  ["embedding", () => layers.embedding({ inputDim: 3, outputDim: 2 })],
  ["masking", () => layers.masking({})],
  ["bidirectional", () => layers.bidirectional({ layer: layers.gru({ units: 2 }) })],
  ["timeDistributed", () => layers.timeDistributed({ layer: layers.dense({ units: 2 }) })],
])("%s says it of a symbolic input of the other copy", (_, make) => {
  const input = other.input({ shape: [4, 3] });
  expect(() => make().apply(input as never)).toThrow(said);
});

test("layers around others say it of a layer of the other copy", () => {
  const foreign = other.layers.lstm({ units: 2 });
  expect(() => layers.timeDistributed({ layer: foreign as never })).toThrow(said);
  expect(() => layers.bidirectional({ layer: foreign as never })).toThrow(said);
});

test("a model of the other copy says it where a layer of this one joins it", () => {
  const model = other.sequential({
    layers: [other.layers.dense({ units: 2, inputShape: [4, 3] })],
  });
  expect(() => model.add(layers.lstm({ units: 2 }) as never)).toThrow(said);
});

test("a model of the other copy is accelerated all the same", () => {
  const model = other.sequential({ layers: [other.layers.lstm({ units: 2, inputShape: [4, 3] })] });
  const predicted = () => (model.predict(ones([1, 4, 3])) as Tensor).dataSync();
  const before = predicted();
  expect(accelerate(model).swapped).toEqual([model.layers[0]!.name]);
  expect(predicted()).toBeAllclose(before, { atol: 1e-6 });
});
