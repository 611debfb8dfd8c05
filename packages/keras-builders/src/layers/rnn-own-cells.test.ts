import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-backend-wasm";
import { expectNoTensorLeak } from "@rnnkit/test-kit";
import * as tf from "@tensorflow/tfjs-core";
import { layers as stock } from "@tensorflow/tfjs-layers";
import { beforeAll, expect, test } from "vitest";
import type { AnyCell } from "../cells/any-cell.ts";
import * as layers from "./layers.ts";
import { own, Sum } from "./own-cells.fixture.ts";
import {
  B,
  close,
  closeAll,
  H,
  I,
  list,
  mask,
  maskOf,
  T,
  uniform,
  x,
} from "./rnn-tensors.fixture.ts";

beforeAll(async () => {
  await tf.setBackend("wasm");
});

// Keras 3.15.1 on TensorFlow and on PyTorch: RNN(Sum(), return_state=True) of 1, 2, 3, 4; first outputs.
const table: [number[], boolean, boolean, number[], number, number][] = [
  // mask, zeroOutputForMask, goBackwards, outputs[:, 0], state, last output
  [[0, 1, 0, 1], false, false, [0, 12, 12, 16], 16, 16],
  [[0, 1, 0, 1], false, true, [14, 14, 16, 16], 16, 16],
  [[0, 1, 0, 1], true, false, [0, 12, 0, 16], 16, 16],
  [[0, 1, 0, 1], true, true, [14, 0, 16, 0], 16, 0],
  [[0, 0, 0, 0], false, false, [0, 0, 0, 0], 10, 0],
  [[1, 1, 1, 0], false, false, [11, 13, 16, 16], 16, 16],
  [[1, 1, 1, 0], false, true, [0, 13, 15, 16], 16, 16],
  [[1, 1, 1, 0], true, false, [11, 13, 16, 0], 16, 0],
];
test.each(table)(
  "mask %j, zeroOutputForMask %s, goBackwards %s: Keras's numbers for a cell of one's own",
  (row, zeroOutputForMask, goBackwards, outputs, state, last) => {
    const counts = tf.tensor3d([1, 2, 3, 4], [1, 4, 1]);
    const args = { zeroOutputForMask, goBackwards, returnState: true };
    const all = layers.rnn({ cell: new Sum(), ...args, returnSequences: true });
    const [y, s] = list(all.apply(counts, { mask: maskOf([row]) }));
    expect(y!.shape).toEqual([1, 4, 2]);
    const firsts = tf.slice(y!, [0, 0, 0], [1, 4, 1]);
    expect(Array.from(firsts.dataSync())).toEqual(outputs);
    close(tf.slice(y!, [0, 0, 1], [1, 4, 1]), tf.mul(firsts, 2));
    expect(Array.from(s!.dataSync())).toEqual([state]);
    const [end] = list(
      layers.rnn({ cell: new Sum(), ...args }).apply(counts, { mask: maskOf([row]) }),
    );
    expect(Array.from(end!.dataSync())).toEqual([last, 2 * last]);
  },
);

test("stateful starts from the cell's own state and resets to zero, as Keras's does", () => {
  const counts = tf.tensor3d([1, 2, 3, 4], [1, 4, 1]);
  const layer = layers.rnn({ cell: new Sum(), stateful: true });
  const last = () => (layer.apply(counts) as tf.Tensor).dataSync()[0];
  expect([last(), last()]).toEqual([20, 30]);
  layer.resetState();
  expect(last()).toBe(10);
  layer.resetStates(tf.tensor2d([[5]]));
  expect(last()).toBe(15);
});

test("a cell of one's own that does what SimpleRNN does is SimpleRNN, dropout masks included", () => {
  for (const goBackwards of [false, true]) {
    const args = { goBackwards, returnSequences: true, returnState: true };
    const mine = layers.rnn({ cell: own({ rate: 0.4, seed: 11 }), ...args });
    const theirs = layers.simpleRNN({
      ...{ units: H, dropout: 0.4, recurrentDropout: 0.4, seed: 11, ...args },
    });
    mine.apply(x());
    theirs.apply(x());
    theirs.setWeights(mine.getWeights());
    const initialState = [uniform([B, H], 50)];
    closeAll(mine.apply(x(), { initialState }), theirs.apply(x(), { initialState }));
    // The same seed: the same masks at every step of a call, others in the next.
    const calls = [0, 1].map(() => {
      const kwargs = { training: true, mask: mask() };
      const [got, want] = [mine, theirs].map((layer) => layer.apply(x(), { ...kwargs }));
      closeAll(got, want);
      return Array.from(list(got)[0]!.dataSync());
    });
    expect(calls[0]).not.toEqual(calls[1]);
  }
});

test("NaN in a masked step reaches neither outputs nor states nor gradients of a cell of one's own", () => {
  const layer = layers.rnn({ cell: own(), returnSequences: true, returnState: true });
  const clean = x();
  const steps = tf.reshape(mask(), [B, T, 1]) as tf.Tensor;
  const dirty = tf.variable(tf.where(steps, clean, tf.fill(clean.shape, Number.NaN)));
  closeAll(layer.apply(dirty, { mask: mask() }), layer.apply(clean, { mask: mask() }));
  const weights = layer.trainableWeights.map((w) => w.read() as tf.Variable);
  const gradients = (at: tf.Variable) =>
    tf.variableGrads(
      () => tf.addN(list(layer.apply(at, { mask: mask() })).map((y) => tf.sum(y))) as tf.Scalar,
      [at, ...weights],
    ).grads;
  const [got, want] = [gradients(dirty), gradients(tf.variable(clean))];
  for (const w of weights) close(got[w.name]!, want[w.name]!);
  const dx = got[dirty.name]!;
  expect(tf.any(tf.isNaN(dx)).dataSync()[0]).toBe(0);
  close(tf.mul(dx, tf.sub(1, tf.cast(steps, "float32"))), tf.zeros([B, T, I]), 0);
});

test("tfjs-layers' own cells run too, their dropout masks drawn anew for every call", async () => {
  const args = { units: H, kernelInitializer: "glorotUniform", dropout: 0.4 } as const;
  const lstm = stock.lstmCell({ ...args, recurrentDropout: 0.3 }) as unknown as AnyCell;
  const stack = stock.stackedRNNCells({
    cells: [stock.gruCell(args), stock.gruCell({ units: 2 })],
  });
  const layer = layers.rnn({ cell: [lstm, stack as unknown as AnyCell], returnState: true });
  const [y, ...states] = list(layer.apply(x()));
  // h and c of the LSTM, then the stack's, its first cell's first.
  expect(states.map(({ shape }) => shape[1])).toEqual([H, H, H, 2]);
  close(states[3]!, y!);
  const train = () => Array.from(list(layer.apply(x(), { training: true }))[0]!.dataSync());
  expect(train()).not.toEqual(train());
  const given = x();
  await expectNoTensorLeak(() => tf.tidy(() => void layer.apply(given, { training: true })));
});

test("a cell of one's own may read more than one axis of features", () => {
  class Mean extends Sum {
    override call([image, s]: tf.Tensor[]): tf.Tensor[] {
      return super.call([tf.reshape(tf.mean(image!, [1, 2]), [-1, 1]), s!]);
    }
  }
  const images = tf.ones([2, 3, 4, 5]);
  const steps = maskOf([
    [1, 1, 0],
    [0, 0, 1],
  ]);
  const y = layers.rnn({ cell: new Mean() }).apply(images, { mask: steps }) as tf.Tensor;
  expect(y.arraySync()).toEqual([
    [12, 24],
    [11, 22],
  ]);
});
