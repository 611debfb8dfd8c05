// The identities that every recurrent layer must fulfil, whatever its options.
// Dimension letters: B batch, T time, I input, H units.

import "@tensorflow/tfjs-backend-wasm";
import { engineMemory } from "@rnnkit/fused-rnn";
import { expectNoTensorLeak } from "@rnnkit/test-kit";
import * as tf from "@tensorflow/tfjs-core";
import { initializers, type layers as stock } from "@tensorflow/tfjs-layers";
import { beforeAll, describe, expect, test } from "vitest";
import type { SimpleRnnCellArgs } from "../cells/cell-options.ts";
import type { SequenceArgs } from "../options/recurrent-options.ts";
import * as layers from "./layers.ts";

beforeAll(() => tf.setBackend("wasm").then(() => {}));

type Layer = InstanceType<typeof stock.Layer>;
const [B, T, I, H] = [3, 6, 2, 4];
const uniform = (shape: number[], seed: number) => tf.randomUniform(shape, -1, 1, "float32", seed);
const x = () => uniform([B, T, I], 7);
const list = (y: unknown) => [y].flat() as tf.Tensor[];
const closeAll = (got: readonly tf.Tensor[], want: readonly tf.Tensor[]) => {
  expect(got.map(({ shape }) => shape)).toEqual(want.map(({ shape }) => shape));
  for (const [i, t] of got.entries()) {
    expect(t.dataSync()).toBeAllclose(want[i]!.dataSync(), { rtol: 1e-6, atol: 2e-6 });
  }
};
const steps = (t: tf.Tensor, kept: number[]) => tf.gather(t, tf.tensor1d(kept, "int32"), 1);

/** Seeded, so that every layer made of the same options has the same weights. */
const seeded = (cell: Partial<SimpleRnnCellArgs>): SimpleRnnCellArgs => ({
  units: H,
  seed: 3,
  biasInitializer: initializers.randomUniform({ minval: -1, maxval: 1, seed: 9 }),
  ...cell,
});
type Make = (cell: Partial<SimpleRnnCellArgs>, sequence: SequenceArgs) => Layer;
const kinds: Record<string, Make> = {
  SimpleRNN: (cell, sequence) => layers.simpleRNN({ ...seeded(cell), ...sequence }),
  LSTM: (cell, sequence) => layers.lstm({ ...seeded(cell), ...sequence }),
  GRU: (cell, sequence) => layers.gru({ ...seeded(cell), ...sequence }),
  "GRU reset before": (cell, sequence) =>
    layers.gru({ ...seeded(cell), ...sequence, resetAfter: false }),
  "RNN of a GRU and an LSTM cell": (cell, sequence) =>
    layers.rnn({
      cell: [layers.gruCell(seeded(cell)), layers.lstmCell(seeded(cell))],
      ...sequence,
    }),
  "Bidirectional LSTM": (cell, sequence) =>
    layers.bidirectional({ layer: layers.lstm({ ...seeded(cell), ...sequence }) }),
};

const options: [string, Partial<SimpleRnnCellArgs>, SequenceArgs][] = [
  ["the defaults", {}, {}],
  ["all outputs", {}, { returnSequences: true }],
  ["goBackwards", {}, { goBackwards: true }],
  ["goBackwards, all outputs", {}, { goBackwards: true, returnSequences: true }],
  ["zeroOutputForMask", {}, { zeroOutputForMask: true, returnSequences: true }],
  ["relu without bias", { activation: "relu", useBias: false }, {}],
  ["hard_sigmoid, all outputs", { activation: "hard_sigmoid" }, { returnSequences: true }],
  ["elu", { activation: "elu" }, { goBackwards: true }],
  ["accepted for Keras's sake", {}, { unroll: true }],
];

