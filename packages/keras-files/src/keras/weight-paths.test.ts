import "@tensorflow/tfjs-backend-cpu";
import { expect, test } from "vitest";
import { madeModel } from "../saved-models.fixture.ts";
import { snakeCaseClass, varsGroups, weightPaths } from "./weight-paths.ts";

const pathsOf = (id: string): string[] => weightPaths(madeModel(id)).map(({ path }) => path);

test("Keras's snake case: digits and runs of capitals stay together", () => {
  const names = ["LSTMCell", "Conv1D", "PReLU", "GRU", "StackedRNNCells", "MaxPooling1D"];
  expect(names.map(snakeCaseClass)).toEqual([
    "lstm_cell",
    "conv1d",
    "p_re_lu",
    "gru",
    "stacked_rnn_cells",
    "max_pooling1d",
  ]);
});

test("groups are named after the class, then class_1, whatever the layers are called", () => {
  const paths = pathsOf("lstm");
  expect(paths).toEqual([
    ...[0, 1, 2].map((i) => `layers/lstm/cell/vars/${i}`),
    ...[0, 1].map((i) => `layers/lstm_1/cell/vars/${i}`),
  ]);
});

test("what lies in a layer is named after the attribute that holds it", () => {
  expect(pathsOf("bidirectional").filter((path) => path.endsWith("/0"))).toEqual([
    "layers/bidirectional/forward_layer/cell/vars/0",
    "layers/bidirectional/backward_layer/cell/vars/0",
    "layers/bidirectional_1/forward_layer/cell/vars/0",
    "layers/bidirectional_1/backward_layer/cell/vars/0",
  ]);
  expect(pathsOf("cells").filter((path) => path.endsWith("/0"))).toEqual([
    "layers/rnn/cell/cells/lstm_cell/vars/0",
    "layers/rnn/cell/cells/gru_cell/vars/0",
    "layers/rnn_1/cell/vars/0",
  ]);
  expect(pathsOf("masking").at(-1)).toBe("layers/time_distributed/layer/vars/1");
});

test("a layer or model that is met twice lies once in the file, under its first place", () => {
  const paths = pathsOf("branches");
  expect(new Set(paths).size).toBe(paths.length);
  expect(paths.filter((path) => path.endsWith("/0"))).toEqual([
    "layers/sequential/layers/dense/vars/0",
    "layers/sequential/layers/lstm/cell/vars/0",
    "layers/dense/vars/0",
    "layers/dense_1/vars/0",
    "layers/dense_2/vars/0",
    "layers/functional/layers/dense/vars/0",
  ]);
});

test("every weight of a model lies at one path", () => {
  for (const id of ["branches", "cells", "image", "frozen", "embedding"]) {
    const model = madeModel(id);
    const paths = weightPaths(model);
    expect(new Set(paths.map(({ variable }) => variable))).toEqual(new Set(model.weights));
    expect(paths.length).toBe(model.weights.length);
  }
});

test("a Sequential model's input has no group, a functional model's has", () => {
  const groups = (id: string) => varsGroups(madeModel(id)).map(({ path }) => path);
  expect(groups("gru").filter((path) => path.includes("input_layer"))).toEqual([]);
  expect(groups("branches").filter((path) => path.includes("input_layer"))).toEqual([
    "layers/input_layer/vars",
    "layers/input_layer_1/vars",
    "layers/functional/layers/input_layer/vars",
  ]);
});
