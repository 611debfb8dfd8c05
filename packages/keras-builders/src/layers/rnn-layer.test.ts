import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-backend-wasm";
import { engineMemory } from "@rnnkit/fused-rnn";
import { expectNoTensorLeak } from "@rnnkit/test-kit";
import * as tf from "@tensorflow/tfjs-core";
import {
  input,
  regularizers,
  type SymbolicTensor,
  sequential,
  model as stockModel,
} from "@tensorflow/tfjs-layers";
import { beforeAll, describe, expect, test } from "vitest";
import type { AnyCell } from "../cells/any-cell.ts";
import * as layers from "./layers.ts";
import { own, Sum } from "./own-cells.fixture.ts";
import type { RecurrentLayer } from "./recurrent-layer.ts";
import { B, close, closeAll, H, I, list, mask, T, x } from "./rnn-tensors.fixture.ts";

beforeAll(async () => {
  await tf.setBackend("wasm");
});

const kinds: Record<string, () => AnyCell | AnyCell[]> = {
  "a fused cell": () => layers.lstmCell({ units: H, dropout: 0.2, recurrentDropout: 0.2 }),
  "a fused stack": () => [
    layers.lstmCell({ units: 3, dropout: 0.2 }),
    layers.gruCell({ units: H }),
  ],
  "a cell of one's own": () => own({ rate: 0.2 }),
  "a mixed stack": () => [layers.gruCell({ units: 3 }), own({ rate: 0.2 })],
};

describe.each(Object.entries(kinds))("RNN over %s", (_, cell) => {
  test("fit and predict, masked, from a state, stateful or not, leave nothing behind", async () => {
    const run = { batchSize: B, verbose: 0 };
    const target = tf.zeros([B, H]);
    for (const stateful of [false, true]) {
      const model = sequential({
        layers: [
          layers.masking({ maskValue: 0, batchInputShape: [B, T, I] }),
          layers.rnn({ cell: cell(), stateful, returnSequences: true }),
          layers.rnn({ cell: cell() }),
        ],
      });
      model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
      const given = tf.mul(x(), tf.cast(tf.reshape(mask(), [B, T, 1]), "float32"));
      await expectNoTensorLeak(async () => {
        await model.fit(given, target, { ...run, epochs: 3 });
        tf.dispose(model.predict(given, { batchSize: B }));
        if (stateful) model.resetStates();
      });
      model.dispose();
    }
    expect(engineMemory()).toEqual({ used: 0, pending: 0 });
    const layer = layers.rnn({ cell: cell(), returnState: true });
    const given = x();
    const initialState = list(layer.apply(given)).slice(1);
    await expectNoTensorLeak(() => tf.tidy(() => void layer.apply(given, { initialState })));
  });

  test("a carried state makes two halves equal the whole; symbolic states make a model", () => {
    const args = { cell: cell(), returnSequences: true, returnState: true };
    const layer = layers.rnn(args);
    const time = (from: number, to: number) => tf.slice(x(), [0, from, 0], [-1, to - from, -1]);
    const [whole, ...final] = list(layer.apply(x()));
    const [first, ...carried] = list(layer.apply(time(0, 2)));
    const [second, ...end] = list(layer.apply([time(2, T), ...carried]));
    closeAll([tf.concat([first!, second!], 1), ...end], [whole, ...final]);
    const inputs = [
      input({ shape: [T - 2, I] }),
      ...carried.map(({ shape }) => input({ shape: [shape[1]!] })),
    ];
    const outputs = layer.apply(inputs) as SymbolicTensor[];
    const model = stockModel({ inputs, outputs });
    closeAll(model.predict([time(2, T), ...carried]), [second, ...end]);
  });

  test("weights go out and in cell by cell, whatever is trained", () => {
    const layer = layers.rnn({ cell: cell() });
    layer.build([null, T, I]);
    const cells = [(layer.cell as { cells?: AnyCell[] }).cells ?? layer.cell].flat();
    const want = cells.flatMap((each) => each.weights.map(({ name }) => name));
    const names = () => layer.weights.map(({ name }) => name);
    expect(names()).toEqual(want);
    const other = layers.rnn({ cell: cell() });
    other.apply(x());
    other.setWeights(layer.getWeights());
    closeAll(other.apply(x()), layer.apply(x()));
    cells[0]!.trainable = false;
    expect(names()).toEqual(want);
    const left = want.length - cells[0]!.weights.length;
    expect(layer.trainableWeights).toHaveLength(left);
    layer.trainable = false;
    expect([layer.trainableWeights.length, layer.nonTrainableWeights.length]).toEqual([
      0,
      want.length,
    ]);
    layer.trainable = true;
    expect(layer.trainableWeights).toHaveLength(want.length);
  });

  test("Bidirectional reads it both ways: masks, states, merge modes", () => {
    for (const returnSequences of [false, true]) {
      const args = { returnSequences, returnState: true };
      const layer = layers.rnn({ cell: cell(), ...args });
      const both = layers.bidirectional({ layer, mergeMode: "sum" });
      both.apply(x());
      const half = both.getWeights().length / 2;
      const alone = [false, true].map((goBackwards, i) => {
        const one = layers.rnn({
          cell: cell(),
          ...args,
          goBackwards,
          zeroOutputForMask: returnSequences,
        });
        one.apply(x());
        one.setWeights(both.getWeights().slice(i * half, (i + 1) * half));
        return one;
      });
      const count = both.forwardLayer.stateCount;
      const initialState = list(both.apply(x())).slice(1);
      expect(initialState).toHaveLength(2 * count);
      const [[y, ...forward], [z, ...backward]] = alone.map((one, i) =>
        list(
          one.apply(x(), {
            mask: mask(),
            initialState: initialState.slice(i * count, (i + 1) * count),
          }),
        ),
      ) as [tf.Tensor[], tf.Tensor[]];
      const merged = tf.add(y!, returnSequences ? tf.reverse(z!, 1) : z!);
      const got = both.apply(x(), { mask: mask(), initialState });
      closeAll(got, [merged, ...forward, ...backward]);
      expect(both.weights.every(({ originalName }) => /\/(for|back)ward_/.test(originalName))).toBe(
        true,
      );
    }
  });
});

