import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import type { LayerVariable, Shape } from "@tensorflow/tfjs-layers";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import type { FusedCell } from "../cells/fused-cell.ts";
import { RecurrentCell } from "../cells/recurrent-cell.ts";
import * as layers from "./layers.ts";
import type { RecurrentLayer } from "./recurrent-layer.ts";
import type { RnnArgs } from "./rnn-layer.ts";
import {
  B,
  biasInitializer,
  closeAll,
  H,
  I,
  list,
  mask,
  T,
  uniform,
  x,
} from "./rnn-tensors.fixture.ts";

beforeAll(async () => {
  await tf.setBackend("wasm");
});

/** tfjs's wasm backend reverses no bool. */
const reversed = (mask: tf.Tensor) => tf.cast(tf.reverse(tf.cast(mask, "int32"), 1), "bool");

/** A cell of this package that is not seen to be one, so that it runs step by step. */
class Hidden extends RecurrentCell {
  static readonly className = "Hidden";
  readonly inner: FusedCell;
  readonly stateSize: number | readonly number[];

  constructor(inner: FusedCell) {
    super();
    this.inner = inner;
    this.stateSize = inner.stateSize;
  }
  override build(shape: Shape): void {
    this.inner.build(shape);
    this.built = true;
  }
  override get trainableWeights(): LayerVariable[] {
    return this.inner.trainableWeights;
  }
  override call(inputs: tf.Tensor[]): tf.Tensor[] {
    return this.inner.call(inputs, {});
  }
}

const fusedCells: Record<string, () => FusedCell> = {
  SimpleRNN: () => layers.simpleRNNCell({ units: H, seed: 3, biasInitializer }),
  LSTM: () => layers.lstmCell({ units: H, seed: 3, biasInitializer }),
  "GRU reset after": () => layers.gruCell({ units: H, seed: 3, biasInitializer }),
  "GRU reset before": () =>
    layers.gruCell({ units: H, seed: 3, biasInitializer, resetAfter: false }),
};
const layerOf: Record<string, (args: Partial<RnnArgs>) => RecurrentLayer> = {
  SimpleRNN: (args) => layers.simpleRNN({ units: H, seed: 3, biasInitializer, ...args }),
  LSTM: (args) => layers.lstm({ units: H, seed: 3, biasInitializer, ...args }),
  "GRU reset after": (args) => layers.gru({ units: H, seed: 3, biasInitializer, ...args }),
  "GRU reset before": (args) =>
    layers.gru({ units: H, seed: 3, biasInitializer, resetAfter: false, ...args }),
};
/** TypeScript takes the `cell` of a layer's rest of options for one of the layer's. */
const bare = ({ cell: _, ...args }: Partial<RnnArgs>) => args;