describe.each(Object.entries(kinds))("%s", (kind, make) => {
  const both = kind.startsWith("Bidirectional");
  describe.each(options)("%s", (_, cell, sequence) => {
    const made = (more: SequenceArgs = {}) =>
      make(cell, { ...sequence, returnState: true, ...more });
    const apply = (layer: Layer, ...inputs: tf.Tensor[]) =>
      list(layer.apply(inputs.length === 1 ? inputs[0]! : inputs));
    const { goBackwards = false, returnSequences = false } = sequence;
    const given = () =>
      apply(made(), x())
        .slice(1)
        .map(({ shape }, i) => uniform(shape, 20 + i));

    test("no state is the zero state", () => {
      const alone = apply(made(), x());
      closeAll(apply(made(), x(), ...alone.slice(1).map((s) => tf.zerosLike(s))), alone);
    });

    // The halves of one direction are not those of the other.
    const oneWay = both ? () => {} : test;
    oneWay("two halves with the carried state are the whole, stateful or not", () => {
      const [whole, ...final] = apply(made(), x());
      const halves = [steps(x(), [0, 1]), steps(x(), [2, 3, 4, 5])];
      if (goBackwards) halves.reverse();
      const layer = made();
      const [first, ...carried] = apply(layer, halves[0]!);
      const [second, ...end] = apply(layer, halves[1]!, ...carried);
      closeAll(
        [returnSequences ? tf.concat([first!, second!], 1) : second!, ...end],
        [whole!, ...final],
      );
      const stateful = made({ stateful: true });
      for (let again = 0; again < 2; again++) {
        const got = halves.map((half) => apply(stateful, half));
        closeAll(got[1]!.slice(1), final);
        stateful.resetStates();
      }
    });

    test.each([
      ["before", [0, 0, 1, 1, 1, 1]],
      ["behind", [1, 1, 1, 1, 0, 0]],
      ["between", [1, 0, 1, 0, 0, 1]],
    ])("steps masked %s might as well not be there, NaN in them included", (_where, pattern) => {
      const kept = pattern.flatMap((on, t) => (on ? [t] : []));
      const mask = tf.tile(tf.tensor2d([pattern], [1, T], "bool"), [B, 1]);
      const hole = tf.where(tf.reshape(mask, [B, T, 1]), x(), tf.fill([B, T, I], Number.NaN));
      const layer = made();
      const [y, ...state] = list(layer.apply(hole, { mask }));
      const read = goBackwards ? kept.map((t) => T - 1 - t).reverse() : kept;
      // A zeroed last output is 0 if its step is masked.
      const last = pattern[goBackwards ? 0 : T - 1] === 1 || !sequence.zeroOutputForMask;
      const [want, ...final] = apply(layer, steps(x(), kept));
      closeAll(state, final);
      if (returnSequences) closeAll([steps(y!, read)], [want!]);
      else if (last) closeAll([y!], [want!]);
    });

    oneWay("read the other way, the sequence reversed is the same", () => {
      const turned = made({ goBackwards: !goBackwards });
      closeAll(apply(turned, tf.reverse(x(), 1)), apply(made(), x()));
    });

    test("rows are independent", () => {
      const layer = made();
      const state = given();
      const all = apply(layer, x(), ...state);
      const row = (t: tf.Tensor, b: number) => tf.slice(t, b, 1);
      for (let b = 0; b < B; b++) {
        const got = apply(layer, row(x(), b), ...state.map((s) => row(s, b)));
        closeAll(
          got,
          all.map((t) => row(t, b)),
        );
      }
    });

    // Where a kink lies between the two points, there is no derivative to compare.
    const kinked = cell.activation === "relu" || cell.activation === "hard_sigmoid";
    const smooth = kinked ? () => {} : test;
    smooth("gradients are central differences, along a random direction", () => {
      const layer = made();
      const mask = tf.tensor2d(
        [1, 1, 0, 1, 1, 1, 0, 1, 1, 1, 1, 0, 1, 1, 1, 1, 1, 0],
        [B, T],
        "bool",
      );
      const inputs = [x(), ...given()].map((t) => tf.variable(t));
      apply(layer, ...inputs);
      const at = [...inputs, ...layer.trainableWeights.map((w) => w.read() as tf.Variable)];
      const cotangents = apply(layer, ...inputs).map(({ shape }, i) => uniform(shape, 40 + i));
      const loss = () =>
        tf.addN(
          list(layer.apply(inputs, { mask })).map((y, i) => tf.sum(tf.mul(y, cotangents[i]!))),
        ) as tf.Scalar;
      const { grads } = tf.variableGrads(loss, at);
      const direction = at.map(({ shape }, i) => uniform(shape, 60 + i));
      const along = tf
        .addN(at.map(({ name }, i) => tf.sum(tf.mul(grads[name]!, direction[i]!))))
        .dataSync()[0]!;
      const start = at.map((v) => tf.clone(v));
      const step = 4e-3;
      const [ahead, behind] = [step, -step].map((by) => {
        for (const [i, v] of at.entries()) {
          v.assign(tf.add(start[i]!, tf.mul(by, direction[i]!)));
        }
        return loss().dataSync()[0]!;
      });
      // Truncation ~ step², rounding ~ 2⁻²⁴·|loss| / step.
      expect((ahead! - behind!) / (2 * step)).toBeAllclose(along, { rtol: 2e-3, atol: 3e-3 });
    });

    test("nothing is left behind, in tfjs or in the engine", async () => {
      const layer = made();
      const inputs = [x(), ...given()];
      const weights = () => layer.trainableWeights.map((w) => w.read() as tf.Variable);
      await expectNoTensorLeak(() => {
        tf.dispose(apply(layer, ...inputs));
        const { value, grads } = tf.variableGrads(
          () => tf.sum(apply(layer, ...inputs)[0]!) as tf.Scalar,
          weights(),
        );
        tf.dispose([value, grads]);
      });
      expect(engineMemory()).toEqual({ used: 0, pending: 0 });
    });
  });
});

test("1,000 stateful calls leave every mark where it was", async () => {
  for (const make of Object.values(kinds)) {
    const layer = make({}, { stateful: true });
    const one = tf.ones([B, 1, I]);
    tf.dispose(layer.apply(one) as tf.Tensor);
    const tensors = tf.memory().numTensors;
    for (let step = 0; step < 1000; step++) tf.dispose(layer.apply(one) as tf.Tensor);
    expect(tf.memory().numTensors).toBe(tensors);
    expect(engineMemory()).toEqual({ used: 0, pending: 0 });
  }
});