test("a stateful stack carries every cell's state, through Bidirectional too, and resets", () => {
  const cell = () => [layers.lstmCell({ units: 3, seed: 1 }), own(), layers.gruCell({ units: 2 })];
  const layer = layers.rnn({ cell: cell(), stateful: true, returnSequences: true });
  const halves = () =>
    tf.concat(
      [0, 2].map((t) => layer.apply(tf.slice(x(), [0, t, 0], [-1, 2, -1])) as tf.Tensor),
      1,
    );
  const before = halves();
  expect(layer.states.map(({ shape }) => shape)).toEqual([3, 3, H, 2].map((n) => [B, n]));
  layer.resetStates();
  close(halves(), before);
  const whole = layers.rnn({ cell: layer.cell, returnSequences: true });
  close(whole.apply(tf.slice(x(), [0, 0, 0], [-1, 4, -1])) as tf.Tensor, before);
  const both = layers.bidirectional({ layer: layers.rnn({ cell: cell(), stateful: true }) });
  const [first, second] = [0, 1].map(() => both.apply(x()) as tf.Tensor);
  expect(second!.dataSync()).not.toBeAllclose(first!.dataSync(), { atol: 1e-4 });
  both.resetState();
  close(both.apply(x()) as tf.Tensor, first!);
});