describe.each(Object.entries(fusedCells))("RNN over the cell of %s", (name, cell) => {
  const states = (layer: RecurrentLayer) =>
    Array.from({ length: layer.stateCount }, (_, i) => uniform([B, H], 20 + i));
  const options = [
    {},
    { returnSequences: true, returnState: true },
    { goBackwards: true, returnSequences: true, zeroOutputForMask: true, returnState: true },
  ];

  test("is the layer, alone and as a list of one", () => {
    for (const args of options) {
      const want = layerOf[name]!(bare(args));
      for (const given of [cell(), [cell()]]) {
        const got = layers.rnn({ cell: given, ...args });
        closeAll(got.apply(x()), want.apply(x()));
        closeAll(got.apply(x(), { mask: mask() }), want.apply(x(), { mask: mask() }));
        const initialState = states(want);
        closeAll(got.apply(x(), { initialState }), want.apply(x(), { initialState }));
        expect(got.computeOutputShape([B, T, I])).toEqual(want.computeOutputShape([B, T, I]));
      }
    }
  });

  test("a list of two is two layers in a row, the mask reaching both, in either direction", () => {
    for (const goBackwards of [false, true]) {
      const second = () => layers.gruCell({ units: 2, seed: 5, biasInitializer });
      const both = layers.rnn({
        cell: [cell(), second()],
        ...{ goBackwards, returnSequences: true, returnState: true, zeroOutputForMask: true },
      });
      const lower = layerOf[name]!({ goBackwards, returnSequences: true, returnState: true });
      const upper = layers.gru({
        ...{ units: 2, seed: 5, biasInitializer },
        ...{ returnSequences: true, returnState: true, zeroOutputForMask: true },
      });
      for (const given of [undefined, mask()]) {
        const [y, ...low] = list(lower.apply(x(), { mask: given }));
        const above = given && goBackwards ? reversed(given) : given;
        const [z, ...high] = list(upper.apply(y!, { mask: above }));
        // The first cell's states first.
        closeAll(both.apply(x(), { mask: given }), [z, ...low, ...high]);
      }
    }
  });

  test("step by step is fused: outputs, states and all gradients, for any mask and direction", () => {
    const sizes = { B: fc.integer({ min: 1, max: 4 }), T: fc.integer({ min: 1, max: 6 }) };
    const cases = fc.record({
      ...{ ...sizes, I: fc.integer({ min: 1, max: 5 }) },
      ...{ masked: fc.boolean(), started: fc.boolean(), goBackwards: fc.boolean() },
      ...{ returnSequences: fc.boolean(), zeroOutputForMask: fc.boolean() },
      steps: fc.array(fc.boolean(), { minLength: 24, maxLength: 24 }),
      below: fc.boolean(),
    });
    fc.assert(
      fc.property(cases, ({ B, T, I, masked, started, steps, below, ...args }) => {
        const under = () => (below ? [layers.lstmCell({ units: 3, seed: 8 })] : []);
        const [slow, fast] = [new Hidden(cell()), cell()].map((top) =>
          layers.rnn({ cell: [...under(), top], ...args, returnState: true }),
        );
        const at = tf.variable(uniform([B, T, I], 1));
        const sizesOf = [fast!.cell.stateSize].flat() as number[];
        const first = sizesOf.map((n, i) => tf.variable(uniform([B, n], 30 + i)));
        const kwargs = {
          ...(masked && { mask: tf.tensor2d(steps.slice(0, B * T), [B, T], "bool") }),
          ...(started && { initialState: first }),
        };
        const run = (layer: RecurrentLayer) => {
          layer.apply(at);
          const weights = layer.trainableWeights.map((w) => w.read() as tf.Variable);
          let outputs: tf.Tensor[] = [];
          const { grads } = tf.variableGrads(() => {
            outputs = list(layer.apply(at, kwargs)).map((y) => tf.keep(y));
            const sums = outputs.map((y, k) => tf.sum(tf.mul(y, uniform(y.shape, 40 + k))));
            return tf.addN(sums) as tf.Scalar;
          }, [at, ...(started ? first : []), ...weights]);
          const all = [at, ...(started ? first : []), ...weights];
          return { outputs, gradients: all.map((v) => grads[v.name]!) };
        };
        const [got, want] = [run(slow!), run(fast!)];
        closeAll(got.outputs, want.outputs, 2e-6);
        closeAll(got.gradients, want.gradients, 1e-5);
      }),
      { numRuns: 25 },
    );
  });
});

test("each cell of a stack has dropout masks of its own, per gate with recurrentDropout", () => {
  const drop = (shape: number[], seed: number) =>
    tf.mul(2, tf.cast(tf.greater(uniform(shape, seed), 0), "float32"));
  const masks = [
    { inputDropoutMask: drop([4, B, I], 1), recurrentDropoutMask: drop([4, B, 3], 2) },
    { inputDropoutMask: drop([B, 3], 3) },
  ];
  const [lstm, gru] = [
    () => layers.lstmCell({ units: 3, seed: 4 }),
    fusedCells["GRU reset after"]!,
  ];
  const [both, lower, upper] = [[lstm(), gru()], lstm(), gru()].map((cell) =>
    layers.rnn({ cell, returnSequences: true }),
  ) as [RecurrentLayer, RecurrentLayer, RecurrentLayer];
  both.apply(x());
  upper.apply(lower.apply(x()) as tf.Tensor);
  const below = lower.recur(x(), { dropoutMasks: masks.slice(0, 1) });
  const above = upper.recur(below.outputs, { dropoutMasks: masks.slice(1) });
  const got = both.recur(x(), { dropoutMasks: masks });
  closeAll([got.outputs, ...got.state], [above.outputs, ...below.state, ...above.state]);
  expect(got.outputs.dataSync()).not.toBeAllclose(list(both.apply(x()))[0]!.dataSync(), {
    atol: 1e-3,
  });
});

test("cells start from the weights that their options hold", () => {
  const weights = () => [tf.fill([2, 3], 0.1), tf.fill([3, 3], 0.2), tf.fill([3], 0.3)];
  const cell = () => layers.simpleRNNCell({ units: 3, weights: weights() });
  const second = layers.simpleRNNCell({ units: 1 });
  for (const rnn of [layers.rnn({ cell: cell() }), layers.rnn({ cell: [cell(), second] })]) {
    rnn.build([1, 4, 2]);
    for (const [i, value] of weights().entries()) {
      expect(rnn.getWeights()[i]!.dataSync()).toBeAllclose(value.dataSync());
    }
  }
});
