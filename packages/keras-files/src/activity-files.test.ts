// What a layer's outputs cost goes into files with it, whatever the layer is: Keras writes it of every class.
import "@tensorflow/tfjs-backend-cpu";
import { layers } from "@rnnkit/keras-builders";
import { dispose, type Scalar, type Tensor, tensor, zeros } from "@tensorflow/tfjs-core";
import { type LayersModel, sequential } from "@tensorflow/tfjs-layers";
import { describe, expect, test } from "vitest";
import { loadKerasModel, saveKerasModel } from "./index.ts";
import { rowInputs, rowModel, rowNames } from "./layer-rows.fixture.ts";
import { filled } from "./saved-models.fixture.ts";

const cost = { className: "L1L2", config: { l1: 0.02, l2: 0.3 } };
type Functions = typeof layers;
type Make = (args?: object) => unknown;

/** An input costs nothing, cells take no cost, and a SimpleRNN takes it and forgets it, as Keras's. */
const without = ["InputLayer", "SimpleRNNCell", "LSTMCell", "GRUCell", "StackedRNNCells"];
const names = rowNames.filter((name) => !without.includes(name) && name !== "SimpleRNN");

/** Functions whose layers' outputs cost something. */
const costly = Object.fromEntries(
  Object.entries(layers as unknown as Record<string, Make>).map(([name, make]) => [
    name,
    /cell/i.test(name) ? make : (args?: object) => make({ activityRegularizer: cost, ...args }),
  ]),
) as unknown as Functions;

/** The model of a row, whose layers cost something or not. */
function modelOf(name: string, from: Functions): LayersModel {
  if (name !== "RNN") return rowModel(name, name === "Masking", from);
  const cell = [layers.lstmCell({ units: 2 }), layers.gruCell({ units: 2 })];
  return filled(sequential({ layers: [from.rnn({ cell, inputShape: [4, 3] } as never)] }));
}

function lossOf(model: LayersModel): number {
  model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
  const [{ data, shape, dtype }] = rowInputs(model) as [ReturnType<typeof rowInputs>[number]];
  const x = tensor(data, shape, dtype);
  const predicted = [model.predict(x)].flat() as Tensor[];
  const y = predicted.map(({ shape }) => zeros(shape));
  const values = [model.evaluate(x, y.length === 1 ? y[0]! : y)].flat() as Scalar[];
  const [loss] = values[0]!.dataSync();
  dispose([x, ...y, ...predicted, ...values]);
  return loss!;
}

describe.each(["keras", "h5"] as const)("a .%s file of a model made costly", (format) => {
  // An Attention of scores that are a dot product is in no legacy file.
  test.each(names.filter((name) => format === "keras" || name !== "Attention"))(
    "%s",
    async (name) => {
      const model = modelOf(name, costly);
      const own = model.layers.filter((layer) => layer.getConfig().activityRegularizer != null);
      expect(own.length).toBeGreaterThan(0);
      const bytes = await saveKerasModel(model, undefined, { format, includeOptimizer: false });
      const loaded = await loadKerasModel(bytes);
      const loss = lossOf(loaded);
      expect(loss).toBeCloseTo(lossOf(model), 5);
      expect(loss).toBeGreaterThan(lossOf(modelOf(name, layers)) + 1e-3);
    },
  );
});