test("regularizers of cells reach the loss and constraints hold, in stacks and Bidirectional", async () => {
  const nonNeg = { getConfig: () => ({}), apply: (w: tf.Tensor) => tf.relu(w) };
  const regularizer = regularizers.l2({ l2: 0.5 });
  const cell = () => [
    layers.gruCell({ units: 3, kernelRegularizer: regularizer, recurrentConstraint: "nonNeg" }),
    own({ extra: [regularizer, nonNeg] }),
  ];
  for (const wrap of [
    (layer: RecurrentLayer) => layer,
    (layer: RecurrentLayer) => layers.bidirectional({ layer, mergeMode: "sum" }),
  ]) {
    const layer = layers.rnn({ cell: cell() });
    if (wrap(layer) === layer) {
      const model = sequential({ layers: [layers.masking({ inputShape: [T, I] }), layer] });
      model.compile({ optimizer: "adam", loss: "meanSquaredError" });
      const predicted = model.predict(x()) as tf.Tensor;
      const [first, ...others] = layer.getWeights().map((w) => tf.sum(tf.square(w)).dataSync()[0]!);
      // The GRU's kernel, and all three of the other cell's.
      const penalty = 0.5 * (first! + others.slice(2).reduce((a, b) => a + b));
      const target = tf.fill([B, H], -1);
      const error = tf.mean(tf.square(tf.sub(predicted, target))).dataSync()[0]!;
      const loss = (await model.trainOnBatch(x(), target)) as number;
      expect(loss).toBeAllclose(error + penalty, { rtol: 1e-5 });
      await model.fit(x(), target, { epochs: 3, verbose: 0 });
      for (const i of [1, 3, 4, 5]) {
        expect(tf.min(layer.getWeights()[i]!).dataSync()[0]).toBeGreaterThanOrEqual(0);
      }
      const given = layer.getWeights().map((w) => tf.sub(w, 1));
      layer.setWeights(given);
      closeAll(layer.getWeights(), given, 0);
    } else {
      const both = layers.bidirectional({ layer: layers.rnn({ cell: [cell()[0]!] }) });
      both.build([null, T, I]);
      expect(both.losses).toHaveLength(2);
    }
  }
});

test("what is no cell, or gives not what it announced, is refused by name; the next call works", () => {
  const name = "rnn";
  const good = layers.rnn({ cell: own(), name });
  const want = good.apply(x()) as tf.Tensor;
  class Bad extends Sum {
    readonly #given: (B: number) => tf.Tensor[];
    constructor(given: (B: number) => tf.Tensor[]) {
      super({ name: "bad" });
      this.#given = given;
    }
    override call(): tf.Tensor[] {
      return this.#given(B);
    }
  }
  const bad = (given: (B: number) => tf.Tensor[]) =>
    layers.rnn({ cell: new Bad(given), name }).apply(x());
  const before = tf.memory().numTensors;
  const refusals: [() => unknown, string][] = [
    [() => layers.rnn({ name } as never), "rnn: expected a cell, a layer with stateSize and call"],
    [
      () => layers.rnn({ name, cell: layers.dense({ units: 1 }) as never }),
      "rnn: expected a cell, a layer with stateSize and call, got Dense with stateSize undefined",
    ],
    [
      () => layers.rnn({ name, cell: own(), units: 3 } as never),
      "rnn: expected options cell, returnSequences, returnState, goBackwards, stateful, unroll, ",
    ],
    [
      () => layers.lstmCell({ units: 3, returnSequences: true } as never),
      "lstmCell: expected options units, activation, ",
    ],
    [() => layers.rnn({ name, cell: [] }), "rnn_cells: expected cells, a list of at least one"],
    [() => bad((n) => [tf.zeros([n, 2])]), "rnn: expected bad to give 1 states, got 0"],
    [
      () => bad((n) => [tf.zeros([n, 3]), tf.zeros([n, 1])]),
      "rnn: expected an output of bad of shape [3, 2], got [3, 3]",
    ],
    [
      () => bad((n) => [tf.zeros([n, 2]), tf.zeros([n, 2])]),
      "rnn: expected a state of bad (state) of shape [3, 1], got [3, 2]",
    ],
    [
      () => layers.rnn({ cell: kinds["a fused stack"]!(), name }).apply([x(), tf.zeros([B, 3])]),
      "rnn: expected 3 states (h of cell 0, c of cell 0, h of cell 1), got 1",
    ],
    [
      () => layers.rnn({ cell: kinds["a fused stack"]!(), name }).apply(tf.zeros([B, T, I, 2])),
      "rnn: expected an input of shape [B, T, I], got [3, 5, 2, 2]",
    ],
    [() => good.apply(tf.zeros([B, I])), "rnn: expected an input of shape [B, T, 2], got [3, 2]"],
  ];
  for (const [call, message] of refusals) {
    expect(() => tf.tidy(call as never), message).toThrow(message);
  }
  expect(tf.memory().numTensors - before).toBeLessThan(12);
  close(good.apply(x()) as tf.Tensor, want);
});
