import { tolerances } from "@rnnkit/test-kit/tolerances";
import "@tensorflow/tfjs-backend-wasm";
import { expectNoTensorLeak } from "@rnnkit/test-kit";
import * as tf from "@tensorflow/tfjs-core";
import {
  initializers,
  input,
  regularizers,
  type SymbolicTensor,
  model as stockModel,
} from "@tensorflow/tfjs-layers";
import { beforeAll, describe, expect, test } from "vitest";
import * as layers from "../layers/layers.ts";
import type { LstmCellArgs } from "./cell-options.ts";
import type { FusedCell } from "./fused-cell.ts";
import { RecurrentCell } from "./recurrent-cell.ts";

beforeAll(async () => {
  await tf.setBackend("wasm");
});

const [B, I, H] = [3, 2, 4];
const uniform = (shape: number[], seed: number) => tf.randomUniform(shape, -1, 1, "float32", seed);
const x = () => uniform([B, I], 7);
const list = (y: unknown) => [y].flat() as tf.Tensor[];
const closeAll = (got: unknown, want: unknown) => {
  expect(list(got).map(({ shape }) => shape)).toEqual(list(want).map(({ shape }) => shape));
  for (const [i, w] of list(want).entries()) {
    expect(list(got)[i]!.dataSync()).toBeAllclose(w.dataSync(), tolerances.layers.calls);
  }
};

const biasInitializer = initializers.randomUniform({ minval: -1, maxval: 1, seed: 9 });
type Make = (args: Partial<LstmCellArgs>) => FusedCell;
const cells: Record<string, [Make, (args: object) => ReturnType<typeof layers.lstm>]> = {
  SimpleRNNCell: [
    (args) => layers.simpleRNNCell({ units: H, seed: 3, biasInitializer, ...args }),
    (args) => layers.simpleRNN({ units: H, seed: 3, biasInitializer, ...args }),
  ],
  LSTMCell: [
    (args) => layers.lstmCell({ units: H, seed: 3, biasInitializer, ...args }),
    (args) => layers.lstm({ units: H, seed: 3, biasInitializer, ...args }),
  ],
  GRUCell: [
    (args) => layers.gruCell({ units: H, seed: 3, biasInitializer, ...args }),
    (args) => layers.gru({ units: H, seed: 3, biasInitializer, ...args }),
  ],
};

describe.each(Object.entries(cells))("%s", (className, [cell, layer]) => {
  const states = (of: FusedCell) => of.stateNames.map((_, i) => uniform([B, H], 20 + i));

  test("is one step of its layer: output, then states; from zero where none are given", () => {
    const [one, sequence] = [cell({}), layer({ returnState: true })];
    const given = states(one);
    const step = tf.expandDims(x(), 1);
    closeAll(one.apply([x(), ...given]), sequence.apply([step, ...given]));
    closeAll(one.apply(x()), sequence.apply(step));
    closeAll(one.getWeights(), sequence.getWeights());
    closeAll(one.apply([x(), ...(one.getInitialState(B) as tf.Tensor[])]), one.apply(x()));
    expect([one.stateSize].flat()).toEqual(one.stateNames.map(() => H));
    expect([one.outputSize, one.getClassName()]).toEqual([H, className]);
  });

  test("symbolic, it makes a model of one step, differentiable in everything", () => {
    const one = cell({ kernelRegularizer: regularizers.l2({ l2: 1 }) });
    const given = [x(), ...states(one)];
    const inputs = given.map(({ shape }) => input({ shape: [shape[1]!] }));
    const outputs = one.apply(inputs) as SymbolicTensor[];
    expect(outputs.map(({ shape }) => shape)).toEqual(given.map(() => [null, H]));
    const model = stockModel({ inputs, outputs });
    closeAll(model.predict(given), one.apply(given));
    expect(one.losses).toHaveLength(1);
    const variables = [...given.map((t) => tf.variable(t)), ...one.weights.map((w) => w.read())];
    const { grads } = tf.variableGrads(
      () => tf.addN(list(one.apply(variables.slice(0, given.length))).map((y) => tf.sum(y))),
      variables as tf.Variable[],
    );
    for (const gradient of Object.values(grads)) {
      expect(tf.max(tf.abs(gradient)).dataSync()[0]).toBeGreaterThan(0);
    }
  });

  test("by itself it draws dropout masks for every call, its layer one for all steps", async () => {
    const args = { dropout: 0.5, recurrentDropout: 0.5, seed: 11 };
    const one = cell(args);
    const given = [tf.ones([B, I]), ...states(one)];
    const train = () => Array.from(list(one.apply(given, { training: true }))[0]!.dataSync());
    expect(train()).not.toEqual(train());
    closeAll(one.apply(given), cell({ seed: 11 }).apply(given));
    await expectNoTensorLeak(() => tf.dispose(one.apply(given, { training: true }) as tf.Tensor[]));
    // All steps alike and the state hidden: with one mask all outputs without bias are alike.
    const flat = { ...args, dropout: 0.5, recurrentDropout: 0 };
    const sequence = layers.rnn({
      cell: layers.simpleRNNCell({ units: H, recurrentInitializer: "zeros", ...flat }),
      returnSequences: true,
    });
    const y = sequence.apply(tf.ones([B, 6, I]), { training: true }) as tf.Tensor;
    closeAll(y, tf.tile(tf.slice(y, [0, 0, 0], [B, 1, H]), [1, 6, 1]));
  });

  test("its config makes it again, under Keras's names", () => {
    const config = cell({ dropout: 0.1, kernelConstraint: "nonNeg", name: "mine" }).getConfig();
    expect(config).toMatchObject({
      name: "mine",
      trainable: true,
      units: H,
      dropout: 0.1,
      seed: 3,
    });
    expect(cell(JSON.parse(JSON.stringify(config))).getConfig()).toEqual(config);
    const { implementation, unroll, returnSequences, goBackwards, ...rest } = layer({}).getConfig();
    expect(Object.keys(cell({}).getConfig()).every((key) => key in rest)).toBe(true);
  });

  test("inputs and states of other shapes are refused by name", () => {
    const one = cell({ name: "cell" });
    one.apply(x());
    const count = one.stateNames.length;
    const refused = (inputs: tf.Tensor[], message: string) =>
      expect(() => one.apply(inputs)).toThrow(message);
    refused([tf.zeros([B, 3])], "cell: expected an input of shape [B, 2], got [3, 3]");
    refused([tf.zeros([B, 1, I])], "cell: expected an input of shape [B, 2], got [3, 1, 2]");
    refused([x(), ...states(one), x()], `cell: expected ${count} states (`);
    refused(
      [x(), ...states(one).map(() => tf.zeros([B, 1]))],
      "cell: expected a state h of shape [3, 4], got [3, 1]",
    );
  });
});

