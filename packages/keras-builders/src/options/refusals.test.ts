import "@tensorflow/tfjs-backend-cpu";
import { shown } from "@rnnkit/core-rnn";
import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { RecurrentCell } from "../cells/recurrent-cell.ts";
import * as layers from "../layers/layers.ts";

/** y = s′ = x + s. */
class Sum extends RecurrentCell {
  static className = "RefusalsSum";
  readonly stateSize = 2;
  override call([x, s]: tf.Tensor[]): tf.Tensor[] {
    const y = tf.add(x!, s!);
    return [y, y];
  }
}

const x = tf.ones([2, 3, 2]);

test.each([
  ["bidirectional", layers.bidirectional, { layer: layers.gru({ units: 1 }), merge_mode: "sum" }],
  ["timeDistributed", layers.timeDistributed, { layer: layers.dense({ units: 1 }), foo: 1 }],
  ["embedding", layers.embedding, { inputDim: 2, outputDim: 1, mask_zero: true }],
  ["masking", layers.masking, { mask_value: 1 }],
  ["dense", layers.dense, { units: 1, use_bias: false }],
  ["dropout", layers.dropout, { rate: 0.5, noise_shape: [1] }],
] as [string, (args: never) => unknown, object][])(
  "%s names the option that it does not have",
  (who, make, args) => {
    const foreign = Object.keys(args).at(-1);
    expect(() => make(args as never)).toThrow(
      new RegExp(`^${who}: expected options .*, got ${foreign}(; did you mean \\w+.)?$`),
    );
  },
);

test("no options at all are an error that says whose", () => {
  const { bidirectional, timeDistributed, embedding, dense, dropout, lstm, rnn } = layers;
  const makers = { bidirectional, timeDistributed, embedding, dense, dropout, lstm, rnn };
  for (const [who, make] of Object.entries(makers)) {
    expect(() => (make as () => unknown)()).toThrow(
      new RegExp(`^${who}: expected an object of options such as \\{.*\\}, got undefined$`),
    );
  }
});

test("an input shape is a list, not the options or the number that stand in its place", () => {
  for (const [shape, got] of [
    [5, "5"],
    [{ timesteps: 10 }, "an object"],
    ["10", '"10"'],
    [[10, "1"], '[10, "1"]'],
    [[10, 0], "[10, 0]"],
  ]) {
    for (const option of ["inputShape", "batchInputShape"]) {
      const args = { units: 1, [option as string]: shape } as never;
      for (const [who, make] of Object.entries({ lstm: layers.lstm, dense: layers.dense })) {
        expect(() => make(args)).toThrow(
          `${who}: expected ${option} to be a list of whole numbers from 1, or null, got ${got}`,
        );
      }
    }
  }
  expect(layers.lstm({ units: 1, inputShape: [null, 2] })).toBeDefined();
});

test("rates and seeds are numbers", () => {
  expect(() => layers.gru({ units: 1, dropout: "0.5" as never })).toThrow(
    'expected dropout from 0 to 1, got "0.5"',
  );
  for (const seed of ["1", Number.NaN]) {
    expect(() => layers.gru({ units: 1, seed: seed as never })).toThrow(
      `gru: expected seed to be a whole number, got ${shown(seed)}`,
    );
    expect(() => new Sum({ seed: seed as never })).toThrow("expected seed to be a number");
  }
});

test("a custom cell's mask is one for every step of every row, not one that could be spread", () => {
  const rnn = layers.rnn({ cell: new Sum(), name: "sums" });
  for (const shape of [[1, 3], [2, 1], [2, 4], [3]]) {
    expect(() => rnn.apply(x, { mask: tf.ones(shape) })).toThrow(
      `sums: expected a mask of shape [2, 3], got [${shape.join(", ")}]`,
    );
  }
  expect((rnn.apply(x, { mask: tf.ones([2, 3]) }) as tf.Tensor).dataSync()).toBeAllclose([
    3, 3, 3, 3,
  ]);
});

test("two directions of different units are joined by concat or not at all", () => {
  const layer = layers.gru({ units: 1 });
  const backwardLayer = layers.gru({ units: 3, goBackwards: true });
  for (const mergeMode of ["sum", "ave", "mul"] as const) {
    expect(() => layers.bidirectional({ layer, backwardLayer, mergeMode })).toThrow(
      `expected backwardLayer of 1 units to ${mergeMode}, got 3`,
    );
  }
  const joined = layers.bidirectional({ layer, backwardLayer }).apply(x) as tf.Tensor;
  expect(joined.shape).toEqual([2, 4]);
});

test("states that one direction refuses reach neither", () => {
  const layer = layers.lstm({ units: 2, stateful: true });
  const both = layers.bidirectional({ layer, name: "both" });
  const ones = (...shape: number[]) => tf.ones(shape);
  expect(() => both.resetStates(Array.from({ length: 4 }, () => ones(2, 2)))).toThrow(
    "expected states once built, got them before",
  );
  both.apply(x);
  const carried = () => both.states.map((state) => [...state.dataSync()]);
  const before = carried();
  const [h, c] = [ones(2, 2), ones(2, 2)];
  expect(() => both.resetStates([h, c, h, c, h])).toThrow(
    "both: expected 4 states, forward's and backward's, got 5",
  );
  expect(() => both.resetStates([h, c, h, ones(1, 2)])).toThrow(/a state c of shape \[2, 2\]/);
  expect(carried()).toEqual(before);
  both.resetStates([h, c, h, c]);
  expect(carried()).toEqual(Array.from({ length: 4 }, () => [1, 1, 1, 1]));
});

test("a TimeDistributed has one input, and no initial state", () => {
  const steps = layers.timeDistributed({ layer: layers.lstm({ units: 1 }), name: "steps" });
  const rows = tf.ones([2, 2, 3, 2]);
  const initialState = [tf.ones([2, 1]), tf.ones([2, 1])];
  expect(() => steps.apply(rows, { initialState })).toThrow("steps: expected one input, got 3");
  expect(() => steps.apply([rows, rows])).toThrow("steps: expected one input, got 2");
});

test("a flag is true or false, not what JavaScript takes for it", () => {
  for (const given of ["no", 0, 1, "", [], {}]) {
    const message = `to be true or false, got ${shown(given)}`;
    const flag = given as never;
    expect(() => layers.lstm({ units: 1, returnSequences: flag })).toThrow(
      `lstm: expected returnSequences ${message}`,
    );
    expect(() => layers.embedding({ inputDim: 1, outputDim: 1, maskZero: flag })).toThrow(
      `embedding: expected maskZero ${message}`,
    );
    expect(() => layers.batchNormalization({ center: flag })).toThrow(
      `batchNormalization: expected center ${message}`,
    );
  }
  expect(layers.rescaling({ scale: 1, offset: 0 }).getConfig().scale).toBe(1);
});