test("a stack of cells is a cell: Keras's order of states and weights, out and in again", () => {
  const cell = () =>
    layers.stackedRNNCells({
      cells: [layers.lstmCell({ units: 3 }), layers.stackedRNNCells({ cells: [gru()] })],
      name: "stack",
    });
  const gru = () => layers.gruCell({ units: H, name: "top" });
  const [stack, other] = [cell(), cell()];
  expect(stack.stateSize).toEqual([3, 3, H]);
  const given = [x(), ...stack.stateSize.map((n, i) => uniform([B, n], i))];
  const got = stack.apply(given);
  const [lower, inner] = stack.cells as FusedCell[];
  const [y, ...below] = list(lower!.apply(given.slice(0, 3)));
  const [z, ...above] = list(inner!.apply([y!, given[3]!]));
  closeAll(got, [z, ...below, ...above]);
  other.apply(given);
  other.setWeights(stack.getWeights());
  closeAll(other.apply(given), stack.apply(given));
  closeAll(stack.getWeights().slice(0, 3), lower!.getWeights());
  expect(stack.weights.map(({ originalName }) => originalName)[3]).toBe(
    "stack/RNNCell_1/RNNCell_0/kernel",
  );
  expect(() => stack.apply(given.slice(0, 2))).toThrow(
    "stack: expected 3 states (h of cell 0, c of cell 0, h of cell 0 of cell 1), got 1",
  );
  expect(() => layers.stackedRNNCells({ name: "stack", cells: [{} as never] })).toThrow(
    "stack: expected a cell, a layer with stateSize and call, got Object",
  );
});

test("fused cells take as many kernels for a long sequence as for a short one, in any stack", async () => {
  const kernels = async (cell: Parameters<typeof layers.rnn>[0]["cell"], T: number) => {
    const layer = layers.rnn({ cell, returnState: true, goBackwards: true });
    const mask = tf.ones([B, T], "bool");
    layer.apply(tf.zeros([B, T, I]), { mask });
    const run = () => list(layer.apply(tf.zeros([B, T, I]), { mask, training: true }));
    return (await tf.profile(run)).kernels.length;
  };
  const fused = () => [
    ...[layers.lstmCell({ units: 3, recurrentDropout: 0.1, activation: "relu" as const })],
    layers.stackedRNNCells({ cells: [layers.gruCell({ units: 4, dropout: 0.2 })] }),
    layers.simpleRNNCell({ units: 2 }),
  ];
  expect(await kernels(fused(), 50)).toBe(await kernels(fused(), 3));
  class Own extends RecurrentCell {
    static readonly className = "Own";
    readonly stateSize = 2;
    override call([, state]: tf.Tensor[]): tf.Tensor[] {
      return [state!, state!];
    }
  }
  // A cell of one's own does not slow the others down: only its own steps are taken one by one.
  const ownOnly = (await kernels(new Own(), 50)) - (await kernels(new Own(), 3));
  const mixed =
    (await kernels([...fused(), new Own()], 50)) - (await kernels([...fused(), new Own()], 3));
  expect(mixed).toBe(ownOnly);
});
